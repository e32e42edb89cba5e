#include "folder.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace harness::test {

Folder::Folder() {
  std::string path = std::filesystem::temp_directory_path() / "harness-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("cannot make " + path);
  path_ = path;
}

Folder::~Folder() { std::filesystem::remove_all(path_); }

void Folder::Write(const std::string& name, const std::string& text) const {
  std::filesystem::create_directories((path_ / name).parent_path());
  std::ofstream(path_ / name, std::ios::binary) << text;
}

std::string Folder::Read(const std::string& name) const {
  std::ifstream file(path_ / name, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + Path(name));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Folder::WriteLoader(const std::vector<std::string>& image_names, size_t bad) const {
  const std::string tensors = WriteTensors(image_names);
  std::filesystem::remove(path_ / "tensors/tensors.f32");
  Write("tensors/load.py",
        "echo $$ >\"${0%/*}/pid\"\nwhile read -r line; do for i in $line; do\n[ $i = " + std::to_string(bad) +
            " ] && { echo broken >&2; exit 1; }\nprintf %024d $i\ndone; done\n");
  return tensors;
}

std::string Folder::WriteTensors(const std::vector<std::string>& image_names) const {
  std::string index =
      "envmgr-tensors 1\ndtype float32\nshape 1 2 3\ncount " + std::to_string(image_names.size()) + "\n";
  for (const std::string& name : image_names) index += name + "\n";
  Write("tensors/index.txt", index);
  Write("tensors/tensors.f32", std::string(image_names.size() * 6 * sizeof(float), '\0'));
  return Path("tensors");
}

}  // namespace harness::test
