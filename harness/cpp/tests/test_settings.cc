#include "../src/settings.h"
#include "check.h"

namespace harness {
namespace {

using Arguments = std::vector<std::string>;

Arguments With(const Arguments& more) {
  Arguments arguments = {"--backend", "null",       "--tensors", "t",      "--output",
                         "o",         "--scenario", "Offline",   "--mode", "performance"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(OfflineGetsASessionACore) {
  const Settings settings = ParseSettings(With({}), 8);
  CHECK(settings.workers == 8);
  CHECK(settings.threads == 1);
}

TEST(SingleStreamGivesAllCoresToOneSession) {
  const Settings settings = ParseSettings(
      {"--backend", "null", "--tensors", "t", "--output", "o", "--scenario", "SingleStream", "--mode", "accuracy"}, 8);
  CHECK(settings.workers == 1);
  CHECK(settings.threads == 8);
}

TEST(ThreadsAreSharedOutOverTheWorkersAsked) {
  CHECK(ParseSettings(With({"--workers", "3"}), 8).threads == 2);
  CHECK(ParseSettings(With({"--workers", "9"}), 8).threads == 1);
  CHECK(ParseSettings(With({"--workers", "2", "--threads", "7"}), 8).threads == 7);
}

TEST(EveryOptionReachesItsSetting) {
  const Settings settings = ParseSettings(With({"--model",
                                                "m.onnx",
                                                "--user-conf",
                                                "u",
                                                "--audit-conf",
                                                "a",
                                                "--model-name",
                                                "n",
                                                "--count",
                                                "1",
                                                "--performance-sample-count",
                                                "2",
                                                "--batch",
                                                "3",
                                                "--warmup",
                                                "4",
                                                "--trace",
                                                "1",
                                                "--python",
                                                "p",
                                                "--task",
                                                "classification",
                                                "--provider",
                                                "cuda",
                                                "--device-id",
                                                "5",
                                                "--graph-optimization",
                                                "extended",
                                                "--inter-threads",
                                                "6",
                                                "--mlperf-conf",
                                                "r"}),
                                          1);
  CHECK(settings.model == "m.onnx" && settings.user_conf == "u" && settings.mlperf_conf == "r" &&
        settings.audit_conf == "a");
  CHECK(settings.model_name == "n" && settings.count == 1 && settings.performance_sample_count == 2);
  CHECK(settings.batch == 3 && settings.warmup == 4 && settings.trace == 1 && settings.python == "p");
  CHECK(settings.task == Task::kClassification && settings.provider == Provider::kCuda && settings.device_id == 5);
  CHECK(settings.graph_optimization == GraphOptimization::kExtended && settings.inter_threads == 6);
}

TEST(ABareRunNeedsNoScenario) {
  const Settings settings = ParseSettings({"--backend", "null", "--tensors", "t", "--bare", "10"}, 4);
  CHECK(settings.bare == 10);
  CHECK(settings.workers == 1);
  CHECK(settings.threads == 4);
}

TEST(AnUnknownOptionIsRefused) { CHECK_THROWS(UsageError, ParseSettings(With({"--modle", "x"}), 1), "--modle"); }

TEST(ARepeatedOptionIsRefused) { CHECK_THROWS(UsageError, ParseSettings(With({"--tensors", "u"}), 1), "twice"); }

TEST(AnOptionWithoutValueIsRefused) { CHECK_THROWS(UsageError, ParseSettings(With({"--count"}), 1), "--count"); }

TEST(AMissingOptionIsNamed) {
  CHECK_THROWS(UsageError, ParseSettings({"--backend", "null", "--bare", "1"}, 1), "--tensors is missing");
  CHECK_THROWS(UsageError, ParseSettings({"--backend", "onnxruntime", "--tensors", "t", "--bare", "1"}, 1),
               "--model is missing");
}

TEST(AWordThatIsNoNumberIsRefused) {
  for (const char* word : {"", "x", "-1", "1x", "1.5", "99999999999999999999"}) {
    CHECK_THROWS(UsageError, ParseSettings(With({"--count", word}), 1), "whole number");
  }
}

TEST(AnUnknownScenarioIsAnsweredWithTheKnownOnes) {
  CHECK_THROWS(UsageError, ParseSettings({"--scenario", "offline"}, 1), "Offline, SingleStream, MultiStream, Server");
}

TEST(PeakPerformanceIsForServerOnly) {
  CHECK_THROWS(UsageError,
               ParseSettings({"--backend", "null", "--tensors", "t", "--output", "o", "--scenario", "Offline", "--mode",
                              "find-peak-performance"},
                             1),
               "Server");
}

TEST(NoNodeAtATimeIsRefused) {
  CHECK_THROWS(UsageError, ParseSettings(With({"--inter-threads", "0"}), 1), "--inter-threads");
}

TEST(ABatchOrWarmUpOfNoSampleIsRefused) {
  CHECK_THROWS(UsageError, ParseSettings(With({"--batch", "0"}), 1), "--batch");
  CHECK_THROWS(UsageError, ParseSettings(With({"--warmup", "0"}), 1), "--warmup");
}

}  // namespace
}  // namespace harness
