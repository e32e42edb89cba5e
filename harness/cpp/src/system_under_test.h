/// \file
/// Where LoadGen's queries meet the backends: the only room with threads and queues.
#pragma once

#include <system_under_test.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backend.h"
#include "sample_library.h"

namespace harness {

/// Samples that wait for a worker. All functions may be called from any thread.
class SampleQueue {
 public:
  SampleQueue();

  /// Appends the samples of a query. Copies: LoadGen does not promise that its vector stays.
  void Put(const std::vector<mlperf::QuerySample>& samples);

  /// Waits for samples and takes up to `most` of them.
  /// \return How many were taken; 0: the queue is closed and empty.
  size_t Take(mlperf::QuerySample* taken, size_t most);

  /// Lets Take() return 0 once the queue is empty.
  void Close();

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<mlperf::QuerySample> samples_;
  size_t next_ = 0;
  bool closed_ = false;
};

/// Answers LoadGen's queries with what the backends say.
///
/// Either LoadGen's own thread runs the model inside IssueQuery (one backend, no hand-over between threads), or each
/// backend has a worker thread that takes samples from one queue. A sample is answered as soon as it is done; samples
/// that a model takes in one call are done together.
///
/// A backend that throws ends the process with exit code 1 and the name of the sample (of all, if several were in the
/// call): LoadGen waits for every answer
/// and cannot be told of a failure, and an empty answer would be a lie that LoadGen counts as work.
class SystemUnderTest : public mlperf::SystemUnderTest {
 public:
  /// \param backends One a worker; they and the library must outlive this object.
  /// \param queued Whether workers answer; else there must be one backend, which answers inside IssueQuery.
  /// \param batch Samples a worker takes from the queue at a time.
  SystemUnderTest(const std::vector<std::unique_ptr<Backend>>& backends, const QuerySampleLibrary& library, bool queued,
                  size_t batch);
  ~SystemUnderTest() override;

  const std::string& Name() override { return name_; }

  /// Timed path. Called by LoadGen, one query at a time.
  void IssueQuery(const std::vector<mlperf::QuerySample>& samples) override;

  /// Does nothing: no worker ever holds a sample back.
  void FlushQueries() override {}

  /// Ends the workers; no query may follow.
  /// \return How many samples were answered.
  size_t Finish();

 private:
  /// A backend and the memory of its answers, used by one thread.
  struct Worker {
    explicit Worker(Backend* its);

    Backend& backend;
    size_t most;  ///< Samples in a call.
    std::vector<const float*> images;
    std::vector<Answer> answers;
    size_t answered = 0;
  };

  /// Answers samples, as many in a call as the backend takes.
  void AnswerAll(const mlperf::QuerySample* samples, size_t count, Worker* worker);
  void AnswerTogether(const mlperf::QuerySample* samples, size_t count, Worker* worker);
  void Work(size_t batch, Worker* worker);

  std::string name_ = "envmgr harness";
  const QuerySampleLibrary& library_;
  SampleQueue queue_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

}  // namespace harness
