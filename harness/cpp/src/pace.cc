#include "pace.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <future>
#include <limits>

namespace harness {
namespace {

void RunOne(const QuerySampleLibrary& library, size_t index, Backend* backend, Answer* answer) {
  const float* image = library.Sample(index);
  answer->Start(index);
  backend->Run(&image, 1, answer);
}

Pace WarmUpOne(const QuerySampleLibrary& library, size_t loaded, size_t samples, double seconds, Backend* backend) {
  Answer answer;
  double best = std::numeric_limits<double>::infinity();
  const auto timed = [&](size_t number) {
    const double begin = WallSeconds();
    RunOne(library, number % loaded, backend, &answer);
    const double end = WallSeconds();
    best = std::min(best, end - begin);
    return end;
  };
  for (size_t i = 0; i < samples; ++i) timed(i);
  if (seconds == 0) return {best, 1 / best};
  size_t done = 0;
  const double start = WallSeconds();
  double now = start;
  while (now - start < seconds) now = timed(done++);
  return {best, static_cast<double>(done) / (now - start)};
}

}  // namespace

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Pace WarmUp(const QuerySampleLibrary& library, size_t loaded, size_t samples, double seconds,
            const std::vector<std::unique_ptr<Backend>>& backends) {
  std::vector<std::future<Pace>> threads;
  for (const auto& backend : backends) {
    threads.push_back(std::async(std::launch::async, [&library, loaded, samples, seconds, its = backend.get()] {
      return WarmUpOne(library, loaded, samples, seconds, its);
    }));
  }
  Pace together{std::numeric_limits<double>::infinity(), 0};
  for (auto& thread : threads) {
    const Pace one = thread.get();
    together.best_seconds = std::min(together.best_seconds, one.best_seconds);
    together.samples_per_second += one.samples_per_second;
  }
  return together;
}

BareRun RunBare(const QuerySampleLibrary& library, size_t loaded, size_t samples, Backend* backend) {
  Answer answer;
  const double wall = WallSeconds();
  const double cpu = CpuSeconds();
  for (size_t i = 0; i < samples; ++i) RunOne(library, i % loaded, backend, &answer);
  const auto count = static_cast<double>(samples);
  return {count / (WallSeconds() - wall), (CpuSeconds() - cpu) / count};
}

}  // namespace harness
