#include <signal.h>

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "../src/sample_library.h"
#include "check.h"
#include "folder.h"

namespace harness {
namespace {

using test::Folder;

constexpr char kIndex[] = "envmgr-tensors 1\ndtype float32\nshape 3 160 120\ncount 2\nb.jpg\na.jpg\n";

TensorIndex Parse(const std::string& text) {
  std::istringstream stream(text);
  return ParseTensorIndex(stream);
}

/// kIndex with `old_text` replaced.
std::string With(const std::string& old_text, const std::string& new_text) {
  std::string index = kIndex;
  return index.replace(index.find(old_text), old_text.size(), new_text);
}

TEST(AnIndexKeepsTheOrderOfItsImages) {
  const TensorIndex index = Parse(kIndex);
  CHECK(index.shape.channels == 3 && index.shape.height == 160 && index.shape.width == 120);
  CHECK((index.names == std::vector<std::string>{"b.jpg", "a.jpg"}));
}

TEST(AnIndexThatIsNotAsDescribedIsRefusedByLine) {
  CHECK_THROWS(std::runtime_error, Parse(""), "line 1");
  CHECK_THROWS(std::runtime_error, Parse(With("tensors 1", "tensors 2")), "line 1: only version 1");
  CHECK_THROWS(std::runtime_error, Parse(With("float32", "float16")), "line 2: only float32");
  CHECK_THROWS(std::runtime_error, Parse(With("3 160 120", "3 160")), "line 3");
  CHECK_THROWS(std::runtime_error, Parse(With("3 160", "3 -160")), "line 3");
  CHECK_THROWS(std::runtime_error, Parse(With("count", "number")), "line 4");
}

TEST(AnIndexWithAnotherNumberOfImagesIsRefused) {
  CHECK_THROWS(std::runtime_error, Parse(With("count 2", "count 3")), "count is 3, but 2 image names follow");
}

TEST(SamplesLieOneAfterTheOther) {
  const Folder folder;
  const std::string tensors = folder.WriteTensors({"a.jpg", "b.jpg", "c.jpg"});
  QuerySampleLibrary library(tensors, 0, "");
  CHECK(library.Count() == 3);
  CHECK(library.Sample(2) - library.Sample(0) == 12);
  CHECK(library.ImageName(1) == "b.jpg");
  library.LoadSamplesToRam({0, 2});
  CHECK(!library.OnLoad());
}

TEST(ACountTakesTheFirstSamples) {
  const Folder folder;
  const std::string tensors = folder.WriteTensors({"a.jpg", "b.jpg", "c.jpg"});
  CHECK(QuerySampleLibrary(tensors, 2, "").TotalSampleCount() == 2);
  CHECK_THROWS(std::runtime_error, QuerySampleLibrary(tensors, 4, ""), "has only 3 samples");
}

TEST(TensorsOfAnotherSizeThanTheirIndexSaysAreRefused) {
  const Folder folder;
  const std::string tensors = folder.WriteTensors({"a.jpg"});
  folder.Write("tensors/tensors.f32", std::string(23, '\0'));
  CHECK_THROWS(std::runtime_error, QuerySampleLibrary(tensors, 0, ""), "has 23 bytes, but its index.txt asks for 24");
}

constexpr size_t kNone = 99;
constexpr char kShell[] = "/bin/sh";

std::string Digits(const QuerySampleLibrary& library, size_t sample) {
  return {reinterpret_cast<const char*>(library.Sample(sample)), 24};
}

size_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

TEST(SamplesMadeOnLoadAreInMemoryUntilTheyAreUnloaded) {
  const Folder folder;
  QuerySampleLibrary library(folder.WriteLoader({"a.jpg", "b.jpg", "c.jpg"}, kNone), 0, kShell);
  CHECK(library.OnLoad());
  library.LoadSamplesToRam({2, 0});
  CHECK(Digits(library, 2) == "000000000000000000000002");
  CHECK(Digits(library, 0) == "000000000000000000000000");
  library.UnloadSamplesFromRam({2, 0});
  CHECK(library.Sample(2) == nullptr);
  library.Load({1});
  CHECK(Digits(library, 1) == "000000000000000000000001");
}

TEST(ASampleThatCannotBeMadeIsNamed) {
  const Folder folder;
  QuerySampleLibrary library(folder.WriteLoader({"a.jpg", "b.jpg", "c.jpg"}, 1), 0, kShell);
  CHECK_THROWS(std::runtime_error, library.Load({0, 2, 1}), "sample 1 (b.jpg) cannot be loaded: ");
}

TEST(ALoaderThatHasEndedIsAnError) {
  const Folder folder;
  const std::string tensors = folder.WriteLoader({"a.jpg", "b.jpg"}, kNone);
  folder.Write("tensors/load.py", "exit 3\n");
  QuerySampleLibrary library(tensors, 0, kShell);
  CHECK_THROWS(std::runtime_error, library.Load({0}), "load.py ended with exit code 3");
}

TEST(ALoaderThatWritesMoreThanItWasAskedForIsAnError) {
  const Folder folder;
  const std::string tensors = folder.WriteLoader({"a.jpg", "b.jpg"}, kNone);
  folder.Write("tensors/load.py", "while read -r line; do printf %049d 1; done\n");
  QuerySampleLibrary library(tensors, 0, kShell);
  library.Load({0});
  CHECK_THROWS(std::runtime_error, library.Load({1}), "more than it was asked for");
}

TEST(TheLoaderIsEndedWithTheLibraryAndLeavesNoFileOpen) {
  const Folder folder;
  const std::string tensors = folder.WriteLoader({"a.jpg"}, kNone);
  const size_t before = OpenFiles();
  {
    QuerySampleLibrary library(tensors, 0, kShell);
    library.Load({0});
    CHECK(kill(std::stoi(folder.Read("tensors/pid")), 0) == 0);
  }
  CHECK(OpenFiles() == before);
  CHECK(kill(std::stoi(folder.Read("tensors/pid")), 0) == -1 && errno == ESRCH);
}

TEST(SamplesMadeOnLoadNeedAnInterpreter) {
  const Folder folder;
  const std::string tensors = folder.WriteLoader({"a.jpg"}, kNone);
  CHECK_THROWS(std::runtime_error, QuerySampleLibrary(tensors, 0, ""), "--python is missing");
  CHECK_THROWS(std::runtime_error, QuerySampleLibrary(tensors, 0, folder.Path("none")),
               "--python " + folder.Path("none"));
}

TEST(AFolderWithoutAnIndexIsRefused) {
  const Folder folder;
  CHECK_THROWS(std::runtime_error, QuerySampleLibrary(folder.Path("none"), 0, ""), "index.txt: cannot be read");
}

}  // namespace
}  // namespace harness
