/// \file
/// The answer to one sample, in the bytes that MLPerf's accuracy script reads from LoadGen's log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sample_library.h"

namespace harness {

/// Detections below this score are not reported: MLPerf's reference harness for RetinaNet leaves them out.
constexpr float kLeastScore = 0.05F;

/// The objects found in one image, as records of seven little-endian float32:
/// sample index, ymin, xmin, ymax, xmax (each as a share of the image's side, 0 to 1), score, label.
///
/// One object serves a worker for the whole test: Start() forgets the records but keeps their memory, so that nothing
/// is allocated once the fullest image has been seen.
class Detections {
 public:
  static constexpr size_t kFloatsInRecord = 7;

  /// \param shape The image as the graph sees it: its boxes are in pixels of this.
  explicit Detections(const ImageShape& shape);

  /// Begins the answer to the sample at `index`.
  void Start(size_t index);

  /// Adds an object, or refuses one that scores too low.
  /// \param box x1, y1, x2, y2 in pixels.
  /// \return Whether it was added. Backends report by descending score, so after a refusal there is no more to add.
  bool Add(const float box[4], float score, int64_t label);

  const float* Data() const { return records_.data(); }
  size_t Bytes() const { return records_.size() * sizeof(float); }

 private:
  float height_;
  float width_;
  float index_ = 0;
  std::vector<float> records_;
};

}  // namespace harness
