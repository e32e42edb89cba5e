#include "detections.h"

namespace harness {
namespace {

/// RetinaNet reports at most 300 objects an image.
constexpr size_t kUsualMost = 300;

}  // namespace

Detections::Detections(const ImageShape& shape)
    : height_(static_cast<float>(shape.height)), width_(static_cast<float>(shape.width)) {
  records_.reserve(kUsualMost * kFloatsInRecord);
}

void Detections::Start(size_t index) {
  index_ = static_cast<float>(index);
  records_.clear();
}

bool Detections::Add(const float box[4], float score, int64_t label) {
  if (!(score >= kLeastScore)) return false;  // a score that is no number is refused as well
  const float record[kFloatsInRecord] = {
      index_, box[1] / height_, box[0] / width_, box[3] / height_, box[2] / width_, score, static_cast<float>(label)};
  records_.insert(records_.end(), record, record + kFloatsInRecord);
  return true;
}

}  // namespace harness
