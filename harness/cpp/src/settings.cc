#include "settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace harness {
namespace {

using mlperf::TestMode;
using mlperf::TestScenario;

template <class Value>
using Named = std::pair<const char*, Value>;

constexpr std::array kBackends = {Named<BackendKind>{"onnxruntime", BackendKind::kOnnx},
                                  Named<BackendKind>{"null", BackendKind::kNull}};
constexpr std::array kTasks = {Named<Task>{"detection", Task::kDetection},
                               Named<Task>{"classification", Task::kClassification}};
constexpr std::array kProviders = {Named<Provider>{"cpu", Provider::kCpu}, Named<Provider>{"cuda", Provider::kCuda}};
constexpr std::array kLevels = {Named<GraphOptimization>{"off", GraphOptimization::kOff},
                                Named<GraphOptimization>{"basic", GraphOptimization::kBasic},
                                Named<GraphOptimization>{"extended", GraphOptimization::kExtended},
                                Named<GraphOptimization>{"all", GraphOptimization::kAll}};
constexpr std::array kScenarios = {Named<TestScenario>{"Offline", TestScenario::Offline},
                                   Named<TestScenario>{"SingleStream", TestScenario::SingleStream},
                                   Named<TestScenario>{"MultiStream", TestScenario::MultiStream},
                                   Named<TestScenario>{"Server", TestScenario::Server}};
constexpr std::array kModes = {Named<TestMode>{"accuracy", TestMode::AccuracyOnly},
                               Named<TestMode>{"performance", TestMode::PerformanceOnly},
                               Named<TestMode>{"find-peak-performance", TestMode::FindPeakPerformance}};

template <class Table, class Value>
const char* NameIn(const Table& table, Value value) {
  for (const auto& [name, named] : table) {
    if (named == value) return name;
  }
  return "?";
}

template <class Table, class Value>
void ParseName(const Table& table, const std::string& option, const std::string& text, Value* value) {
  std::string names;
  for (const auto& [name, named] : table) {
    if (text == name) {
      *value = named;
      return;
    }
    names += names.empty() ? name : std::string(", ") + name;
  }
  throw UsageError(option + " " + text + ": must be one of " + names);
}

void ParseCount(const std::string& option, const std::string& text, size_t* value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  if (error != std::errc() || stop != end)
    throw UsageError(option + " " + text + ": must be a whole number, 0 or more");
}

using Assign = std::function<void(const std::string& option, const std::string& text)>;

Assign Text(std::string* value) {
  return [value](const std::string&, const std::string& text) { *value = text; };
}

Assign Count(size_t* value) {
  return [value](const std::string& option, const std::string& text) { ParseCount(option, text, value); };
}

template <class Table, class Value>
Assign OneOf(const Table& table, Value* value) {
  return [&table, value](const std::string& option, const std::string& text) { ParseName(table, option, text, value); };
}

std::map<std::string, Assign> Options(Settings* settings) {
  return {{"--backend", OneOf(kBackends, &settings->backend)},
          {"--model", Text(&settings->model)},
          {"--tensors", Text(&settings->tensors)},
          {"--python", Text(&settings->python)},
          {"--task", OneOf(kTasks, &settings->task)},
          {"--provider", OneOf(kProviders, &settings->provider)},
          {"--device-id", Count(&settings->device_id)},
          {"--graph-optimization", OneOf(kLevels, &settings->graph_optimization)},
          {"--scenario", OneOf(kScenarios, &settings->scenario)},
          {"--mode", OneOf(kModes, &settings->mode)},
          {"--output", Text(&settings->output)},
          {"--mlperf-conf", Text(&settings->mlperf_conf)},
          {"--user-conf", Text(&settings->user_conf)},
          {"--audit-conf", Text(&settings->audit_conf)},
          {"--model-name", Text(&settings->model_name)},
          {"--count", Count(&settings->count)},
          {"--performance-sample-count", Count(&settings->performance_sample_count)},
          {"--workers", Count(&settings->workers)},
          {"--threads", Count(&settings->threads)},
          {"--inter-threads", Count(&settings->inter_threads)},
          {"--batch", Count(&settings->batch)},
          {"--warmup", Count(&settings->warmup)},
          {"--trace", Count(&settings->trace)},
          {"--bare", Count(&settings->bare)}};
}

void RequireAll(const Settings& settings, const std::set<std::string>& given) {
  std::set<std::string> required = {"--backend", "--tensors"};
  if (settings.backend == BackendKind::kOnnx) required.insert("--model");
  if (settings.bare == 0) required.insert({"--scenario", "--mode", "--output"});
  for (const std::string& name : required) {
    if (given.count(name) == 0) throw UsageError(name + " is missing");
  }
}

void CheckSense(const Settings& settings) {
  if (settings.mode == TestMode::FindPeakPerformance && settings.scenario != TestScenario::Server) {
    throw UsageError("--mode find-peak-performance: LoadGen can do that in --scenario Server only");
  }
  if (settings.batch == 0) throw UsageError("--batch 0: a worker must take 1 sample or more at a time");
  if (settings.inter_threads == 0) throw UsageError("--inter-threads 0: a session must run 1 node or more at a time");
  if (settings.warmup == 0) throw UsageError("--warmup 0: the pace of a test is known from 1 untimed sample or more");
}

/// Offline and Server answer many samples at once, so a session a core does most work; in the stream scenarios
/// only the latency of one query counts, so one session gets all cores.
void ShareOutCores(size_t cores, Settings* settings) {
  const bool many = settings->scenario == TestScenario::Offline || settings->scenario == TestScenario::Server;
  if (settings->workers == 0) settings->workers = many && settings->bare == 0 ? cores : 1;
  if (settings->threads == 0) settings->threads = std::max<size_t>(1, cores / settings->workers);
}

}  // namespace

std::string Usage() {
  return R"(usage: harness --backend onnxruntime|null [--model FILE] --tensors DIR --scenario S --mode M --output DIR [option value]...

Runs an object detection or image classification model under MLPerf's LoadGen.

  --backend onnxruntime|null      ONNX Runtime, or a backend that does nothing (the floor of the harness)
  --model FILE                    the ONNX file (--backend onnxruntime), or a folder with model.onnx
  --task detection|classification what the model answers (detection)
  --tensors DIR                   preprocessed images: index.txt with tensors.f32, or with load.py, which makes them
  --python FILE                   the interpreter that runs load.py
  --scenario S                    Offline, SingleStream, MultiStream or Server
  --mode M                        accuracy, performance or find-peak-performance (Server only)
  --output DIR                    where LoadGen's logs and harness.json go; made if it is not there
  --mlperf-conf FILE              LoadGen's mlperf.conf; from 4.1 on LoadGen has its own compiled in and takes that
  --user-conf FILE                LoadGen's user.conf
  --audit-conf FILE               LoadGen's audit.config
  --model-name NAME               the model's name in these files (retinanet)
  --count N                       use the first N samples; 0: all (0)
  --performance-sample-count N    samples in memory in performance mode; 0: as LoadGen's settings say, else all (0)
  --workers N                     sessions, each with its own thread; 0: one a core in Offline and Server, else 1 (0)
  --threads N                     threads inside a session; 0: cores / workers (0)
  --inter-threads N               nodes of the graph that a session runs at once (1)
  --provider cpu|cuda             what runs the graph; one that cannot be loaded is an error (cpu)
  --device-id N                   which of the provider's devices (0)
  --graph-optimization LEVEL      off, basic, extended or all (all)
  --batch N                       samples a worker takes from the queue at a time, in one call of a model that
                                  leaves its first dimension open (1)
  --warmup N                      untimed samples for each session before the test (5)
  --trace N                       not 0: LoadGen writes its trace, with the latency of every sample (0)
  --bare N                        no LoadGen: time a plain loop over N samples on one session
)";
}

Settings ParseSettings(const std::vector<std::string>& arguments, size_t cores) {
  Settings settings;
  const std::map<std::string, Assign> options = Options(&settings);
  std::set<std::string> given;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    const auto option = options.find(name);
    if (option == options.end()) throw UsageError(name + ": no such option");
    if (!given.insert(name).second) throw UsageError(name + " is given twice");
    if (i + 1 == arguments.size()) throw UsageError(name + ": its value is missing");
    option->second(name, arguments[i + 1]);
  }
  RequireAll(settings, given);
  CheckSense(settings);
  ShareOutCores(cores, &settings);
  return settings;
}

const char* NameOf(TestScenario scenario) { return NameIn(kScenarios, scenario); }
const char* NameOf(TestMode mode) { return NameIn(kModes, mode); }
const char* NameOf(BackendKind backend) { return NameIn(kBackends, backend); }
const char* NameOf(Task task) { return NameIn(kTasks, task); }
const char* NameOf(Provider provider) { return NameIn(kProviders, provider); }
const char* NameOf(GraphOptimization level) { return NameIn(kLevels, level); }

}  // namespace harness
