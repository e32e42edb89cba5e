/// \file
/// As much of a test framework as these tests need: a test is a sentence, a failed check ends it.
#pragma once

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace harness::test {

using Test = std::pair<const char*, void (*)()>;

inline std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

inline bool Register(const char* name, void (*body)()) {
  Tests().emplace_back(name, body);
  return true;
}

inline void Check(bool holds, const std::string& what, const char* file, int line) {
  if (!holds) throw std::logic_error(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

/// Runs `act`, which must throw an Error whose message contains `text`.
template <class Error, class Act>
void CheckThrows(Act act, const std::string& text, const char* file, int line) {
  try {
    act();
  } catch (const Error& error) {
    Check(std::string(error.what()).find(text) != std::string::npos,
          "expected an error that says '" + text + "', got '" + error.what() + "'", file, line);
    return;
  }
  Check(false, "expected an error that says '" + text + "', got none", file, line);
}

/// Runs every test that is linked in; returns the exit code.
inline int RunAll() {
  int failed = 0;
  for (const auto& [name, body] : Tests()) {
    std::fflush(stdout);  // a test may fork
    try {
      body();
      std::printf("ok      %s\n", name);
    } catch (const std::exception& error) {
      std::printf("FAILED  %s\n        %s\n", name, error.what());
      ++failed;
    }
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace harness::test

#define CHECK(condition) ::harness::test::Check((condition), #condition, __FILE__, __LINE__)
#define CHECK_THROWS(Error, expression, text) \
  ::harness::test::CheckThrows<Error>([&] { static_cast<void>(expression); }, text, __FILE__, __LINE__)
#define TEST(Sentence)                                                                             \
  static void Sentence();                                                                          \
  [[maybe_unused]] static const bool k##Sentence = ::harness::test::Register(#Sentence, Sentence); \
  static void Sentence()
