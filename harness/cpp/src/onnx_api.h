/// \file
/// The slice of ONNX Runtime's C interface that the harness calls, in our own words.
///
/// The library hands out one table of functions. Its makers only ever append to that table, so a function is known by
/// its position; the newest one below came with version 11 (release 1.11). Functions that we do not call are gaps.
/// tests/test_onnx_api.cc holds the positions and argument counts against the official header where one is at hand.
#pragma once

#include <cstddef>
#include <cstdint>

namespace harness::onnx {

/// The version of the interface that has all of Api.
constexpr uint32_t kApiVersion = 11;

/// Things that only the library can look into. Each has a Release function of its own in the table.
struct Status;
struct Env;
struct SessionOptions;
struct Session;
struct RunOptions;
struct MemoryInfo;
struct Value;
struct TypeInfo;
struct TensorInfo;
struct IoBinding;
struct CudaOptions;
/// Belongs to the library; never released.
struct Allocator;

enum LoggingLevel : int { kLogWarning = 2 };
enum AllocatorType : int { kArenaAllocator = 1 };
enum MemoryType : int { kDefaultMemory = 0 };
enum ExecutionMode : int { kParallel = 1 };
enum GraphOptimization : int { kOptimizeNothing = 0, kOptimizeBasic = 1, kOptimizeExtended = 2, kOptimizeAll = 99 };
enum ElementType : int { kFloat = 1, kInt64 = 7 };

using Unused = void (*)();

/// Most functions return null when all went well, else a Status that the caller releases. `out` arguments come last.
struct Api {
  Unused gap_0[2];
  const char* (*GetErrorMessage)(const Status* status);
  Status* (*CreateEnv)(LoggingLevel level, const char* log_name, Env** out);
  Unused gap_4[3];
  Status* (*CreateSession)(const Env* env, const char* model_file, const SessionOptions* options, Session** out);
  Unused gap_8[2];
  Status* (*CreateSessionOptions)(SessionOptions** out);
  Unused gap_11[2];
  Status* (*SetSessionExecutionMode)(SessionOptions* options, ExecutionMode mode);
  Unused gap_14[9];
  Status* (*SetSessionGraphOptimizationLevel)(SessionOptions* options, GraphOptimization level);
  Status* (*SetIntraOpNumThreads)(SessionOptions* options, int threads);
  Status* (*SetInterOpNumThreads)(SessionOptions* options, int threads);
  Unused gap_26[4];
  Status* (*SessionGetInputCount)(const Session* session, size_t* out);
  Status* (*SessionGetOutputCount)(const Session* session, size_t* out);
  Unused gap_32[1];
  Status* (*SessionGetInputTypeInfo)(const Session* session, size_t position, TypeInfo** out);
  Status* (*SessionGetOutputTypeInfo)(const Session* session, size_t position, TypeInfo** out);
  Unused gap_35[1];
  /// The name is allocated by `allocator` and freed with AllocatorFree.
  Status* (*SessionGetInputName)(const Session* session, size_t position, Allocator* allocator, char** out);
  Status* (*SessionGetOutputName)(const Session* session, size_t position, Allocator* allocator, char** out);
  Unused gap_38[11];
  /// The value uses `data` where it is: `data` must outlive it.
  Status* (*CreateTensorWithDataAsOrtValue)(const MemoryInfo* memory, void* data, size_t bytes, const int64_t* shape,
                                            size_t dimensions, ElementType type, Value** out);
  Unused gap_50[1];
  Status* (*GetTensorMutableData)(Value* value, void** out);
  Unused gap_52[3];
  /// `out` belongs to `info`; it is null when that is no tensor.
  Status* (*CastTypeInfoToTensorInfo)(const TypeInfo* info, const TensorInfo** out);
  Unused gap_56[4];
  Status* (*GetTensorElementType)(const TensorInfo* info, ElementType* out);
  Status* (*GetDimensionsCount)(const TensorInfo* info, size_t* out);
  /// A dimension that the graph leaves open is -1.
  Status* (*GetDimensions)(const TensorInfo* info, int64_t* out, size_t count);
  Unused gap_63[1];
  Status* (*GetTensorShapeElementCount)(const TensorInfo* info, size_t* out);
  Status* (*GetTensorTypeAndShape)(const Value* value, TensorInfo** out);
  Unused gap_66[3];
  Status* (*CreateCpuMemoryInfo)(AllocatorType allocator, MemoryType type, MemoryInfo** out);
  Unused gap_70[6];
  Status* (*AllocatorFree)(Allocator* allocator, void* memory);
  Unused gap_77[1];
  Status* (*GetAllocatorWithDefaultOptions)(Allocator** out);
  Unused gap_79[13];
  void (*ReleaseEnv)(Env* env);
  void (*ReleaseStatus)(Status* status);
  void (*ReleaseMemoryInfo)(MemoryInfo* memory);
  void (*ReleaseSession)(Session* session);
  void (*ReleaseValue)(Value* value);
  Unused gap_97[1];
  void (*ReleaseTypeInfo)(TypeInfo* info);
  void (*ReleaseTensorTypeAndShapeInfo)(TensorInfo* info);
  void (*ReleaseSessionOptions)(SessionOptions* options);
  Unused gap_101[32];
  Status* (*RunWithBinding)(Session* session, const RunOptions* options, const IoBinding* binding);
  Status* (*CreateIoBinding)(Session* session, IoBinding** out);
  void (*ReleaseIoBinding)(IoBinding* binding);
  Status* (*BindInput)(IoBinding* binding, const char* name, const Value* value);
  Unused gap_137[1];
  /// The library makes the value at each run, where `memory` says.
  Status* (*BindOutputToDevice)(IoBinding* binding, const char* name, const MemoryInfo* memory);
  Unused gap_139[1];
  /// In the order in which they were bound. The array is freed with AllocatorFree, each value with ReleaseValue.
  Status* (*GetBoundOutputValues)(const IoBinding* binding, Allocator* allocator, Value*** out, size_t* count);
  Unused gap_141[63];
  Status* (*SessionOptionsAppendExecutionProvider_CUDA_V2)(SessionOptions* options, const CudaOptions* cuda);
  Status* (*CreateCUDAProviderOptions)(CudaOptions** out);
  Status* (*UpdateCUDAProviderOptions)(CudaOptions* cuda, const char* const* keys, const char* const* values,
                                       size_t count);
  Unused gap_207[1];
  void (*ReleaseCUDAProviderOptions)(CudaOptions* cuda);
};

/// What the one exported function, `const ApiBase* OrtGetApiBase()`, returns.
struct ApiBase {
  /// Null when the library does not know that version.
  const Api* (*GetApi)(uint32_t version);
  const char* (*GetVersionString)();
};

constexpr char kEntryPoint[] = "OrtGetApiBase";
using EntryPoint = const ApiBase* (*)();

}  // namespace harness::onnx
