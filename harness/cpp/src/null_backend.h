/// \file
/// A backend that looks at nothing: what is measured with it is LoadGen and the harness itself.
#pragma once

#include "backend.h"

namespace harness {

/// Finds one object of class 0 in each image: the whole of it, with score 1. Needs no model and no accelerator.
class NullBackend : public Backend {
 public:
  explicit NullBackend(const ImageShape& shape);
  void Run(const float* image, Detections* found) override;

 private:
  float whole_image_[4];
};

}  // namespace harness
