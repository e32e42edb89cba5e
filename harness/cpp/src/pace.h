/// \file
/// How fast a backend is without LoadGen: the warm-up before a test, and the bare loop that LoadGen's own cost is
/// judged by.
#pragma once

#include <cstddef>

#include "backend.h"
#include "sample_library.h"

namespace harness {

/// Seconds of CPU time that all threads of this process have used.
double CpuSeconds();

/// Seconds of a steady clock; only differences mean something.
double WallSeconds();

/// Runs samples that nobody counts, so that memory is allocated and caches are warm before the clock starts.
/// \param loaded The first so many samples are in memory; they are taken over and over.
/// \param samples Run this many at least, 1 or more.
/// \param least_seconds Run on for this long at least: the longer, the surer the result on a busy machine.
/// \return The wall seconds of the fastest sample.
double WarmUp(const QuerySampleLibrary& library, size_t loaded, size_t samples, double least_seconds, Backend* backend);

struct BareRun {
  double samples_per_second;
  double cpu_seconds_per_sample;
};

/// Runs `samples` samples in a plain loop: the first `loaded` ones, which are in memory, over and over.
BareRun RunBare(const QuerySampleLibrary& library, size_t loaded, size_t samples, Backend* backend);

}  // namespace harness
