#include "loadgen_settings.h"

#include <algorithm>

namespace harness {
namespace {

using mlperf::TestMode;
using mlperf::TestScenario;
using mlperf::TestSettings;

// The third argument of kind `int` of TestSettings::FromConfig.
constexpr int kBuiltInConf = 0;  ///< LoadGen's mlperf.conf; the path is not used.
constexpr int kUserConf = 1;     ///< The built-in one, then this file. Official runs do it once.
constexpr int kFileAlone = 2;

/// The test may be this much faster than the warm-up's fastest sample.
constexpr double kHeadroom = 1.2;

/// Server queries arrive at random: at half of what the workers can do queues stay short.
constexpr double kServerShare = 0.5;

/// LoadGen searches the peak upwards from a pace that must hold.
constexpr double kPeakSearchShare = 0.1;

/// LoadGen itself spends about this on a sample, so no backend is faster. Bounds the memory of a null run.
constexpr double kLeastSeconds = 1e-6;

void ReadConf(const Settings& settings, const std::string& path, int kind, TestSettings* test) {
  const int error = test->FromConfig(path, settings.model_name, NameOf(settings.scenario), kind);
  if (error == 0) return;
  throw UsageError("--user-conf " + path + ": LoadGen cannot read it (error " + std::to_string(error) +
                   "); it takes lines `model.scenario.key = number`");
}

/// The number in `test` that holds the scenario's expected pace.
double* ExpectationOf(TestScenario scenario, TestSettings* test) {
  switch (scenario) {
    case TestScenario::SingleStream:
      return &test->single_stream_expected_latency_ns;
    case TestScenario::MultiStream:
      return &test->multi_stream_expected_latency_ns;
    case TestScenario::Server:
      return &test->server_target_qps;
    case TestScenario::Offline:
      break;
  }
  return &test->offline_expected_qps;
}

/// Whether user.conf itself names a pace; mlperf.conf always does, for no machine in particular.
bool UserNamesPace(const Settings& settings) {
  if (settings.user_conf.empty()) return false;
  constexpr double kUnset = -1;
  TestSettings probe;
  double* expectation = ExpectationOf(settings.scenario, &probe);
  *expectation = kUnset;
  ReadConf(settings, settings.user_conf, kFileAlone, &probe);
  return *expectation != kUnset;
}

double PaceFrom(const Settings& settings, const TestSettings& test, double best_seconds) {
  const double sample_seconds = std::max(best_seconds, kLeastSeconds);
  const double samples_per_second = static_cast<double>(settings.workers) / sample_seconds;
  switch (settings.scenario) {
    case TestScenario::SingleStream:
      return sample_seconds / kHeadroom * 1e9;
    case TestScenario::MultiStream:
      return static_cast<double>(test.multi_stream_samples_per_query) / samples_per_second / kHeadroom * 1e9;
    case TestScenario::Server:
      return samples_per_second * (settings.mode == TestMode::FindPeakPerformance ? kPeakSearchShare : kServerShare);
    case TestScenario::Offline:
      break;
  }
  return samples_per_second * kHeadroom;
}

}  // namespace

LoadgenSettings MakeLoadgenSettings(const Settings& settings, double best_seconds) {
  LoadgenSettings made;
  ReadConf(settings, settings.user_conf, settings.user_conf.empty() ? kBuiltInConf : kUserConf, &made.test);
  made.test.scenario = settings.scenario;
  made.test.mode = settings.mode;
  if (settings.performance_sample_count != 0) {
    made.test.performance_sample_count_override = settings.performance_sample_count;
  }
  made.measured = !UserNamesPace(settings);
  double* expectation = ExpectationOf(settings.scenario, &made.test);
  if (made.measured) *expectation = PaceFrom(settings, made.test, best_seconds);
  made.expected = *expectation;
  return made;
}

}  // namespace harness
