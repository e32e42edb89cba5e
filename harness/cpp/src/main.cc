/// \file
/// The harness: a model that looks at images, under MLPerf's LoadGen.
///
/// Exit codes: 0 the test ran (LoadGen's summary says whether it is VALID), 1 it failed, 2 the command line is wrong.

#include <loadgen.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "backend.h"
#include "loadgen_settings.h"
#include "null_backend.h"
#include "onnx_backend.h"
#include "onnx_runtime.h"
#include "pace.h"
#include "record.h"
#include "sample_library.h"
#include "settings.h"
#include "system_under_test.h"

namespace harness {
namespace {

/// How long the pace is measured before a test: LoadGen's number of queries rests on it.
constexpr double kWarmUpSeconds = 0.3;

size_t UsableCores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return static_cast<size_t>(CPU_COUNT(&cores));
}

using Backends = std::vector<std::unique_ptr<Backend>>;

Backends MakeBackends(const Settings& settings, const ImageShape& shape, const OnnxRuntime* runtime) {
  Backends backends;
  for (size_t i = 0; i < settings.workers; ++i) {
    if (runtime == nullptr) {
      backends.push_back(std::make_unique<NullBackend>(settings.task, shape));
    } else {
      backends.push_back(std::make_unique<OnnxBackend>(*runtime, settings, shape));
    }
  }
  return backends;
}

void PrintBare(const BareRun& run) {
  std::printf("bare samples_per_second %.6g cpu_seconds_per_sample %.6g\n", run.samples_per_second,
              run.cpu_seconds_per_sample);
}

/// The first samples of a library, in memory while this lives: what runs before LoadGen loads its own.
class FirstSamples {
 public:
  FirstSamples(QuerySampleLibrary* library, size_t most)
      : library_(library), samples_(std::min(library->PerformanceSampleCount(), most)) {
    std::iota(samples_.begin(), samples_.end(), size_t{0});
    library_->Load(samples_);
  }
  ~FirstSamples() { library_->Unload(samples_); }
  FirstSamples(const FirstSamples&) = delete;
  FirstSamples& operator=(const FirstSamples&) = delete;

  size_t Count() const { return samples_.size(); }

 private:
  QuerySampleLibrary* library_;
  std::vector<size_t> samples_;
};

/// Runs before LoadGen does; all there is to do where there is no LoadGen.
Pace Prepare(const Settings& settings, const Backends& backends, QuerySampleLibrary* library) {
  const FirstSamples first(library, settings.bare != 0 ? settings.bare : settings.warmup);
  const double seconds = settings.mode == mlperf::TestMode::AccuracyOnly ? 0 : kWarmUpSeconds;
  const Pace pace = WarmUp(*library, first.Count(), settings.warmup, seconds, backends);
  if (settings.bare != 0) PrintBare(RunBare(*library, first.Count(), settings.bare, backends.front().get()));
  return pace;
}

void RunTest(const Settings& settings, const LoadgenSettings& loadgen, const Backends& backends,
             QuerySampleLibrary* library, Outcome* outcome) {
  const bool stream =
      settings.scenario == mlperf::TestScenario::SingleStream || settings.scenario == mlperf::TestScenario::MultiStream;
  SystemUnderTest system(backends, *library, !stream || backends.size() > 1, settings.batch);
  mlperf::LogSettings logs;
  logs.log_output.outdir = settings.output;
  logs.enable_trace = settings.trace != 0;
  const double wall = WallSeconds();
  const double cpu = CpuSeconds();
  mlperf::StartTest(&system, library, loadgen.test, logs, settings.audit_conf);
  outcome->test_seconds = WallSeconds() - wall;
  outcome->test_cpu_seconds = CpuSeconds() - cpu;
  outcome->answered = system.Finish();
  if (outcome->answered == 0) throw std::runtime_error("LoadGen issued no sample; see mlperf_log_detail.txt");
}

void Run(const Settings& settings) {
  Outcome outcome;
  const double start = WallSeconds();
  QuerySampleLibrary library(settings.tensors, settings.count, settings.python);
  std::unique_ptr<OnnxRuntime> runtime;
  if (settings.backend == BackendKind::kOnnx) runtime = std::make_unique<OnnxRuntime>();
  const Backends backends = MakeBackends(settings, library.Shape(), runtime.get());
  outcome.load_seconds = WallSeconds() - start;
  outcome.sample_count = library.Count();
  outcome.on_load = library.OnLoad();
  outcome.most_at_once = backends.front()->MostAtOnce();
  if (runtime) outcome.onnxruntime = runtime->Version();
  outcome.warmup = Prepare(settings, backends, &library);
  if (settings.bare != 0) return;

  std::filesystem::create_directories(settings.output);
  const LoadgenSettings loadgen = MakeLoadgenSettings(settings, outcome.warmup);
  RunTest(settings, loadgen, backends, &library, &outcome);
  WriteRecord(settings.output + "/harness.json", settings, loadgen, outcome);
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments == std::vector<std::string>{"--help"}) {
    std::fputs(Usage().c_str(), stdout);
    return 0;
  }
  try {
    Run(ParseSettings(arguments, UsableCores()));
    return 0;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "harness: %s\nharness --help lists the options\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "harness: %s\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace harness

int main(int argc, char** argv) { return harness::Main({argv + 1, argv + argc}); }
