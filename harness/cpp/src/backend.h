/// \file
/// What runs a model.
#pragma once

#include "detections.h"

namespace harness {

/// A model that is loaded and ready.
class Backend {
 public:
  virtual ~Backend() = default;

  /// Finds the objects in one image. This is the timed path.
  ///
  /// Called by one thread at a time; different backends run in different threads at once. The call returns when the
  /// answer is complete.
  /// \param image The numbers of one sample, as QuerySampleLibrary::Sample gives them.
  /// \param found Started by the caller; gets the objects by descending score.
  /// \throws std::runtime_error when the model fails. An answer that is not the model's is never made up.
  virtual void Run(const float* image, Detections* found) = 0;
};

}  // namespace harness
