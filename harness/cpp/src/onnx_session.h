/// \file
/// A model file loaded as the settings say, and what its graph says of itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "onnx_runtime.h"
#include "sample_library.h"
#include "settings.h"

namespace harness {

/// Loads `settings.model` with the provider, threads and optimisation of the settings.
/// \throws std::runtime_error when the provider cannot be used or the file is no model.
onnx::Owned<onnx::Session> MakeSession(const OnnxRuntime& runtime, const Settings& settings);

/// What a graph says of one of its inputs or outputs.
struct Port {
  std::string name;
  onnx::ElementType type;
  std::vector<int64_t> dimensions;  ///< -1: left open.
};

std::vector<Port> InputsOf(const onnx::Api& api, const onnx::Session* session);
std::vector<Port> OutputsOf(const onnx::Api& api, const onnx::Session* session);

/// The one input, which must take images of this shape.
/// \throws std::runtime_error saying how it differs.
Port CheckInput(const std::vector<Port>& inputs, const ImageShape& shape);

/// The output of that name, or null.
const Port* FindPort(const std::vector<Port>& ports, const std::string& name);

/// The output of that name and type.
/// \throws std::runtime_error when there is none.
const Port& RequirePort(const std::vector<Port>& ports, const std::string& name, onnx::ElementType type);

}  // namespace harness
