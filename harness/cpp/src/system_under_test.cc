#include "system_under_test.h"

#include <loadgen.h>
#include <query_sample.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace harness {
namespace {

/// Room for the queries of a whole Server run at any pace that keeps up; a larger Offline query grows it once, before
/// its first sample is taken.
constexpr size_t kUsualSamples = 65536;

[[noreturn]] void Fail(const QuerySampleLibrary& library, size_t index, const char* message) {
  std::fprintf(stderr, "harness: sample %zu (%s): %s\n", index, library.ImageName(index).c_str(), message);
  std::_Exit(1);  // other workers are in the middle of their samples: nothing can be unwound
}

}  // namespace

SampleQueue::SampleQueue() { samples_.reserve(kUsualSamples); }

void SampleQueue::Put(const std::vector<mlperf::QuerySample>& samples) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (next_ == samples_.size()) {
      samples_.clear();
      next_ = 0;
    }
    samples_.insert(samples_.end(), samples.begin(), samples.end());
  }
  if (samples.size() == 1) {
    filled_.notify_one();
  } else {
    filled_.notify_all();
  }
}

size_t SampleQueue::Take(mlperf::QuerySample* taken, size_t most) {
  std::unique_lock<std::mutex> lock(mutex_);
  filled_.wait(lock, [this] { return closed_ || next_ < samples_.size(); });
  const size_t count = std::min(most, samples_.size() - next_);
  std::copy_n(samples_.data() + next_, count, taken);
  next_ += count;
  return count;
}

void SampleQueue::Close() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
  }
  filled_.notify_all();
}

SystemUnderTest::SystemUnderTest(const std::vector<std::unique_ptr<Backend>>& backends,
                                 const QuerySampleLibrary& library, bool queued, size_t batch)
    : library_(library) {
  for (const auto& backend : backends) {
    workers_.push_back(std::make_unique<Worker>(Worker{*backend, Detections(library.Shape()), 0}));
  }
  if (!queued) return;
  for (const auto& worker : workers_) {
    threads_.emplace_back([this, batch, worker = worker.get()] { Work(batch, worker); });
  }
}

SystemUnderTest::~SystemUnderTest() { Finish(); }

void SystemUnderTest::IssueQuery(const std::vector<mlperf::QuerySample>& samples) {
  if (!threads_.empty()) {
    queue_.Put(samples);
    return;
  }
  for (const mlperf::QuerySample& sample : samples) Answer(sample, workers_.front().get());
}

size_t SystemUnderTest::Finish() {
  queue_.Close();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  size_t answered = 0;
  for (const auto& worker : workers_) answered += worker->answered;
  return answered;
}

void SystemUnderTest::Answer(const mlperf::QuerySample& sample, Worker* worker) {
  try {
    worker->answer.Start(sample.index);
    worker->backend.Run(library_.Sample(sample.index), &worker->answer);
  } catch (const std::exception& error) {
    Fail(library_, sample.index, error.what());
  }
  ++worker->answered;
  mlperf::QuerySampleResponse response(sample.id, reinterpret_cast<uintptr_t>(worker->answer.Data()),
                                       worker->answer.Bytes());
  mlperf::QuerySamplesComplete(&response, 1);
}

void SystemUnderTest::Work(size_t batch, Worker* worker) {
  std::vector<mlperf::QuerySample> samples(batch);
  while (const size_t taken = queue_.Take(samples.data(), batch)) {
    for (size_t i = 0; i < taken; ++i) Answer(samples[i], worker);
  }
}

}  // namespace harness
