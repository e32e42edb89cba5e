#include <fcntl.h>
#include <loadgen.h>
#include <sys/wait.h>
#include <test_settings.h>
#include <unistd.h>

#include <algorithm>
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
  FailingBackend(const float* bad, size_t most) : bad_(bad), most_(most) {}
  size_t MostAtOnce() const override { return most_; }
  void Run(const float* const* images, size_t count, Answer*) override {
    if (std::find(images, images + count, bad_) != images + count) throw std::runtime_error("the model failed");
  }

 private:
  const float* bad_;
  size_t most_;
};

/// A model that takes several images in one call and answers how many there were.
class CountingBackend : public Backend {
 public:
  size_t MostAtOnce() const override { return 4; }
  void Run(const float* const*, size_t count, Answer* answers) override {
    const auto number = static_cast<float>(count);
    for (size_t i = 0; i < count; ++i) answers[i].Add(&number, 1);
  }
};

/// Runs LoadGen's accuracy mode with a failing backend; ends the process.
[[noreturn]] void RunFailing(const Folder& folder, bool queued, size_t most) {
  dup2(open(folder.Path("stderr").c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
  QuerySampleLibrary library(folder.WriteTensors({"a.jpg", "b.jpg", "c.jpg"}), 0, "");
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(std::make_unique<FailingBackend>(library.Sample(1), most));
  SystemUnderTest system(backends, library, queued, most);
  mlperf::TestSettings settings;
  settings.scenario = most == 1 ? mlperf::TestScenario::SingleStream : mlperf::TestScenario::Offline;
  settings.mode = mlperf::TestMode::AccuracyOnly;
  mlperf::LogSettings logs;
  logs.log_output.outdir = folder.Path("");
  mlperf::StartTest(&system, &library, settings, logs, "");
  std::_Exit(0);
}

/// Returns what the run says before it ends with exit code 1.
std::string MessageOfFailure(bool queued, size_t most) {
  const Folder folder;
  const pid_t child = fork();
  if (child == 0) RunFailing(folder, queued, most);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
  return folder.Read("stderr");
}

TEST(AModelThatFailsInLoadgensThreadEndsTheRunAndNamesTheSample) {
  CHECK(MessageOfFailure(false, 1) == "harness: sample 1 (b.jpg): the model failed\n");
}

TEST(AModelThatFailsInAWorkerEndsTheRunAndNamesTheSample) {
  CHECK(MessageOfFailure(true, 1) == "harness: sample 1 (b.jpg): the model failed\n");
}

TEST(AModelThatFailsAtABatchNamesEverySampleOfIt) {
  const std::string message = MessageOfFailure(true, 3);
  for (const char* name : {"sample 0 (a.jpg)", "sample 1 (b.jpg)", "sample 2 (c.jpg)"}) {
    CHECK(message.find(name) != std::string::npos);
  }
}

TEST(SamplesThatAModelTakesTogetherAreAnsweredInCallsOfThatMany) {
  const Folder folder;
  QuerySampleLibrary library(folder.WriteTensors({"a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"}), 0, "");
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(std::make_unique<CountingBackend>());
  SystemUnderTest system(backends, library, false, 1);
  mlperf::TestSettings settings;
  settings.scenario = mlperf::TestScenario::Offline;
  settings.mode = mlperf::TestMode::AccuracyOnly;
  mlperf::LogSettings logs;
  logs.log_output.outdir = folder.Path("");
  mlperf::StartTest(&system, &library, settings, logs, "");
  CHECK(system.Finish() == 6);
  const std::string log = folder.Read("mlperf_log_accuracy.json");
  size_t fours = 0, twos = 0;
  for (size_t at = 0; (at = log.find("\"00008040\"", at)) != std::string::npos; ++at) ++fours;
  for (size_t at = 0; (at = log.find("\"00000040\"", at)) != std::string::npos; ++at) ++twos;
  CHECK(fours == 4 && twos == 2);
}

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
