/// \file
/// How fast backends are without LoadGen: the warm-up before a test, and the bare loop that LoadGen's own cost is
/// judged by.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "backend.h"
#include "sample_library.h"

namespace harness {

/// Seconds of CPU time that all threads of this process have used.
double CpuSeconds();

/// Seconds of a steady clock; only differences mean something.
double WallSeconds();

/// What came of a warm-up.
struct Pace {
  double best_seconds;  ///< The wall seconds of the fastest sample: what the machine can do when it does nothing else.
  double samples_per_second;  ///< Of all backends at the same time: what the machine did.
};

/// Runs samples that nobody counts, so that memory is allocated and caches are warm before the clock starts; all
/// backends at the same time, each in a thread of its own, as in a test.
/// \param loaded The first so many samples are in memory; they are taken over and over.
/// \param samples Each backend runs this many first, 1 or more.
/// \param seconds Then the pace is measured for this long; 0: it is taken from the fastest sample.
Pace WarmUp(const QuerySampleLibrary& library, size_t loaded, size_t samples, double seconds,
            const std::vector<std::unique_ptr<Backend>>& backends);

struct BareRun {
  double samples_per_second;
  double cpu_seconds_per_sample;
};

/// Runs `samples` samples in a plain loop: the first `loaded` ones, which are in memory, over and over.
BareRun RunBare(const QuerySampleLibrary& library, size_t loaded, size_t samples, Backend* backend);

}  // namespace harness
