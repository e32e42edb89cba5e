#include "pace.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>

namespace harness {
namespace {

void RunOne(const QuerySampleLibrary& library, size_t index, Backend* backend, Answer* answer) {
  const float* image = library.Sample(index);
  answer->Start(index);
  backend->Run(&image, 1, answer);
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

double WarmUp(const QuerySampleLibrary& library, size_t loaded, size_t samples, double least_seconds,
              Backend* backend) {
  Answer answer;
  double best = std::numeric_limits<double>::infinity();
  const double start = WallSeconds();
  double now = start;
  for (size_t i = 0; i < samples || now - start < least_seconds; ++i) {
    const double begin = WallSeconds();
    RunOne(library, i % loaded, backend, &answer);
    now = WallSeconds();
    best = std::min(best, now - begin);
  }
  return best;
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
