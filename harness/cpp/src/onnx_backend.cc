#include "onnx_backend.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace harness {
namespace {

constexpr char kLibrary[] = "libonnxruntime.so.1";

/// In the order in which Run asks for them.
constexpr std::array kOutputNames = {"boxes", "scores", "labels"};
constexpr std::array kOutputTypes = {onnx::kFloat, onnx::kFloat, onnx::kInt64};
enum Output { kBoxes, kScores, kLabels, kOutputs };

void Check(const onnx::Api& api, onnx::Status* status) {
  if (status == nullptr) return;
  const std::string message = api.GetErrorMessage(status);
  api.ReleaseStatus(status);
  throw std::runtime_error("ONNX Runtime: " + message);
}

/// Owns a thing of the library's.
template <class Thing>
using Owned = std::unique_ptr<Thing, void (*)(Thing*)>;

/// Calls a function of the table whose last argument is an `out` and owns what comes out.
template <class Thing, class Function, class... Arguments>
Owned<Thing> Make(const onnx::Api& api, void (*release)(Thing*), Function function, Arguments... arguments) {
  Thing* made = nullptr;
  Check(api, function(arguments..., &made));
  return Owned<Thing>(made, release);
}

/// Calls a function of the table whose last argument is an `out` and returns that value.
template <class Value, class Function, class... Arguments>
Value Get(const onnx::Api& api, Function function, Arguments... arguments) {
  Value value{};
  Check(api, function(arguments..., &value));
  return value;
}

/// What a graph says of one of its inputs or outputs.
struct Port {
  std::string name;
  onnx::ElementType type;
  std::vector<int64_t> dimensions;
};

Port DescribePort(const onnx::Api& api, const std::string& name, const onnx::TypeInfo* info) {
  const auto* tensor = Get<const onnx::TensorInfo*>(api, api.CastTypeInfoToTensorInfo, info);
  if (tensor == nullptr) throw std::runtime_error("'" + name + "' is no tensor");
  Port port{name, Get<onnx::ElementType>(api, api.GetTensorElementType, tensor), {}};
  port.dimensions.resize(Get<size_t>(api, api.GetDimensionsCount, tensor));
  Check(api, api.GetDimensions(tensor, port.dimensions.data(), port.dimensions.size()));
  return port;
}

template <class Count, class Name, class Type>
std::vector<Port> DescribePorts(const onnx::Api& api, const onnx::Session* session, Count count, Name name, Type type) {
  auto* allocator = Get<onnx::Allocator*>(api, api.GetAllocatorWithDefaultOptions);
  std::vector<Port> ports;
  for (size_t i = 0, end = Get<size_t>(api, count, session); i < end; ++i) {
    char* text = Get<char*>(api, name, session, i, allocator);
    const std::string port_name = text;
    Check(api, api.AllocatorFree(allocator, text));
    ports.push_back(DescribePort(api, port_name, Make(api, api.ReleaseTypeInfo, type, session, i).get()));
  }
  return ports;
}

std::string ShapeText(const std::vector<int64_t>& dimensions) {
  std::string text;
  for (const int64_t dimension : dimensions) text += (text.empty() ? "" : " ") + std::to_string(dimension);
  return "[" + text + "]";
}

/// Returns the input's name.
std::string CheckInput(const std::vector<Port>& inputs, const std::vector<int64_t>& shape) {
  if (inputs.size() != 1) throw std::runtime_error("has " + std::to_string(inputs.size()) + " inputs, not one");
  const Port& input = inputs.front();
  const bool fits = std::equal(shape.begin(), shape.end(), input.dimensions.begin(), input.dimensions.end(),
                               [](int64_t ours, int64_t graphs) { return graphs == -1 || graphs == ours; });
  if (input.type != onnx::kFloat || !fits) {
    throw std::runtime_error("its input '" + input.name + "' takes element type " + std::to_string(input.type) +
                             " of shape " + ShapeText(input.dimensions) + ", the tensors are float32 (1) of shape " +
                             ShapeText(shape));
  }
  return input.name;
}

void CheckOutputs(const std::vector<Port>& outputs) {
  for (size_t i = 0; i < kOutputs; ++i) {
    const auto output =
        std::find_if(outputs.begin(), outputs.end(), [i](const Port& port) { return port.name == kOutputNames[i]; });
    if (output == outputs.end()) throw std::runtime_error(std::string("has no output '") + kOutputNames[i] + "'");
    if (output->type != kOutputTypes[i]) {
      throw std::runtime_error(std::string("its output '") + kOutputNames[i] + "' has element type " +
                               std::to_string(output->type) + ", not " + std::to_string(kOutputTypes[i]));
    }
  }
}

size_t ElementCount(const onnx::Api& api, const onnx::Value* value) {
  const auto info = Make(api, api.ReleaseTensorTypeAndShapeInfo, api.GetTensorTypeAndShape, value);
  return Get<size_t>(api, api.GetTensorShapeElementCount, static_cast<const onnx::TensorInfo*>(info.get()));
}

template <class Element>
const Element* Elements(const onnx::Api& api, onnx::Value* value) {
  return static_cast<const Element*>(Get<void*>(api, api.GetTensorMutableData, value));
}

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
  Check(*api_, api_->CreateEnv(onnx::kLogWarning, "harness", &env_));
}

OnnxRuntime::~OnnxRuntime() { api_->ReleaseEnv(env_); }

struct OnnxBackend::Parts {
  const onnx::Api& api;
  std::vector<int64_t> shape;
  size_t bytes;
  Owned<onnx::MemoryInfo> memory;
  Owned<onnx::Session> session;
  std::string input_name;
};

OnnxBackend::OnnxBackend(const OnnxRuntime& runtime, const std::string& model, const ImageShape& shape,
                         size_t threads) try {
  const onnx::Api& api = runtime.Api();
  const auto options = Make(api, api.ReleaseSessionOptions, api.CreateSessionOptions);
  Check(api, api.SetIntraOpNumThreads(options.get(), static_cast<int>(threads)));
  Check(api, api.SetInterOpNumThreads(options.get(), 1));
  auto session = Make(api, api.ReleaseSession, api.CreateSession, runtime.Env(), model.c_str(),
                      static_cast<const onnx::SessionOptions*>(options.get()));
  const std::vector<int64_t> input = {1, static_cast<int64_t>(shape.channels), static_cast<int64_t>(shape.height),
                                      static_cast<int64_t>(shape.width)};
  std::string input_name = CheckInput(
      DescribePorts(api, session.get(), api.SessionGetInputCount, api.SessionGetInputName, api.SessionGetInputTypeInfo),
      input);
  CheckOutputs(DescribePorts(api, session.get(), api.SessionGetOutputCount, api.SessionGetOutputName,
                             api.SessionGetOutputTypeInfo));
  auto memory = Make(api, api.ReleaseMemoryInfo, api.CreateCpuMemoryInfo, onnx::kArenaAllocator, onnx::kDefaultMemory);
  parts_ = std::make_unique<Parts>(
      Parts{api, input, shape.Floats() * sizeof(float), std::move(memory), std::move(session), std::move(input_name)});
} catch (const std::runtime_error& error) {
  throw std::runtime_error("model " + model + ": " + error.what());
}

OnnxBackend::~OnnxBackend() = default;

void OnnxBackend::Run(const float* image, Detections* found) {
  const onnx::Api& api = parts_->api;
  // The runtime takes inputs as mutable memory, but never writes to them: the tensors are mapped read-only.
  const auto input =
      Make(api, api.ReleaseValue, api.CreateTensorWithDataAsOrtValue,
           static_cast<const onnx::MemoryInfo*>(parts_->memory.get()), static_cast<void*>(const_cast<float*>(image)),
           parts_->bytes, static_cast<const int64_t*>(parts_->shape.data()), parts_->shape.size(), onnx::kFloat);
  const char* input_name = parts_->input_name.c_str();
  const onnx::Value* inputs[] = {input.get()};
  onnx::Value* made[kOutputs] = {};
  Check(api, api.Run(parts_->session.get(), nullptr, &input_name, inputs, 1, kOutputNames.data(), kOutputs, made));
  const Owned<onnx::Value> boxes(made[kBoxes], api.ReleaseValue), scores(made[kScores], api.ReleaseValue),
      labels(made[kLabels], api.ReleaseValue);

  const size_t count = ElementCount(api, scores.get());
  if (ElementCount(api, boxes.get()) != 4 * count || ElementCount(api, labels.get()) != count) {
    throw std::runtime_error("the graph's boxes, scores and labels are of different number");
  }
  const auto* box = Elements<float>(api, boxes.get());
  const auto* score = Elements<float>(api, scores.get());
  const auto* label = Elements<int64_t>(api, labels.get());
  for (size_t i = 0; i < count && found->Add(box + 4 * i, score[i], label[i]); ++i) continue;
}

}  // namespace harness
