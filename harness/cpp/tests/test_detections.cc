#include <cstring>
#include <limits>

#include "../src/detections.h"
#include "check.h"

namespace harness {
namespace {

constexpr ImageShape kShape = {3, 100, 200};
constexpr float kBox[4] = {50, 25, 150, 75};

TEST(ARecordIsIndexThenBoxAsShareOfTheImageThenScoreThenLabel) {
  Detections found(kShape);
  found.Start(17);
  CHECK(found.Add(kBox, 0.5F, 263));
  const float expected[] = {17, 0.25F, 0.25F, 0.75F, 0.75F, 0.5F, 263};
  CHECK(found.Bytes() == sizeof expected);
  CHECK(std::memcmp(found.Data(), expected, sizeof expected) == 0);
}

TEST(TheBytesAreLittleEndian) {
  Detections found(kShape);
  found.Start(1);
  found.Add(kBox, 1.0F, 0);
  const unsigned char one[] = {0x00, 0x00, 0x80, 0x3f};
  CHECK(std::memcmp(found.Data(), one, sizeof one) == 0);
}

TEST(AScoreBelowTheLeastIsRefused) {
  Detections found(kShape);
  found.Start(0);
  CHECK(found.Add(kBox, kLeastScore, 1));
  CHECK(!found.Add(kBox, 0.049F, 1));
  CHECK(!found.Add(kBox, std::numeric_limits<float>::quiet_NaN(), 1));
  CHECK(found.Bytes() == 28);
}

TEST(StartForgetsTheSampleBefore) {
  Detections found(kShape);
  found.Start(0);
  found.Add(kBox, 1.0F, 1);
  const float* memory = found.Data();
  found.Start(1);
  CHECK(found.Bytes() == 0);
  CHECK(found.Data() == memory);
}

}  // namespace
}  // namespace harness
