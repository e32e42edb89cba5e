#include "onnx_session.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>

namespace harness {
namespace {

using onnx::Get;
using onnx::Make;

onnx::GraphOptimization Level(GraphOptimization wanted) {
  switch (wanted) {
    case GraphOptimization::kOff:
      return onnx::kOptimizeNothing;
    case GraphOptimization::kBasic:
      return onnx::kOptimizeBasic;
    case GraphOptimization::kExtended:
      return onnx::kOptimizeExtended;
    case GraphOptimization::kAll:
      break;
  }
  return onnx::kOptimizeAll;
}

/// The arena grows by what is asked for: every worker has a session of its own, and powers of two of each would not
/// fit into one device's memory. Convolutions are tried out exhaustively, in the warm-up.
void AppendCuda(const onnx::Api& api, size_t device_id, onnx::SessionOptions* options) try {
  const auto cuda = Make(api, api.ReleaseCUDAProviderOptions, api.CreateCUDAProviderOptions);
  const std::string device = std::to_string(device_id);
  constexpr std::array kKeys = {"device_id", "arena_extend_strategy", "cudnn_conv_algo_search",
                                "do_copy_in_default_stream"};
  const std::array<const char*, kKeys.size()> values = {device.c_str(), "kSameAsRequested", "EXHAUSTIVE", "1"};
  onnx::Check(api, api.UpdateCUDAProviderOptions(cuda.get(), kKeys.data(), values.data(), kKeys.size()));
  onnx::Check(api, api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda.get()));
} catch (const std::runtime_error& error) {
  throw std::runtime_error(std::string("--provider cuda: the CUDA execution provider cannot be loaded: ") +
                           error.what() + "; it takes an ONNX Runtime built for CUDA, CUDA's libraries and a driver");
}

Port DescribePort(const onnx::Api& api, const std::string& name, const onnx::TypeInfo* info) {
  const auto* tensor = Get<const onnx::TensorInfo*>(api, api.CastTypeInfoToTensorInfo, info);
  if (tensor == nullptr) throw std::runtime_error("'" + name + "' is no tensor");
  Port port{name, Get<onnx::ElementType>(api, api.GetTensorElementType, tensor), {}};
  port.dimensions.resize(Get<size_t>(api, api.GetDimensionsCount, tensor));
  onnx::Check(api, api.GetDimensions(tensor, port.dimensions.data(), port.dimensions.size()));
  return port;
}

template <class Count, class Name, class Type>
std::vector<Port> DescribePorts(const onnx::Api& api, const onnx::Session* session, Count count, Name name, Type type) {
  auto* allocator = Get<onnx::Allocator*>(api, api.GetAllocatorWithDefaultOptions);
  std::vector<Port> ports;
  for (size_t i = 0, end = Get<size_t>(api, count, session); i < end; ++i) {
    char* text = Get<char*>(api, name, session, i, allocator);
    const std::string port_name = text;
    onnx::Check(api, api.AllocatorFree(allocator, text));
    ports.push_back(DescribePort(api, port_name, Make(api, api.ReleaseTypeInfo, type, session, i).get()));
  }
  return ports;
}

std::string ShapeText(const std::vector<int64_t>& dimensions) {
  std::string text;
  for (const int64_t dimension : dimensions) text += (text.empty() ? "" : " ") + std::to_string(dimension);
  return "[" + text + "]";
}

std::string ModelFile(const std::string& model) {
  return std::filesystem::is_directory(model) ? model + "/model.onnx" : model;
}

}  // namespace

onnx::Owned<onnx::Session> MakeSession(const OnnxRuntime& runtime, const Settings& settings) {
  const onnx::Api& api = runtime.Api();
  const auto options = Make(api, api.ReleaseSessionOptions, api.CreateSessionOptions);
  onnx::Check(api, api.SetSessionGraphOptimizationLevel(options.get(), Level(settings.graph_optimization)));
  onnx::Check(api, api.SetIntraOpNumThreads(options.get(), static_cast<int>(settings.threads)));
  onnx::Check(api, api.SetInterOpNumThreads(options.get(), static_cast<int>(settings.inter_threads)));
  if (settings.inter_threads > 1) onnx::Check(api, api.SetSessionExecutionMode(options.get(), onnx::kParallel));
  if (settings.provider == Provider::kCuda) AppendCuda(api, settings.device_id, options.get());
  return Make(api, api.ReleaseSession, api.CreateSession, runtime.Env(), ModelFile(settings.model).c_str(),
              static_cast<const onnx::SessionOptions*>(options.get()));
}

std::vector<Port> InputsOf(const onnx::Api& api, const onnx::Session* session) {
  return DescribePorts(api, session, api.SessionGetInputCount, api.SessionGetInputName, api.SessionGetInputTypeInfo);
}

std::vector<Port> OutputsOf(const onnx::Api& api, const onnx::Session* session) {
  return DescribePorts(api, session, api.SessionGetOutputCount, api.SessionGetOutputName, api.SessionGetOutputTypeInfo);
}

Port CheckInput(const std::vector<Port>& inputs, const ImageShape& shape) {
  if (inputs.size() != 1) throw std::runtime_error("has " + std::to_string(inputs.size()) + " inputs, not one");
  const Port& input = inputs.front();
  const std::vector<int64_t> ours = {1, static_cast<int64_t>(shape.channels), static_cast<int64_t>(shape.height),
                                     static_cast<int64_t>(shape.width)};
  const bool fits = std::equal(ours.begin(), ours.end(), input.dimensions.begin(), input.dimensions.end(),
                               [](int64_t have, int64_t asked) { return asked == -1 || asked == have; });
  if (input.type != onnx::kFloat || !fits) {
    throw std::runtime_error("its input '" + input.name + "' takes element type " + std::to_string(input.type) +
                             " of shape " + ShapeText(input.dimensions) + ", the tensors are float32 (1) of shape " +
                             ShapeText(ours));
  }
  return input;
}

const Port* FindPort(const std::vector<Port>& ports, const std::string& name) {
  const auto port = std::find_if(ports.begin(), ports.end(), [&](const Port& each) { return each.name == name; });
  return port == ports.end() ? nullptr : &*port;
}

const Port& RequirePort(const std::vector<Port>& ports, const std::string& name, onnx::ElementType type) {
  const Port* port = FindPort(ports, name);
  if (port == nullptr) throw std::runtime_error("has no output '" + name + "'");
  if (port->type != type) {
    throw std::runtime_error("its output '" + name + "' has element type " + std::to_string(port->type) + ", not " +
                             std::to_string(type));
  }
  return *port;
}

}  // namespace harness
