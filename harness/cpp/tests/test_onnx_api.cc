/// \file
/// Holds src/onnx_api.h against the official header: compiled, never run.

#include <onnxruntime_c_api.h>

#include <cstddef>

#include "../src/onnx_api.h"

namespace {

/// The size of each argument, so that a missing, added or exchanged argument shows.
template <class Function>
struct Signature;

template <class Result, class... Arguments>
struct Signature<Result (*)(Arguments...)> {
  static constexpr std::size_t kCount = sizeof...(Arguments);
  static constexpr std::size_t kSizes[kCount + 1] = {sizeof(Arguments)...};
};

template <class Result, class... Arguments>
struct Signature<Result (*)(Arguments...) noexcept> : Signature<Result (*)(Arguments...)> {};

template <class Ours, class Theirs>
constexpr bool SameArguments() {
  if (Signature<Ours>::kCount != Signature<Theirs>::kCount) return false;
  for (std::size_t i = 0; i < Signature<Ours>::kCount; ++i) {
    if (Signature<Ours>::kSizes[i] != Signature<Theirs>::kSizes[i]) return false;
  }
  return true;
}

}  // namespace

#define CHECK_FUNCTION(Table, Official, name)                                        \
  static_assert(offsetof(Table, name) == offsetof(Official, name), #name ": place"); \
  static_assert(SameArguments<decltype(Table::name), decltype(Official::name)>(), #name ": arguments")
#define CHECK_API(name) CHECK_FUNCTION(harness::onnx::Api, OrtApi, name)

CHECK_FUNCTION(harness::onnx::ApiBase, OrtApiBase, GetApi);
CHECK_FUNCTION(harness::onnx::ApiBase, OrtApiBase, GetVersionString);
CHECK_API(GetErrorMessage);
CHECK_API(CreateEnv);
CHECK_API(CreateSession);
CHECK_API(CreateSessionOptions);
CHECK_API(SetSessionExecutionMode);
CHECK_API(SetSessionGraphOptimizationLevel);
CHECK_API(SetIntraOpNumThreads);
CHECK_API(SetInterOpNumThreads);
CHECK_API(SessionGetInputCount);
CHECK_API(SessionGetOutputCount);
CHECK_API(SessionGetInputTypeInfo);
CHECK_API(SessionGetOutputTypeInfo);
CHECK_API(SessionGetInputName);
CHECK_API(SessionGetOutputName);
CHECK_API(CreateTensorWithDataAsOrtValue);
CHECK_API(GetTensorMutableData);
CHECK_API(CastTypeInfoToTensorInfo);
CHECK_API(GetTensorElementType);
CHECK_API(GetDimensionsCount);
CHECK_API(GetDimensions);
CHECK_API(GetTensorShapeElementCount);
CHECK_API(GetTensorTypeAndShape);
CHECK_API(CreateCpuMemoryInfo);
CHECK_API(AllocatorFree);
CHECK_API(GetAllocatorWithDefaultOptions);
CHECK_API(ReleaseEnv);
CHECK_API(ReleaseStatus);
CHECK_API(ReleaseMemoryInfo);
CHECK_API(ReleaseSession);
CHECK_API(ReleaseValue);
CHECK_API(ReleaseTypeInfo);
CHECK_API(ReleaseTensorTypeAndShapeInfo);
CHECK_API(ReleaseSessionOptions);
CHECK_API(RunWithBinding);
CHECK_API(CreateIoBinding);
CHECK_API(ReleaseIoBinding);
CHECK_API(BindInput);
CHECK_API(BindOutputToDevice);
CHECK_API(GetBoundOutputValues);
CHECK_API(SessionOptionsAppendExecutionProvider_CUDA_V2);
CHECK_API(CreateCUDAProviderOptions);
CHECK_API(UpdateCUDAProviderOptions);
CHECK_API(ReleaseCUDAProviderOptions);

static_assert(harness::onnx::kLogWarning == static_cast<int>(ORT_LOGGING_LEVEL_WARNING));
static_assert(harness::onnx::kArenaAllocator == static_cast<int>(OrtArenaAllocator));
static_assert(harness::onnx::kDefaultMemory == static_cast<int>(OrtMemTypeDefault));
static_assert(harness::onnx::kOptimizeNothing == static_cast<int>(ORT_DISABLE_ALL));
static_assert(harness::onnx::kOptimizeBasic == static_cast<int>(ORT_ENABLE_BASIC));
static_assert(harness::onnx::kOptimizeExtended == static_cast<int>(ORT_ENABLE_EXTENDED));
static_assert(harness::onnx::kOptimizeAll == static_cast<int>(ORT_ENABLE_ALL));
static_assert(harness::onnx::kParallel == static_cast<int>(ORT_PARALLEL));
static_assert(harness::onnx::kFloat == static_cast<int>(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT));
static_assert(harness::onnx::kInt64 == static_cast<int>(ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64));
