/// \file
/// A backend that looks at nothing: what is measured with it is LoadGen and the harness itself.
#pragma once

#include "backend.h"
#include "detections.h"
#include "settings.h"

namespace harness {

/// Answers class 0 for each image: one object, the whole of it, with score 1, or the label alone. Needs no model and
/// no accelerator.
class NullBackend : public Backend {
 public:
  NullBackend(Task task, const ImageShape& shape);
  void Run(const float* const* images, size_t count, Answer* answers) override;

 private:
  Task task_;
  Detections detections_;
  float whole_image_[4];
};

}  // namespace harness
