#include <cstring>
#include <limits>

#include "../src/detections.h"
#include "check.h"

namespace harness {
namespace {

constexpr ImageShape kShape = {3, 100, 200};
constexpr float kBox[4] = {50, 25, 150, 75};

TEST(ARecordIsIndexThenBoxAsShareOfTheImageThenScoreThenLabel) {
  Answer answer;
  answer.Start(17);
  CHECK(Detections(kShape).Add(kBox, 0.5F, 263, &answer));
  const float expected[] = {17, 0.25F, 0.25F, 0.75F, 0.75F, 0.5F, 263};
  CHECK(answer.Bytes() == sizeof expected);
  CHECK(std::memcmp(answer.Data(), expected, sizeof expected) == 0);
}

TEST(TheBytesAreLittleEndian) {
  Answer answer;
  answer.Start(1);
  Detections(kShape).Add(kBox, 1.0F, 0, &answer);
  const unsigned char one[] = {0x00, 0x00, 0x80, 0x3f};
  CHECK(std::memcmp(answer.Data(), one, sizeof one) == 0);
}

TEST(AScoreBelowTheLeastIsRefused) {
  const Detections detections(kShape);
  Answer answer;
  answer.Start(0);
  CHECK(detections.Add(kBox, kLeastScore, 1, &answer));
  CHECK(!detections.Add(kBox, 0.049F, 1, &answer));
  CHECK(!detections.Add(kBox, std::numeric_limits<float>::quiet_NaN(), 1, &answer));
  CHECK(answer.Bytes() == 28);
}

TEST(StartForgetsTheSampleBefore) {
  Answer answer;
  answer.Start(0);
  Detections(kShape).Add(kBox, 1.0F, 1, &answer);
  const float* memory = answer.Data();
  answer.Start(1);
  CHECK(answer.Bytes() == 0);
  CHECK(answer.Data() == memory);
}

}  // namespace
}  // namespace harness
