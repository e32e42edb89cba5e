/// \file
/// Models in ONNX files, run by ONNX Runtime.
///
/// The graph has one input, float32 [N, channels, height, width]; its outputs are found by name, whatever their order.
///   detection       `boxes` float32 [K, 4] as x1, y1, x2, y2 in pixels of the input; `scores` float32 [K],
///                   descending; `labels` int64 [K]. A graph for batches puts N before each shape.
///   classification  `ArgMax:0` int64 [N], else `softmax_tensor:0` float32 [N, classes]; class 0 of the graph is
///                   "nothing", so an answer is the class less one.
#pragma once

#include <memory>

#include "backend.h"
#include "onnx_runtime.h"
#include "sample_library.h"
#include "settings.h"

namespace harness {

/// One session. See Backend for the threading contract.
///
/// Everything is bound in place: samples are mapped memory, and copying one into a buffer of the session's would cost
/// more than binding it.
class OnnxBackend : public Backend {
 public:
  /// Loads the model and checks that its inputs and outputs are as described above.
  /// \param shape What the sample library holds; must fit the graph's input.
  /// \throws std::runtime_error naming the model and what is wrong with it.
  OnnxBackend(const OnnxRuntime& runtime, const Settings& settings, const ImageShape& shape);
  ~OnnxBackend() override;

  /// The settings' batch where the graph leaves its first dimension open, else 1.
  size_t MostAtOnce() const override;

  void Run(const float* const* images, size_t count, Answer* answers) override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace harness
