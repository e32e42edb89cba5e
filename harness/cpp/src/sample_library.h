/// \file
/// Preprocessed images, in memory when LoadGen asks for them and handed to it by position.
///
/// A tensors folder holds
///   tensors.f32   raw little-endian float32, channels x height x width a sample, one after the other, no header
///   index.txt     envmgr-tensors 1 / dtype float32 / shape C H W / count N, a line each, then N image file names
/// and where storing all numbers would take too much room, instead of tensors.f32
///   load.py       a program that makes them while LoadGen's clock stands still (loader.h)
/// The order of the index is the order of the annotation file: LoadGen's sample index is the position in both.
#pragma once

#include <query_sample_library.h>

#include <cstddef>
#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "loader.h"

namespace harness {

/// The shape of one image: what a graph sees of it.
struct ImageShape {
  size_t channels = 0;
  size_t height = 0;
  size_t width = 0;

  size_t Floats() const { return channels * height * width; }
};

/// The content of index.txt.
struct TensorIndex {
  ImageShape shape;
  std::vector<std::string> names;
};

/// Parses index.txt.
/// \throws std::runtime_error naming the line that is not as described above.
TensorIndex ParseTensorIndex(std::istream& text);

/// The samples of a tensors folder. Sample() may be called from any thread at any time; the rest is called by one
/// thread at a time, outside the timed path.
class QuerySampleLibrary : public mlperf::QuerySampleLibrary {
 public:
  /// Maps the folder's tensors, or starts its load.py.
  /// \param count Use the first `count` samples; 0: all.
  /// \param python The interpreter for load.py.
  /// \throws std::runtime_error when a file is missing, the sizes do not agree or `count` is more than there are.
  QuerySampleLibrary(const std::string& folder, size_t count, const std::string& python);
  ~QuerySampleLibrary() override;
  QuerySampleLibrary(const QuerySampleLibrary&) = delete;
  QuerySampleLibrary& operator=(const QuerySampleLibrary&) = delete;

  const std::string& Name() override { return name_; }
  size_t TotalSampleCount() override { return Count(); }

  /// How many samples LoadGen may have in memory at once, where its settings do not say.
  size_t PerformanceSampleCount() override;

  /// Load(); a failure ends the process with exit code 1 and the name of the sample.
  void LoadSamplesToRam(const std::vector<mlperf::QuerySampleIndex>& samples) override;
  void UnloadSamplesFromRam(const std::vector<mlperf::QuerySampleIndex>& samples) override;

  /// Brings samples into memory, so that the timed path meets no page fault that waits for a disk.
  /// \throws std::runtime_error naming the sample that load.py could not make.
  void Load(const std::vector<size_t>& samples);

  /// Lets go of samples that were loaded.
  void Unload(const std::vector<size_t>& samples);

  const ImageShape& Shape() const { return index_.shape; }
  size_t Count() const { return index_.names.size(); }

  /// Whether load.py makes the samples; else they are stored.
  bool OnLoad() const { return loader_ != nullptr; }

  /// The `index`-th image: Shape().Floats() numbers, valid while it is loaded. No lock, no allocation.
  const float* Sample(size_t index) const { return places_[index]; }

  /// The file name of the `index`-th image, for messages.
  const std::string& ImageName(size_t index) const { return index_.names[index]; }

 private:
  size_t SampleBytes() const { return index_.shape.Floats() * sizeof(float); }
  void Touch(const std::vector<size_t>& samples) const;
  void Make(const std::vector<size_t>& samples);

  std::string name_;
  TensorIndex index_;
  std::vector<const float*> places_;
  size_t mapped_bytes_ = 0;
  const float* mapped_ = nullptr;
  std::unique_ptr<Loader> loader_;
  std::vector<std::unique_ptr<float[]>> loaded_;  ///< What load.py has made.
};

}  // namespace harness
