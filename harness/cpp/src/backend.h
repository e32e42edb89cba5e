/// \file
/// What runs a model.
#pragma once

#include <cstddef>

#include "answer.h"

namespace harness {

/// A model that is loaded and ready.
class Backend {
 public:
  virtual ~Backend() = default;

  /// How many samples one Run may take: more than 1 only where the model takes them in one call.
  virtual size_t MostAtOnce() const { return 1; }

  /// Answers samples. This is the timed path.
  ///
  /// Called by one thread at a time; different backends run in different threads at once. The call returns when the
  /// answers are complete.
  /// \param images The numbers of each sample, as QuerySampleLibrary::Sample gives them.
  /// \param count 1 to MostAtOnce().
  /// \param answers One a sample, started by the caller; found objects go in by descending score.
  /// \throws std::runtime_error when the model fails. An answer that is not the model's is never made up.
  virtual void Run(const float* const* images, size_t count, Answer* answers) = 0;
};

}  // namespace harness
