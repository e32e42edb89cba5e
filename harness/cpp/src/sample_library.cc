#include "sample_library.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace harness {
namespace {

/// Samples that load.py makes stay in memory while LoadGen uses them.
constexpr size_t kMostLoadedBytes = size_t{1} << 30;

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors.f32 is little-endian and is used as it lies there");

/// Reads a header line `key value...` and returns the part behind the key.
std::istringstream ReadField(std::istream& text, size_t line_number, const std::string& key) {
  std::string line;
  std::getline(text, line);
  std::istringstream fields(line);
  std::string word;
  if (!(fields >> word) || word != key) {
    throw std::runtime_error("line " + std::to_string(line_number) + ": expected '" + key + " ...', found '" + line +
                             "'");
  }
  return fields;
}

template <class Value>
Value ReadValue(std::istringstream& fields, size_t line_number, const std::string& what) {
  Value value;
  if (!(fields >> value)) throw std::runtime_error("line " + std::to_string(line_number) + ": expected " + what);
  return value;
}

size_t ReadSize(std::istringstream& fields, size_t line_number, const std::string& what) {
  const auto value = ReadValue<long long>(fields, line_number, what);
  if (value < 1) throw std::runtime_error("line " + std::to_string(line_number) + ": expected " + what + ", 1 or more");
  return static_cast<size_t>(value);
}

TensorIndex ReadTensorIndex(const std::string& path) {
  std::ifstream text(path);
  if (!text) throw std::runtime_error(path + ": cannot be read; --tensors must name a tensors folder");
  try {
    return ParseTensorIndex(text);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
}

/// Maps a file that must have exactly `bytes` bytes.
const float* MapTensors(const std::string& path, size_t bytes) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw std::system_error(errno, std::generic_category(), path);
  struct stat status;
  const int failed = fstat(file, &status);
  const auto size = failed == 0 ? static_cast<size_t>(status.st_size) : 0;
  void* address = size == bytes ? mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
  const int error = errno;
  close(file);
  if (failed == 0 && size != bytes) {
    throw std::runtime_error(path + ": has " + std::to_string(size) + " bytes, but its index.txt asks for " +
                             std::to_string(bytes) + "; make the tensors anew");
  }
  if (address == MAP_FAILED) throw std::system_error(error, std::generic_category(), path);
  return static_cast<const float*>(address);
}

}  // namespace

TensorIndex ParseTensorIndex(std::istream& text) {
  TensorIndex index;
  auto version = ReadField(text, 1, "envmgr-tensors");
  if (ReadValue<std::string>(version, 1, "a version") != "1")
    throw std::runtime_error("line 1: only version 1 is known");
  auto dtype = ReadField(text, 2, "dtype");
  if (ReadValue<std::string>(dtype, 2, "a dtype") != "float32")
    throw std::runtime_error("line 2: only float32 is known");
  auto shape = ReadField(text, 3, "shape");
  index.shape.channels = ReadSize(shape, 3, "channels height width");
  index.shape.height = ReadSize(shape, 3, "channels height width");
  index.shape.width = ReadSize(shape, 3, "channels height width");
  auto count_field = ReadField(text, 4, "count");
  const size_t count = ReadSize(count_field, 4, "the number of samples");
  for (std::string name; std::getline(text, name) && !name.empty();) index.names.push_back(name);
  if (index.names.size() != count) {
    throw std::runtime_error("count is " + std::to_string(count) + ", but " + std::to_string(index.names.size()) +
                             " image names follow");
  }
  return index;
}

QuerySampleLibrary::QuerySampleLibrary(const std::string& folder, size_t count, const std::string& python)
    : name_("tensors"), index_(ReadTensorIndex(folder + "/index.txt")) {
  if (count > index_.names.size()) {
    throw std::runtime_error("--count " + std::to_string(count) + ": " + folder + " has only " +
                             std::to_string(index_.names.size()) + " samples");
  }
  places_.resize(index_.names.size());
  if (std::filesystem::exists(folder + "/load.py")) {
    if (python.empty()) throw std::runtime_error("--python is missing: it runs " + folder + "/load.py");
    loader_ = std::make_unique<Loader>(python, folder + "/load.py");
    loaded_.resize(index_.names.size());
  } else {
    mapped_bytes_ = index_.names.size() * SampleBytes();
    mapped_ = MapTensors(folder + "/tensors.f32", mapped_bytes_);
    for (size_t i = 0; i < places_.size(); ++i) places_[i] = mapped_ + i * Shape().Floats();
  }
  if (count != 0) index_.names.resize(count);
}

QuerySampleLibrary::~QuerySampleLibrary() {
  if (mapped_ != nullptr) munmap(const_cast<float*>(mapped_), mapped_bytes_);
}

size_t QuerySampleLibrary::PerformanceSampleCount() {
  return loader_ ? std::min(Count(), std::max<size_t>(1, kMostLoadedBytes / SampleBytes())) : Count();
}

void QuerySampleLibrary::Load(const std::vector<size_t>& samples) {
  if (loader_) {
    Make(samples);
  } else {
    Touch(samples);
  }
}

void QuerySampleLibrary::Unload(const std::vector<size_t>& samples) {
  if (!loader_) return;  // the pages are the file's: the kernel takes them back when it needs memory
  for (const size_t sample : samples) {
    places_[sample] = nullptr;
    loaded_[sample].reset();
  }
}

void QuerySampleLibrary::LoadSamplesToRam(const std::vector<mlperf::QuerySampleIndex>& samples) {
  try {
    Load(samples);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "harness: %s\n", error.what());
    std::_Exit(1);  // LoadGen cannot be told, and its own threads cannot be unwound
  }
}

void QuerySampleLibrary::UnloadSamplesFromRam(const std::vector<mlperf::QuerySampleIndex>& samples) { Unload(samples); }

void QuerySampleLibrary::Touch(const std::vector<size_t>& samples) const {
  const size_t floats_a_page = static_cast<size_t>(sysconf(_SC_PAGESIZE)) / sizeof(float);
  for (const size_t sample : samples) {
    const volatile float* values = Sample(sample);
    for (size_t i = 0; i < Shape().Floats(); i += floats_a_page) static_cast<void>(values[i]);
    static_cast<void>(values[Shape().Floats() - 1]);
  }
}

void QuerySampleLibrary::Make(const std::vector<size_t>& samples) {
  std::vector<char*> places;
  for (const size_t sample : samples) {
    loaded_[sample] = std::unique_ptr<float[]>(new float[Shape().Floats()]);
    places_[sample] = loaded_[sample].get();
    places.push_back(reinterpret_cast<char*>(loaded_[sample].get()));
  }
  const size_t came = loader_->Load(samples, places, SampleBytes());
  if (came == samples.size()) return;
  throw std::runtime_error("sample " + std::to_string(samples[came]) + " (" + ImageName(samples[came]) +
                           ") cannot be loaded: " + loader_->Ending());
}

}  // namespace harness
