#include "loadgen_settings.h"

#include <algorithm>

#include "loadgen_conf.h"

namespace harness {
namespace {

using mlperf::TestMode;
using mlperf::TestScenario;
using mlperf::TestSettings;

/// The test may be this much faster than the warm-up.
constexpr double kHeadroom = 1.2;

/// On a busy machine the test may find it this much quieter than the warm-up did.
constexpr double kQuieter = 2;

/// Server queries arrive at random: at half of what the workers can do queues stay short.
constexpr double kServerShare = 0.5;

/// LoadGen searches the peak upwards from a pace that must hold.
constexpr double kPeakSearchShare = 0.1;

/// LoadGen itself is no faster than this on any machine seen. Without these bounds a null run would fill the memory
/// with queries: LoadGen makes them all before the test, at about 100 bytes a sample, or 400 bytes a query of one
/// sample, and for the streams twice as many as the expectation asks for.
constexpr double kMostOfflineSamplesPerSecond = 4e6;
constexpr double kMostQueriesPerSecond = 1e6;
constexpr double kMostMultiStreamSamplesPerSecond = 2e6;

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
  const bool stream = settings.scenario == TestScenario::SingleStream || settings.scenario == TestScenario::MultiStream;
  return UserConfNames(settings, stream ? "target_latency" : "target_qps");
}

/// The nanoseconds that a query takes when so many samples are answered in a second, one query after the other.
double LatencyAt(double samples_per_second, double samples_in_query) {
  return 1e9 * samples_in_query / samples_per_second;
}

double PaceFrom(const Settings& settings, const TestSettings& test, const Pace& pace) {
  const double alone = static_cast<double>(settings.workers) / pace.best_seconds;
  const double server_share = settings.mode == TestMode::FindPeakPerformance ? kPeakSearchShare : kServerShare;
  switch (settings.scenario) {
    case TestScenario::SingleStream:
      return LatencyAt(std::min(kHeadroom / pace.best_seconds, kMostQueriesPerSecond), 1);
    case TestScenario::MultiStream:
      return LatencyAt(std::min(kHeadroom * alone, kMostMultiStreamSamplesPerSecond),
                       static_cast<double>(test.multi_stream_samples_per_query));
    case TestScenario::Server:
      return std::min(server_share * pace.samples_per_second, kMostQueriesPerSecond);
    case TestScenario::Offline:
      break;
  }
  return std::min(kHeadroom * std::min(alone, kQuieter * pace.samples_per_second), kMostOfflineSamplesPerSecond);
}

}  // namespace

LoadgenSettings MakeLoadgenSettings(const Settings& settings, const Pace& pace) {
  LoadgenSettings made;
  ReadConf(settings, &made.test);
  made.test.scenario = settings.scenario;
  made.test.mode = settings.mode;
  if (settings.performance_sample_count != 0) {
    made.test.performance_sample_count_override = settings.performance_sample_count;
  }
  made.measured = !UserNamesPace(settings);
  double* expectation = ExpectationOf(settings.scenario, &made.test);
  if (made.measured) *expectation = PaceFrom(settings, made.test, pace);
  made.expected = *expectation;
  return made;
}

}  // namespace harness
