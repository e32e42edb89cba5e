/// \file
/// ONNX Runtime, opened while the program runs, and how its table of functions is called.
#pragma once

#include <memory>
#include <string>

#include "onnx_api.h"

namespace harness {

/// ONNX Runtime. One object serves the whole process and must outlive every session.
///
/// The library is opened by name while the program runs, not linked: its one symbol carries the library's exact
/// version, so a linked harness would start with that version only, and the null backend would need a library that it
/// does not use.
class OnnxRuntime {
 public:
  /// Opens libonnxruntime.so.1 from the program's run path.
  /// \throws std::runtime_error when it is not there or does not know our version of the C interface.
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

namespace onnx {

/// \throws std::runtime_error with the library's words, if `status` is a failure; releases it.
void Check(const Api& api, Status* status);

/// Owns a thing of the library's.
template <class Thing>
using Owned = std::unique_ptr<Thing, void (*)(Thing*)>;

/// Calls a function of the table whose last argument is an `out` and owns what comes out.
template <class Thing, class Function, class... Arguments>
Owned<Thing> Make(const Api& api, void (*release)(Thing*), Function function, Arguments... arguments) {
  Thing* made = nullptr;
  Check(api, function(arguments..., &made));
  return Owned<Thing>(made, release);
}

/// Calls a function of the table whose last argument is an `out` and returns that value.
template <class Value, class Function, class... Arguments>
Value Get(const Api& api, Function function, Arguments... arguments) {
  Value value{};
  Check(api, function(arguments..., &value));
  return value;
}

}  // namespace onnx
}  // namespace harness
