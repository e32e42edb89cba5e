#include "onnx_runtime.h"

#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>

namespace harness {
namespace {

constexpr char kLibrary[] = "libonnxruntime.so.1";

}  // namespace

OnnxRuntime::OnnxRuntime() {
  // It would start a thread that reports to its makers, and write to the user's cache folder, while it is measured.
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw std::runtime_error(std::string("cannot open ONNX Runtime: ") + dlerror() +
                             "; the harness looks where its run path (RUN_PATH when it was built) says");
  }
  const auto entry_point = reinterpret_cast<onnx::EntryPoint>(dlsym(library, onnx::kEntryPoint));
  if (entry_point == nullptr) throw std::runtime_error(std::string(kLibrary) + " has no function " + onnx::kEntryPoint);
  const onnx::ApiBase* base = entry_point();
  version_ = base->GetVersionString();
  api_ = base->GetApi(onnx::kApiVersion);
  if (api_ == nullptr) {
    throw std::runtime_error("ONNX Runtime " + version_ + " does not know version " +
                             std::to_string(onnx::kApiVersion) + " of its C interface, which the harness speaks");
  }
  onnx::Check(*api_, api_->CreateEnv(onnx::kLogWarning, "harness", &env_));
}

OnnxRuntime::~OnnxRuntime() { api_->ReleaseEnv(env_); }

void onnx::Check(const Api& api, Status* status) {
  if (status == nullptr) return;
  std::string message = api.GetErrorMessage(status);
  api.ReleaseStatus(status);
  while (!message.empty() && message.back() == '\n') message.pop_back();
  throw std::runtime_error("ONNX Runtime: " + message);
}

}  // namespace harness
