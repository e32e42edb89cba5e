/// \file
/// The harness as a program, with the null backend under the real LoadGen. usage: test_command_line HARNESS

#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include "check.h"
#include "folder.h"

namespace harness {
namespace {

using test::Folder;

std::string program;

/// Runs the harness; its stderr goes to a file of the folder. Returns the exit code.
int Harness(const Folder& folder, const std::string& arguments) {
  const std::string command = program + " " + arguments + " >" + folder.Path("stdout") + " 2>" + folder.Path("stderr");
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Runs one scenario on three samples; returns the exit code.
///
/// The runs are short on purpose: LoadGen's logger has a race of its own (its thread writes into the log of another)
/// that can make it wait for ever. It takes more than 1,024 entries within 10 ms, a pace that only a null backend
/// reaches.
int RunScenario(const Folder& folder, const std::string& scenario, const std::string& mode) {
  folder.Write("user.conf",
               "*.*.min_duration = 0\n*.*.min_query_count = 200\n*.*.max_query_count = 200\n"
               "*.MultiStream.min_query_count = 25\n*.MultiStream.max_query_count = 25\n*.Server.target_qps = 2000\n");
  return Harness(folder, "--backend null --tensors " + folder.WriteTensors({"a.jpg", "b.jpg", "c.jpg"}) +
                             " --scenario " + scenario + " --mode " + mode + " --output " + folder.Path("out/deep") +
                             " --user-conf " + folder.Path("user.conf") + " --workers " +
                             (scenario == "SingleStream" ? "1" : "2"));
}

void CheckScenario(const std::string& scenario, const std::string& result) {
  const Folder performance;
  CHECK(RunScenario(performance, scenario, "performance") == 0);
  CHECK(Has(performance.Read("out/deep/mlperf_log_summary.txt"), "Result is : " + result));
  CHECK(Has(performance.Read("out/deep/harness.json"), "\"scenario\": \"" + scenario + "\""));

  const Folder accuracy;
  CHECK(RunScenario(accuracy, scenario, "accuracy") == 0);
  // Each sample: its index, 0, 0, 1, 1, score 1, label 0.
  const std::string rest = "00000000000000000000803F0000803F0000803F00000000\"";
  for (const char* index : {"00000000", "0000803F", "00000040"}) {
    CHECK(Has(accuracy.Read("out/deep/mlperf_log_accuracy.json"), "\"data\" : \"" + (index + rest)));
  }
}

TEST(OfflineRuns) { CheckScenario("Offline", "VALID"); }
TEST(SingleStreamRuns) { CheckScenario("SingleStream", "VALID"); }
// So few queries do not satisfy LoadGen's statistics for a 99th percentile.
TEST(MultiStreamRuns) { CheckScenario("MultiStream", "INVALID"); }
TEST(ServerRuns) { CheckScenario("Server", "INVALID"); }

TEST(AClassifierAnswersOneLabelASample) {
  const Folder folder;
  CHECK(Harness(folder, "--backend null --task classification --scenario Offline --mode accuracy --tensors " +
                            folder.WriteTensors({"a.jpg", "b.jpg"}) + " --output " + folder.Path("out")) == 0);
  CHECK(Has(folder.Read("out/mlperf_log_accuracy.json"), "\"data\" : \"00000000\""));
  CHECK(Has(folder.Read("out/harness.json"), "\"task\": \"classification\""));
}

/// Runs Offline, for performance, on three samples that are made on load.
int RunOnLoad(const Folder& folder, size_t bad) {
  folder.Write("user.conf", "*.*.min_duration = 0\n*.*.max_query_count = 1\n");
  return Harness(folder, "--backend null --scenario Offline --mode performance --warmup 1 --python /bin/sh --tensors " +
                             folder.WriteLoader({"a.jpg", "b.jpg", "c.jpg"}, bad) + " --user-conf " +
                             folder.Path("user.conf") + " --output " + folder.Path("out"));
}

TEST(SamplesMadeOnLoadRun) {
  const Folder folder;
  CHECK(RunOnLoad(folder, 99) == 0);
  CHECK(Has(folder.Read("out/harness.json"), "\"tensors_made\": \"on-load\""));
}

TEST(ASampleThatCannotBeMadeEndsTheRunBeforeTheClockStarts) {
  const Folder folder;
  CHECK(RunOnLoad(folder, 2) == 1);
  CHECK(Has(folder.Read("stderr"), "broken\n"));
  CHECK(Has(folder.Read("stderr"), "harness: sample 2 (c.jpg) cannot be loaded: "));
  CHECK(!Has(folder.Read("out/mlperf_log_summary.txt"), "Result is"));
}

TEST(ABareRunPrintsItsRate) {
  const Folder folder;
  CHECK(Harness(folder, "--backend null --bare 1000 --tensors " + folder.WriteTensors({"a.jpg"})) == 0);
  CHECK(Has(folder.Read("stdout"), "bare samples_per_second "));
}

TEST(HelpListsEachOption) {
  const Folder folder;
  CHECK(Harness(folder, "--help") == 0);
  CHECK(Has(folder.Read("stdout"), "--performance-sample-count"));
}

TEST(AWrongCommandLineEndsWith2) {
  const Folder folder;
  CHECK(Harness(folder, "--backend nul") == 2);
  CHECK(Has(folder.Read("stderr"), "must be one of onnxruntime, null"));
}

TEST(MissingTensorsEndWith1) {
  const Folder folder;
  CHECK(Harness(folder, "--backend null --bare 1 --tensors " + folder.Path("none")) == 1);
  CHECK(Has(folder.Read("stderr"), "index.txt: cannot be read"));
}

}  // namespace
}  // namespace harness

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  harness::program = argv[1];
  return harness::test::RunAll();
}
