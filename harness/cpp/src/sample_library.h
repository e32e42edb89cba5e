/// \file
/// Preprocessed images, mapped into memory and handed to LoadGen by position.
///
/// A tensors folder holds
///   tensors.f32   raw little-endian float32, channels x height x width a sample, one after the other, no header
///   index.txt     envmgr-tensors 1 / dtype float32 / shape C H W / count N, a line each, then N image file names
/// The order of the index is the order of the annotation file: LoadGen's sample index is the position in both.
#pragma once

#include <query_sample_library.h>

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

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

/// The samples of a tensors folder. Sample() may be called from any thread at any time; the rest is called by LoadGen,
/// outside the timed path.
class QuerySampleLibrary : public mlperf::QuerySampleLibrary {
 public:
  /// Maps the folder's tensors.
  /// \param count Use the first `count` samples; 0: all.
  /// \throws std::runtime_error when a file is missing, the sizes do not agree or `count` is more than there are.
  QuerySampleLibrary(const std::string& folder, size_t count);
  ~QuerySampleLibrary() override;
  QuerySampleLibrary(const QuerySampleLibrary&) = delete;
  QuerySampleLibrary& operator=(const QuerySampleLibrary&) = delete;

  const std::string& Name() override { return name_; }
  size_t TotalSampleCount() override { return index_.names.size(); }
  size_t PerformanceSampleCount() override { return index_.names.size(); }

  /// Reads every page of the samples, so that the timed path meets no page fault that waits for a disk.
  void LoadSamplesToRam(const std::vector<mlperf::QuerySampleIndex>& samples) override;

  /// Does nothing: the pages are the file's, so the kernel takes them back when it needs memory.
  void UnloadSamplesFromRam(const std::vector<mlperf::QuerySampleIndex>& samples) override;

  const ImageShape& Shape() const { return index_.shape; }
  size_t Count() const { return index_.names.size(); }

  /// The `index`-th image: Shape().Floats() numbers, valid as long as the library. No lock, no allocation.
  const float* Sample(size_t index) const { return tensors_ + index * index_.shape.Floats(); }

  /// The file name of the `index`-th image, for messages.
  const std::string& ImageName(size_t index) const { return index_.names[index]; }

 private:
  std::string name_;
  TensorIndex index_;
  size_t mapped_bytes_ = 0;
  const float* tensors_ = nullptr;
};

}  // namespace harness
