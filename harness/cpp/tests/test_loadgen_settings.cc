#include <cmath>

#include "../src/loadgen_settings.h"
#include "check.h"
#include "folder.h"

namespace harness {
namespace {

using mlperf::TestScenario;

Settings SettingsFor(TestScenario scenario, const std::string& user_conf) {
  Settings settings;
  settings.scenario = scenario;
  settings.user_conf = user_conf;
  settings.workers = 2;
  return settings;
}

/// Two workers, of which each answers a hundred samples a second, on a machine that does nothing else.
constexpr Pace kQuiet{0.01, 200};

bool Near(double left, double right) { return std::abs(left - right) < 1e-6 * std::abs(right); }

TEST(WithoutAUserConfThePaceIsTheWarmUps) {
  const LoadgenSettings loadgen = MakeLoadgenSettings(SettingsFor(TestScenario::Offline, ""), kQuiet);
  CHECK(loadgen.measured);
  CHECK(Near(loadgen.test.offline_expected_qps, 240));
  CHECK(loadgen.test.qsl_rng_seed != 0);  // LoadGen's own mlperf.conf was read
}

TEST(AUserConfThatNamesNoPaceLeavesItToTheWarmUp) {
  const test::Folder folder;
  folder.Write("user.conf", "*.*.min_duration = 10\n");
  const std::string user_conf = folder.Path("user.conf");
  const auto pace = [&](TestScenario scenario) {
    const LoadgenSettings loadgen = MakeLoadgenSettings(SettingsFor(scenario, user_conf), kQuiet);
    CHECK(loadgen.measured);
    CHECK(loadgen.test.min_duration_ms == 10);
    return loadgen.expected;
  };
  CHECK(Near(pace(TestScenario::Offline), 240));
  CHECK(Near(pace(TestScenario::Server), 100));
  CHECK(Near(pace(TestScenario::SingleStream), 1e7 / 1.2));
  CHECK(Near(pace(TestScenario::MultiStream), 4e7 / 1.2));
}

TEST(APaceBeyondLoadgensOwnIsCutDown) {
  constexpr Pace kNull{1e-8, 2e8};
  CHECK(Near(MakeLoadgenSettings(SettingsFor(TestScenario::Offline, ""), kNull).expected, 4e6));
  CHECK(Near(MakeLoadgenSettings(SettingsFor(TestScenario::SingleStream, ""), kNull).expected, 1000));
  CHECK(Near(MakeLoadgenSettings(SettingsFor(TestScenario::MultiStream, ""), kNull).expected, 4000));
}

TEST(OnABusyMachineWhatItDidCountsAsWell) {
  constexpr Pace kBusy{0.01, 50};
  CHECK(Near(MakeLoadgenSettings(SettingsFor(TestScenario::Offline, ""), kBusy).expected, 120));
  CHECK(Near(MakeLoadgenSettings(SettingsFor(TestScenario::Server, ""), kBusy).expected, 25));
  CHECK(Near(MakeLoadgenSettings(SettingsFor(TestScenario::SingleStream, ""), kBusy).expected, 1e7 / 1.2));
}

TEST(ThePeakIsSearchedUpwardsFromATenth) {
  Settings settings = SettingsFor(TestScenario::Server, "");
  settings.mode = mlperf::TestMode::FindPeakPerformance;
  CHECK(Near(MakeLoadgenSettings(settings, kQuiet).expected, 20));
}

TEST(APaceInUserConfIsKept) {
  const test::Folder folder;
  folder.Write("user.conf",
               "*.Offline.target_qps = 7\n*.Server.target_qps = 8\n"
               "retinanet.SingleStream.target_latency = 9\n*.MultiStream.target_latency = 10\n");
  const std::string user_conf = folder.Path("user.conf");
  const auto pace = [&](TestScenario scenario) {
    const LoadgenSettings loadgen = MakeLoadgenSettings(SettingsFor(scenario, user_conf), kQuiet);
    CHECK(!loadgen.measured);
    return loadgen.expected;
  };
  CHECK(Near(pace(TestScenario::Offline), 7));
  CHECK(Near(pace(TestScenario::Server), 8));
  CHECK(Near(pace(TestScenario::SingleStream), 9e6));
  CHECK(Near(pace(TestScenario::MultiStream), 10e6));
}

TEST(TheCommandLineSetsThePerformanceSampleCount) {
  Settings settings = SettingsFor(TestScenario::Offline, "");
  CHECK(MakeLoadgenSettings(settings, kQuiet).test.performance_sample_count_override == 64);  // mlperf.conf, retinanet
  settings.performance_sample_count = 5;
  CHECK(MakeLoadgenSettings(settings, kQuiet).test.performance_sample_count_override == 5);
}

TEST(AnAuditConfThatIsNotThereIsRefused) {
  const test::Folder folder;
  Settings settings = SettingsFor(TestScenario::Offline, "");
  settings.audit_conf = folder.Path("audit.config");
  CHECK_THROWS(UsageError, MakeLoadgenSettings(settings, kQuiet), "audit.config: cannot be read");
}

TEST(AUserConfThatCannotBeReadIsRefused) {
  const test::Folder folder;
  folder.Write("user.conf", "*.*.min_duration = ten\n");
  CHECK_THROWS(UsageError, MakeLoadgenSettings(SettingsFor(TestScenario::Offline, folder.Path("user.conf")), kQuiet),
               "user.conf");
  CHECK_THROWS(UsageError, MakeLoadgenSettings(SettingsFor(TestScenario::Offline, folder.Path("none")), kQuiet),
               "none");
}

}  // namespace
}  // namespace harness
