/// \file
/// What LoadGen is told: its own configuration files, and the pace that it must know beforehand.
#pragma once

#include <test_settings.h>

#include "pace.h"
#include "settings.h"

namespace harness {

/// LoadGen's settings for a run, and where the pace in them comes from.
struct LoadgenSettings {
  mlperf::TestSettings test;

  /// The scenario's own number in `test`: offline_expected_qps or server_target_qps (samples a second), or
  /// single_stream_ or multi_stream_expected_latency_ns (nanoseconds a query).
  double expected = 0;

  /// Whether `expected` was measured in the warm-up; else user.conf says it.
  bool measured = false;
};

/// LoadGen's mlperf.conf, then user.conf, then the command line.
///
/// LoadGen makes its queries before the test, as many as fill the minimum duration at the expected pace. An expectation
/// that is too slow lets a run end early, which makes it INVALID; one that is too fast lets a run Offline, which is one
/// query, take as many times longer. So where user.conf names none (`target_qps` or `target_latency`), it comes from
/// the warm-up: the fastest sample says what the machine can do, all backends together what it did just then.
///
/// \param pace What came of the warm-up.
/// \throws UsageError when LoadGen cannot read its files.
LoadgenSettings MakeLoadgenSettings(const Settings& settings, const Pace& pace);

}  // namespace harness
