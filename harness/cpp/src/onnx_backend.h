/// \file
/// Object detection models in ONNX files, run by ONNX Runtime.
///
/// The graph has one input, float32 [1, channels, height, width], and three outputs that are found by name:
/// `boxes` float32 [N, 4] as x1, y1, x2, y2 in pixels of the input; `scores` float32 [N], descending; `labels` int64
/// [N].
#pragma once

#include <memory>
#include <string>

#include "backend.h"
#include "onnx_api.h"

namespace harness {

/// ONNX Runtime, opened. One object serves the whole process and must outlive every session.
///
/// The library is opened by name while the program runs, not linked: its one symbol carries the library's exact
/// version, so a linked harness would start with that version only, and the null backend would need a library that it
/// does not use.
class OnnxRuntime {
 public:
  /// Opens libonnxruntime.so.1 from the program's run path.
  /// \throws std::runtime_error when it is not there or does not know version 1 of the C interface.
  OnnxRuntime();
  ~OnnxRuntime();
  OnnxRuntime(const OnnxRuntime&) = delete;
  OnnxRuntime& operator=(const OnnxRuntime&) = delete;

  const onnx::Api& Api() const { return *api_; }
  const onnx::Env* Env() const { return env_; }

  /// The library's own version, such as "1.32.0".
  const std::string& Version() const { return version_; }

 private:
  const onnx::Api* api_ = nullptr;
  onnx::Env* env_ = nullptr;
  std::string version_;
};

/// One session. See Backend for the threading contract.
class OnnxBackend : public Backend {
 public:
  /// Loads the model and checks that its inputs and outputs are as described above.
  /// \param shape What the sample library holds; must fit the graph's input.
  /// \param threads Threads that one Run may use.
  /// \throws std::runtime_error naming the model and what is wrong with it.
  OnnxBackend(const OnnxRuntime& runtime, const std::string& model, const ImageShape& shape, size_t threads);
  ~OnnxBackend() override;

  void Run(const float* image, Detections* found) override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace harness
