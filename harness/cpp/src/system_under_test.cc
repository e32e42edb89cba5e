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

[[noreturn]] void Fail(const QuerySampleLibrary& library, const mlperf::QuerySample* samples, size_t count,
                       const char* message) {
  for (size_t i = 0; i < count; ++i) {
    const size_t index = samples[i].index;
    std::fprintf(stderr, "harness: sample %zu (%s): %s\n", index, library.ImageName(index).c_str(), message);
  }
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

SystemUnderTest::Worker::Worker(Backend* its) : backend(*its), most(its->MostAtOnce()), images(most), answers(most) {}

SystemUnderTest::SystemUnderTest(const std::vector<std::unique_ptr<Backend>>& backends,
                                 const QuerySampleLibrary& library, bool queued, size_t batch)
    : library_(library) {
  for (const auto& backend : backends) {
    workers_.push_back(std::make_unique<Worker>(backend.get()));
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
  AnswerAll(samples.data(), samples.size(), workers_.front().get());
}

size_t SystemUnderTest::Finish() {
  queue_.Close();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  size_t answered = 0;
  for (const auto& worker : workers_) answered += worker->answered;
  return answered;
}

void SystemUnderTest::AnswerAll(const mlperf::QuerySample* samples, size_t count, Worker* worker) {
  for (size_t done = 0; done < count; done += worker->most) {
    AnswerTogether(samples + done, std::min(worker->most, count - done), worker);
  }
}

void SystemUnderTest::AnswerTogether(const mlperf::QuerySample* samples, size_t count, Worker* worker) {
  try {
    for (size_t i = 0; i < count; ++i) {
      worker->images[i] = library_.Sample(samples[i].index);
      worker->answers[i].Start(samples[i].index);
    }
    worker->backend.Run(worker->images.data(), count, worker->answers.data());
  } catch (const std::exception& error) {
    Fail(library_, samples, count, error.what());
  }
  worker->answered += count;
  for (size_t i = 0; i < count; ++i) {
    const Answer& answer = worker->answers[i];
    mlperf::QuerySampleResponse response(samples[i].id, reinterpret_cast<uintptr_t>(answer.Data()), answer.Bytes());
    mlperf::QuerySamplesComplete(&response, 1);
  }
}

void SystemUnderTest::Work(size_t batch, Worker* worker) {
  std::vector<mlperf::QuerySample> samples(batch);
  while (const size_t taken = queue_.Take(samples.data(), batch)) AnswerAll(samples.data(), taken, worker);
}

}  // namespace harness
