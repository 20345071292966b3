// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The packages of the toy program, copies of them to damage, and what the toy
// program is to answer.

#ifndef QEFF_TEST_UNIT_RUNTIME_FAKEPACKAGE_H
#define QEFF_TEST_UNIT_RUNTIME_FAKEPACKAGE_H

#include "FakeProgram.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace qeff::runtime::test {

inline std::string getFakePackage(const char *variant = "dropped") {
  return std::string(FAKE_PACKAGES) + "/" + variant + "/host";
}

inline std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void writeFile(const std::string &path, const std::string &text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// A copy of the package in a directory that is removed at the end.
class PackageCopy {
public:
  PackageCopy() {
    std::string name =
        (std::filesystem::temp_directory_path() / "qeff-XXXXXX").string();
    path = ::mkdtemp(name.data());
    for (const char *file : {"qpc.json", "program.so", "weights.bin"}) {
      std::filesystem::copy_file(getFakePackage() + "/" + file,
                                 path + "/" + file);
    }
  }
  ~PackageCopy() { std::filesystem::remove_all(path); }
  PackageCopy(const PackageCopy &) = delete;

  /// Changes qpc.json.
  void edit(const std::function<void(nlohmann::json &)> &change) {
    auto manifest = nlohmann::json::parse(readFile(path + "/qpc.json"));
    change(manifest);
    writeFile(path + "/qpc.json", manifest.dump());
  }

  std::string path;
};

/// The token that the toy program gives after `history`.
inline int64_t getNextToken(const std::vector<int64_t> &history) {
  int64_t sum = 0;
  for (int64_t p = 0; p < int64_t(history.size()); ++p) {
    sum += (2 * p + 3) * ((37 * history[p] + 11) % 101 + 1) + p * p;
  }
  return sum % FAKE_VOCAB;
}

inline std::vector<int64_t> continueGreedily(std::vector<int64_t> history,
                                             size_t count) {
  std::vector<int64_t> tokens;
  while (tokens.size() < count && history.size() <= FAKE_CTX) {
    tokens.push_back(getNextToken(history));
    history.push_back(tokens.back());
  }
  return tokens;
}

inline std::vector<int64_t> makePrompt(size_t size, int64_t seed = 1) {
  std::vector<int64_t> prompt;
  for (size_t i = 0; i < size; ++i) {
    prompt.push_back((int64_t(i) * 29 + seed * 13 + 5) % FAKE_VOCAB);
  }
  return prompt;
}

} // namespace qeff::runtime::test

#endif // QEFF_TEST_UNIT_RUNTIME_FAKEPACKAGE_H
