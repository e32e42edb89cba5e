#include "loader.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

namespace harness {
namespace {

[[noreturn]] void Throw(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

/// Both ends are closed in every other child.
struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) Throw(errno, "a pipe to load.py");
    read = ends[0];
    write = ends[1];
  }
  int read;
  int write;
};

/// \return Whether all was written; a program that has ended reads no more.
bool WriteAll(int file, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) done += static_cast<size_t>(count);
  }
  return true;
}

/// \return How many bytes came before the end of the file.
size_t ReadAll(int file, char* place, size_t bytes) {
  size_t done = 0;
  while (done < bytes) {
    const ssize_t count = read(file, place + done, bytes - done);
    if (count == 0 || (count < 0 && errno != EINTR)) break;
    if (count > 0) done += static_cast<size_t>(count);
  }
  return done;
}

bool HasMore(int file) {
  pollfd waiting = {file, POLLIN, 0};
  return poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLIN) != 0;
}

pid_t Start(const std::string& python, const std::string& program, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  const char* const argv[] = {python.c_str(), program.c_str(), nullptr};
  pid_t child = -1;
  const int error = posix_spawn(&child, python.c_str(), &actions, nullptr, const_cast<char* const*>(argv), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) Throw(error, "--python " + python);
  return child;
}

}  // namespace

Loader::Loader(const std::string& python, const std::string& program) : program_(program) {
  std::signal(SIGPIPE, SIG_IGN);  // a program that has ended is told by what write() returns
  const Pipe requests;
  const Pipe answers;
  requests_ = requests.write;
  answers_ = answers.read;
  try {
    child_ = Start(python, program, requests.read, answers.write);
  } catch (...) {
    close(requests.read);
    close(answers.write);
    Close();
    throw;
  }
  close(requests.read);
  close(answers.write);
}

Loader::~Loader() {
  if (child_ != -1) kill(child_, SIGTERM);
  Close();
  if (child_ != -1) waitpid(child_, nullptr, 0);
}

void Loader::Close() {
  for (int* file : {&requests_, &answers_}) {
    if (*file != -1) close(*file);
    *file = -1;
  }
}

size_t Loader::Load(const std::vector<size_t>& samples, const std::vector<char*>& places, size_t bytes) {
  if (HasMore(answers_)) throw std::runtime_error(program_ + " has written more than it was asked for");
  std::string line;
  for (const size_t sample : samples) line += (line.empty() ? "" : " ") + std::to_string(sample);
  if (!WriteAll(requests_, line + "\n")) return 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (ReadAll(answers_, places[i], bytes) != bytes) return i;
  }
  return samples.size();
}

std::string Loader::Ending() {
  Close();
  int status = 0;
  waitpid(child_, &status, 0);
  child_ = -1;
  if (WIFSIGNALED(status)) return program_ + " was ended by signal " + std::to_string(WTERMSIG(status));
  return program_ + " ended with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace harness
