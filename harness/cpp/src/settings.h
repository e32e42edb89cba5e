/// \file
/// What a run is asked to do: the command line as one frozen value.
///
/// Nothing is read here but the arguments; LoadGen's own settings (user.conf) are in loadgen_settings.h.
#pragma once

#include <test_settings.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace harness {

enum class BackendKind { kNull, kOnnx };
enum class Task { kDetection, kClassification };
enum class Provider { kCpu, kCuda };
enum class GraphOptimization { kOff, kBasic, kExtended, kAll };

/// The command line is wrong; the program ends with exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One run. After ParseSettings `workers` and `threads` are the numbers in effect, never 0.
struct Settings {
  BackendKind backend = BackendKind::kNull;
  std::string model;        ///< The ONNX file, or a folder with model.onnx.
  std::string tensors;      ///< Folder with index.txt and either tensors.f32 or load.py.
  std::string python;       ///< The interpreter that runs load.py.
  std::string output;       ///< Folder of LoadGen's logs and harness.json.
  std::string mlperf_conf;  ///< The round's mlperf.conf, for a LoadGen that has none compiled in.
  std::string user_conf;    ///< LoadGen's user.conf; empty: LoadGen's own settings alone.
  std::string audit_conf;   ///< LoadGen's audit.config; empty: no audit, whatever lies in the working folder.
  std::string model_name = "retinanet";  ///< The model that user.conf and LoadGen's mlperf.conf speak of.
  Task task = Task::kDetection;
  Provider provider = Provider::kCpu;
  GraphOptimization graph_optimization = GraphOptimization::kAll;
  mlperf::TestScenario scenario = mlperf::TestScenario::Offline;
  mlperf::TestMode mode = mlperf::TestMode::PerformanceOnly;
  size_t count = 0;                     ///< Use the first N samples only; 0: all.
  size_t performance_sample_count = 0;  ///< Samples held in memory in performance mode; 0: LoadGen's number, else all.
  size_t workers = 0;                   ///< Sessions, each with a thread of its own.
  size_t threads = 0;                   ///< Threads inside one session.
  size_t inter_threads = 1;             ///< Nodes of the graph that one session may run at once.
  size_t device_id = 0;                 ///< Which of the provider's devices.
  size_t batch = 1;                     ///< Samples a worker takes from the queue at a time.
  size_t warmup = 5;                    ///< Untimed samples a session runs first.
  size_t trace = 0;                     ///< Not 0: LoadGen writes its trace, with the latency of every sample.
  size_t bare = 0;                      ///< Not 0: no LoadGen; time a plain loop over N samples.
};

/// The text of `--help`.
std::string Usage();

/// Parses `--name value` pairs (without the program's name).
///
/// \param cores The cores this process may use: workers and threads left at 0 are shared out over these.
/// \throws UsageError for an unknown or repeated name, a missing value, a wrong number or a combination without sense.
Settings ParseSettings(const std::vector<std::string>& arguments, size_t cores);

/// The names of the command line for these values, as in `--scenario` or `--mode`.
const char* NameOf(mlperf::TestScenario scenario);
const char* NameOf(mlperf::TestMode mode);
const char* NameOf(BackendKind backend);
const char* NameOf(Task task);
const char* NameOf(Provider provider);
const char* NameOf(GraphOptimization level);

}  // namespace harness
