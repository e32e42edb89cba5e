#include <fcntl.h>
#include <loadgen.h>
#include <sys/wait.h>
#include <test_settings.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "../src/system_under_test.h"
#include "check.h"
#include "folder.h"

namespace harness {
namespace {

using test::Folder;

/// A model that cannot do the sample whose image begins at `bad`.
class FailingBackend : public Backend {
 public:
  explicit FailingBackend(const float* bad) : bad_(bad) {}
  void Run(const float* image, Detections*) override {
    if (image == bad_) throw std::runtime_error("the model failed");
  }

 private:
  const float* bad_;
};

/// Runs LoadGen's accuracy mode with a failing backend; ends the process.
[[noreturn]] void RunFailing(const Folder& folder, bool queued) {
  dup2(open(folder.Path("stderr").c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
  QuerySampleLibrary library(folder.WriteTensors({"a.jpg", "b.jpg", "c.jpg"}), 0);
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(std::make_unique<FailingBackend>(library.Sample(1)));
  SystemUnderTest system(backends, library, queued, 1);
  mlperf::TestSettings settings;
  settings.scenario = mlperf::TestScenario::SingleStream;
  settings.mode = mlperf::TestMode::AccuracyOnly;
  mlperf::LogSettings logs;
  logs.log_output.outdir = folder.Path("");
  mlperf::StartTest(&system, &library, settings, logs, "");
  std::_Exit(0);
}

void CheckThatItFails(bool queued) {
  const Folder folder;
  const pid_t child = fork();
  if (child == 0) RunFailing(folder, queued);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
  CHECK(folder.Read("stderr") == "harness: sample 1 (b.jpg): the model failed\n");
}

TEST(AModelThatFailsInLoadgensThreadEndsTheRunAndNamesTheSample) { CheckThatItFails(false); }

TEST(AModelThatFailsInAWorkerEndsTheRunAndNamesTheSample) { CheckThatItFails(true); }

TEST(AQueueGivesSamplesInOrderAndNoMoreThanAsked) {
  SampleQueue queue;
  queue.Put({{1, 10}, {2, 20}, {3, 30}});
  mlperf::QuerySample taken[2];
  CHECK(queue.Take(taken, 2) == 2 && taken[0].id == 1 && taken[1].index == 20);
  CHECK(queue.Take(taken, 2) == 1 && taken[0].id == 3);
}

TEST(AClosedQueueIsEmptiedBeforeItEnds) {
  SampleQueue queue;
  queue.Put({{1, 10}});
  queue.Close();
  mlperf::QuerySample taken;
  CHECK(queue.Take(&taken, 1) == 1);
  CHECK(queue.Take(&taken, 1) == 0);
}

}  // namespace
}  // namespace harness
