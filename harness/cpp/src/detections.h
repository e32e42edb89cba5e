/// \file
/// Objects found in an image, in the numbers that MLPerf's accuracy script reads from LoadGen's log.
#pragma once

#include <cstdint>

#include "answer.h"
#include "sample_library.h"

namespace harness {

/// Detections below this score are not reported: MLPerf's reference harness for RetinaNet leaves them out.
constexpr float kLeastScore = 0.05F;

/// Writes found objects into answers, as records of seven little-endian float32:
/// sample index, ymin, xmin, ymax, xmax (each as a share of the image's side, 0 to 1), score, label.
class Detections {
 public:
  static constexpr size_t kFloatsInRecord = 7;

  /// \param shape The image as the graph sees it: its boxes are in pixels of this.
  explicit Detections(const ImageShape& shape);

  /// Adds an object to an answer, or refuses one that scores too low.
  /// \param box x1, y1, x2, y2 in pixels.
  /// \return Whether it was added. Backends report by descending score, so after a refusal there is no more to add.
  bool Add(const float box[4], float score, int64_t label, Answer* answer) const;

 private:
  float height_;
  float width_;
};

}  // namespace harness
