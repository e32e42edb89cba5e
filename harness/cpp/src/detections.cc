#include "detections.h"

namespace harness {

Detections::Detections(const ImageShape& shape)
    : height_(static_cast<float>(shape.height)), width_(static_cast<float>(shape.width)) {}

bool Detections::Add(const float box[4], float score, int64_t label, Answer* answer) const {
  if (!(score >= kLeastScore)) return false;  // a score that is no number is refused as well
  const float record[kFloatsInRecord] = {static_cast<float>(answer->Index()),
                                         box[1] / height_,
                                         box[0] / width_,
                                         box[3] / height_,
                                         box[2] / width_,
                                         score,
                                         static_cast<float>(label)};
  answer->Add(record, kFloatsInRecord);
  return true;
}

}  // namespace harness
