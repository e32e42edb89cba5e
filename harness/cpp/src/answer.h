/// \file
/// The answer to one sample: float32 numbers, in the bytes that go into LoadGen's log.
#pragma once

#include <cstddef>
#include <vector>

namespace harness {

/// One object serves a worker for the whole test: Start() forgets the numbers but keeps their memory, so that nothing
/// is allocated once the longest answer has been seen.
class Answer {
 public:
  Answer() { numbers_.reserve(kUsualMost); }

  /// Begins the answer to the sample at `index`.
  void Start(size_t index) {
    index_ = index;
    numbers_.clear();
  }

  void Add(const float* numbers, size_t count) { numbers_.insert(numbers_.end(), numbers, numbers + count); }

  size_t Index() const { return index_; }
  const float* Data() const { return numbers_.data(); }
  size_t Bytes() const { return numbers_.size() * sizeof(float); }

 private:
  /// RetinaNet reports at most 300 objects an image, each in seven numbers.
  static constexpr size_t kUsualMost = size_t{300} * 7;

  size_t index_ = 0;
  std::vector<float> numbers_;
};

}  // namespace harness
