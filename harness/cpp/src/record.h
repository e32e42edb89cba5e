/// \file
/// harness.json: what LoadGen's logs do not say about a run.
#pragma once

#include <cstddef>
#include <string>

#include "loadgen_settings.h"
#include "pace.h"
#include "settings.h"

namespace harness {

/// What came of a run. Times in seconds.
struct Outcome {
  std::string onnxruntime;      ///< ONNX Runtime's version; empty with the null backend.
  bool on_load = false;         ///< Whether load.py made the samples.
  size_t most_at_once = 1;      ///< Samples in one call of the model.
  size_t sample_count = 0;      ///< Samples in the library, after --count.
  size_t answered = 0;          ///< Samples answered during the test, repeated ones too.
  double load_seconds = 0;      ///< To map the tensors and make all sessions.
  Pace warmup{};                ///< The pace before the test.
  double test_seconds = 0;      ///< LoadGen's StartTest, from call to return: more than the timed part.
  double test_cpu_seconds = 0;  ///< CPU time of all threads over the same span.
};

/// Writes the settings in effect and the outcome as one JSON object, schema `envmgr.harness/1`.
/// \throws std::runtime_error when the file cannot be written.
void WriteRecord(const std::string& path, const Settings& settings, const LoadgenSettings& loadgen,
                 const Outcome& outcome);

}  // namespace harness
