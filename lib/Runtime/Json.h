// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON from outside: nlohmann-json's parser with limits on depth and on the
// number of values, and without duplicate keys; and a cursor that reads
// checked values and knows where it is for the error message.

#ifndef QEFF_LIB_RUNTIME_JSON_H
#define QEFF_LIB_RUNTIME_JSON_H

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace qeff::runtime {

nlohmann::json parseJson(std::string_view text);

/// A value and its path, "functions[0].inputs[1].offset".
class JsonCursor {
public:
  explicit JsonCursor(const nlohmann::json &value, std::string path = "")
      : value(value), path(std::move(path)) {}

  [[noreturn]] void failExpecting(const std::string &what) const;

  /// The member `key` of an object; fails where there is none.
  JsonCursor operator[](const char *key) const;
  bool has(const char *key) const;
  /// Elements of an array.
  size_t size() const;
  JsonCursor at(size_t index) const;
  /// The keys of an object, sorted.
  std::vector<std::string> keys() const;

  std::string string(size_t maxLength = 4096) const;
  /// A string that is not empty.
  std::string name() const;
  int64_t integer(int64_t min, int64_t max) const;
  /// A number of bytes; an offset is a multiple of 64 as well.
  uint64_t bytes() const;
  uint64_t offset() const;
  const std::string &getPath() const { return path; }

private:
  const nlohmann::json &value;
  std::string path;
};

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_JSON_H
