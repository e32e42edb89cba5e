/// \file
/// The program of a tensors folder that makes samples when they are asked for, as a child process.
///
/// `PYTHON DIR/load.py` reads lines of sample positions, separated by spaces, from its stdin and answers each line with
/// the float32 numbers of these samples, one after the other, on its stdout. It ends at the end of its stdin.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace harness {

/// Runs for as long as the object lives; used by one thread at a time.
class Loader {
 public:
  /// Starts the program.
  /// \throws std::system_error when it cannot be started.
  Loader(const std::string& python, const std::string& program);

  /// Ends the program: nobody waits for an answer.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// Asks for samples and reads them.
  /// \throws std::runtime_error when the program has written more than it was asked for.
  /// \param places Where the `bytes` of each sample go.
  /// \return How many came: fewer than were asked for when the program failed at the next one.
  size_t Load(const std::vector<size_t>& samples, const std::vector<char*>& places, size_t bytes);

  /// How the program ended, for messages; waits for its end.
  std::string Ending();

 private:
  void Close();

  std::string program_;
  pid_t child_ = -1;
  int requests_ = -1;
  int answers_ = -1;
};

}  // namespace harness
