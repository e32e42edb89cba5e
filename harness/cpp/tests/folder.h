/// \file
/// Files for a test: a folder of its own, and tensors in it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace harness::test {

/// A new, empty folder that is deleted with this object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string Path(const std::string& name) const { return path_ / name; }
  void Write(const std::string& name, const std::string& text) const;
  std::string Read(const std::string& name) const;

  /// Writes a tensors folder of 2 x 3 images with one channel, all zero; returns its path.
  std::string WriteTensors(const std::vector<std::string>& image_names) const;

  /// The same, with a load.py for /bin/sh instead of the numbers: sample I is I in 24 digits; the one at `bad` fails.
  std::string WriteLoader(const std::vector<std::string>& image_names, size_t bad) const;

 private:
  std::filesystem::path path_;
};

}  // namespace harness::test
