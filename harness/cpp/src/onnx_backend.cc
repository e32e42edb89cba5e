#include "onnx_backend.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "detections.h"
#include "onnx_session.h"

namespace harness {
namespace {

using onnx::Get;
using onnx::Make;
using onnx::Owned;

constexpr char kArgMax[] = "ArgMax:0";
constexpr char kSoftmax[] = "softmax_tensor:0";

/// Which outputs are asked for, in this order, and whether they speak of each image of a batch apart.
struct Plan {
  std::vector<std::string> names;
  bool by_image;
};

Plan PlanOutputs(Task task, const std::vector<Port>& outputs) {
  if (task == Task::kDetection) {
    const Port& boxes = RequirePort(outputs, "boxes", onnx::kFloat);
    RequirePort(outputs, "scores", onnx::kFloat);
    RequirePort(outputs, "labels", onnx::kInt64);
    return {{"boxes", "scores", "labels"}, boxes.dimensions.size() == 3};
  }
  if (FindPort(outputs, kArgMax) != nullptr) return {{RequirePort(outputs, kArgMax, onnx::kInt64).name}, true};
  if (FindPort(outputs, kSoftmax) != nullptr) return {{RequirePort(outputs, kSoftmax, onnx::kFloat).name}, true};
  throw std::runtime_error(std::string("has neither an output '") + kArgMax + "' nor '" + kSoftmax + "'");
}

/// The values of one run, owned.
class Outputs {
 public:
  Outputs(const onnx::Api& api, const onnx::IoBinding* binding, onnx::Allocator* allocator)
      : api_(api), allocator_(allocator) {
    onnx::Check(api, api.GetBoundOutputValues(binding, allocator, &values_, &count_));
  }
  ~Outputs() {
    for (size_t i = 0; i < count_; ++i) api_.ReleaseValue(values_[i]);
    api_.ReleaseStatus(api_.AllocatorFree(allocator_, values_));
  }
  Outputs(const Outputs&) = delete;
  Outputs& operator=(const Outputs&) = delete;

  size_t ElementCount(size_t output) const {
    const auto info = Make(api_, api_.ReleaseTensorTypeAndShapeInfo, api_.GetTensorTypeAndShape,
                           static_cast<const onnx::Value*>(values_[output]));
    return Get<size_t>(api_, api_.GetTensorShapeElementCount, static_cast<const onnx::TensorInfo*>(info.get()));
  }

  template <class Element>
  const Element* Elements(size_t output) const {
    return static_cast<const Element*>(Get<void*>(api_, api_.GetTensorMutableData, values_[output]));
  }

 private:
  const onnx::Api& api_;
  onnx::Allocator* allocator_;
  onnx::Value** values_ = nullptr;
  size_t count_ = 0;
};

void AnswerDetections(const Outputs& outputs, const Detections& detections, size_t count, Answer* answers) {
  const size_t each = outputs.ElementCount(1) / count;
  if (outputs.ElementCount(1) != each * count || outputs.ElementCount(0) != 4 * each * count ||
      outputs.ElementCount(2) != each * count) {
    throw std::runtime_error("the graph's boxes, scores and labels are of different number");
  }
  const auto* box = outputs.Elements<float>(0);
  const auto* score = outputs.Elements<float>(1);
  const auto* label = outputs.Elements<int64_t>(2);
  for (size_t image = 0; image < count; ++image) {
    const size_t end = (image + 1) * each;
    for (size_t i = image * each; i < end && detections.Add(box + 4 * i, score[i], label[i], &answers[image]); ++i) {
    }
  }
}

void AnswerLabel(size_t graphs_class, Answer* answer) {
  const float label = static_cast<float>(graphs_class) - 1;
  answer->Add(&label, 1);
}

void AnswerLabels(const Outputs& outputs, bool chosen, size_t count, Answer* answers) {
  const size_t each = outputs.ElementCount(0) / count;
  if (each == 0 || outputs.ElementCount(0) != each * count || (chosen && each != 1)) {
    throw std::runtime_error("the graph answers " + std::to_string(outputs.ElementCount(0)) + " numbers for " +
                             std::to_string(count) + " images");
  }
  for (size_t i = 0; i < count; ++i) {
    if (chosen) {
      AnswerLabel(static_cast<size_t>(outputs.Elements<int64_t>(0)[i]), &answers[i]);
    } else {
      const float* shares = outputs.Elements<float>(0) + i * each;
      AnswerLabel(static_cast<size_t>(std::max_element(shares, shares + each) - shares), &answers[i]);
    }
  }
}

}  // namespace

struct OnnxBackend::Parts {
  const onnx::Api& api;
  Task task;
  Detections detections;
  std::vector<int64_t> shape;   ///< Of the input; the first number is that of the next run.
  size_t floats;                ///< In one image.
  size_t most;                  ///< Images in a run.
  std::vector<float> gathered;  ///< Room for a batch whose images do not lie one after the other.
  Owned<onnx::MemoryInfo> memory;
  Owned<onnx::Session> session;
  Owned<onnx::IoBinding> binding;
  onnx::Allocator* allocator;
  std::string input_name;
  Plan plan;

  /// Anew for each run: the runtime would take the values of the run before for the room of the next, and no two
  /// images have the same number of objects.
  void BindOutputs() {
    for (const std::string& name : plan.names) {
      onnx::Check(api, api.BindOutputToDevice(binding.get(), name.c_str(), memory.get()));
    }
  }

  /// The images as one block of memory.
  const float* Block(const float* const* images, size_t count) {
    bool together = true;
    for (size_t i = 1; i < count; ++i) together = together && images[i] == images[i - 1] + floats;
    if (together) return images[0];
    for (size_t i = 0; i < count; ++i) {
      std::copy_n(images[i], floats, gathered.begin() + static_cast<std::ptrdiff_t>(i * floats));
    }
    return gathered.data();
  }
};

OnnxBackend::OnnxBackend(const OnnxRuntime& runtime, const Settings& settings, const ImageShape& shape) try {
  const onnx::Api& api = runtime.Api();
  auto session = MakeSession(runtime, settings);
  const Port input = CheckInput(InputsOf(api, session.get()), shape);
  Plan plan = PlanOutputs(settings.task, OutputsOf(api, session.get()));
  auto memory = Make(api, api.ReleaseMemoryInfo, api.CreateCpuMemoryInfo, onnx::kArenaAllocator, onnx::kDefaultMemory);
  auto binding = Make(api, api.ReleaseIoBinding, api.CreateIoBinding, session.get());
  const size_t most = input.dimensions.front() == -1 && plan.by_image ? settings.batch : 1;
  parts_ = std::make_unique<Parts>(Parts{
      api,
      settings.task,
      Detections(shape),
      {1, static_cast<int64_t>(shape.channels), static_cast<int64_t>(shape.height), static_cast<int64_t>(shape.width)},
      shape.Floats(),
      most,
      std::vector<float>(most > 1 ? most * shape.Floats() : 0),
      std::move(memory),
      std::move(session),
      std::move(binding),
      Get<onnx::Allocator*>(api, api.GetAllocatorWithDefaultOptions),
      input.name,
      std::move(plan)});
} catch (const std::runtime_error& error) {
  throw std::runtime_error("model " + settings.model + ": " + error.what());
}

OnnxBackend::~OnnxBackend() = default;

size_t OnnxBackend::MostAtOnce() const { return parts_->most; }

void OnnxBackend::Run(const float* const* images, size_t count, Answer* answers) {
  const onnx::Api& api = parts_->api;
  parts_->shape.front() = static_cast<int64_t>(count);
  // The runtime takes inputs as mutable memory, but never writes to them: the tensors are mapped read-only.
  const auto input =
      Make(api, api.ReleaseValue, api.CreateTensorWithDataAsOrtValue,
           static_cast<const onnx::MemoryInfo*>(parts_->memory.get()),
           static_cast<void*>(const_cast<float*>(parts_->Block(images, count))), count * parts_->floats * sizeof(float),
           static_cast<const int64_t*>(parts_->shape.data()), parts_->shape.size(), onnx::kFloat);
  parts_->BindOutputs();
  onnx::Check(api, api.BindInput(parts_->binding.get(), parts_->input_name.c_str(), input.get()));
  onnx::Check(api, api.RunWithBinding(parts_->session.get(), nullptr, parts_->binding.get()));
  const Outputs outputs(api, parts_->binding.get(), parts_->allocator);
  if (parts_->task == Task::kDetection) {
    AnswerDetections(outputs, parts_->detections, count, answers);
  } else {
    AnswerLabels(outputs, parts_->plan.names.front() == kArgMax, count, answers);
  }
}

}  // namespace harness
