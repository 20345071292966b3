// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Limits on JSON from outside, and checked access to it.

#include "Json.h"

#include "Error.h"

#include <nlohmann/json.hpp>
#include <vector>

using namespace qeff::runtime;
using nlohmann::json;

namespace {
constexpr size_t maxDepth = 16;
constexpr size_t maxValues = 1 << 20;
/// Sums of a few sizes never overflow.
constexpr int64_t maxSize = int64_t(1) << 48;

/// Builds the tree; returns false at the first breach, which ends parsing.
class Builder : public nlohmann::json_sax<json> {
public:
  json root;
  std::string error;

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t &) override {
    return add(value);
  }
  bool string(string_t &value) override { return add(std::move(value)); }
  bool binary(binary_t &) override { return breach("binary value"); }

  bool start_object(size_t) override { return open(json::object()); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t &name) override {
    if (stack.back()->contains(name)) {
      return breach("duplicate key '" + name.substr(0, 80) + "'");
    }
    pending = std::move(name);
    return true;
  }

  bool parse_error(size_t position, const std::string &,
                   const nlohmann::json::exception &) override {
    return breach("malformed JSON at byte " + std::to_string(position));
  }

private:
  bool breach(std::string message) {
    error = std::move(message);
    return false;
  }

  json *insert(json value) {
    if (stack.empty()) {
      root = std::move(value);
      return &root;
    }
    json &parent = *stack.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[pending] = std::move(value));
  }

  bool add(json value) {
    if (++count > maxValues) {
      return breach("more than " + std::to_string(maxValues) + " values");
    }
    insert(std::move(value));
    return true;
  }

  bool open(json value) {
    if (stack.size() >= maxDepth) {
      return breach("nested deeper than " + std::to_string(maxDepth));
    }
    if (++count > maxValues) {
      return breach("more than " + std::to_string(maxValues) + " values");
    }
    stack.push_back(insert(std::move(value)));
    return true;
  }

  bool close() {
    stack.pop_back();
    return true;
  }

  /// The containers that are open. A parent gains no element while a child is
  /// open, so the pointers stay valid.
  std::vector<json *> stack;
  std::string pending;
  size_t count = 0;
};

const char *describe(const json &value) {
  switch (value.type()) {
  case json::value_t::null:
    return "null";
  case json::value_t::boolean:
    return "a boolean";
  case json::value_t::number_float:
    return "a fraction";
  case json::value_t::object:
    return "an object";
  case json::value_t::array:
    return "an array";
  default:
    return nullptr;
  }
}
} // namespace

json qeff::runtime::parseJson(std::string_view text) {
  Builder builder;
  if (!json::sax_parse(text.begin(), text.end(), &builder)) {
    fail(builder.error);
  }
  return std::move(builder.root);
}

void JsonCursor::failExpecting(const std::string &what) const {
  std::string got;
  if (const char *kind = describe(value)) {
    got = kind;
  } else if (value.is_string()) {
    got = "'" + value.get_ref<const std::string &>().substr(0, 80) + "'";
  } else {
    got = value.dump();
  }
  fail(path.empty() ? "" : path + ": ", "expects ", what, ", got ", got);
}

JsonCursor JsonCursor::operator[](const char *key) const {
  if (!value.is_object()) {
    failExpecting("an object");
  }
  auto it = value.find(key);
  std::string child = path.empty() ? key : path + "." + key;
  if (it == value.end()) {
    fail(child, ": expects a value, got none");
  }
  return JsonCursor(*it, std::move(child));
}

bool JsonCursor::has(const char *key) const {
  if (!value.is_object()) {
    failExpecting("an object");
  }
  return value.contains(key);
}

size_t JsonCursor::size() const {
  if (!value.is_array()) {
    failExpecting("an array");
  }
  return value.size();
}

JsonCursor JsonCursor::at(size_t index) const {
  return JsonCursor(value[index], path + "[" + std::to_string(index) + "]");
}

std::vector<std::string> JsonCursor::keys() const {
  if (!value.is_object()) {
    failExpecting("an object");
  }
  std::vector<std::string> result;
  for (auto it = value.begin(); it != value.end(); ++it) {
    result.push_back(it.key());
  }
  return result;
}

std::string JsonCursor::string(size_t maxLength) const {
  if (!value.is_string()) {
    failExpecting("a string");
  }
  auto &text = value.get_ref<const std::string &>();
  if (text.size() > maxLength) {
    failExpecting("at most " + std::to_string(maxLength) + " characters");
  }
  if (text.find('\0') != std::string::npos) {
    failExpecting("a string without zero characters");
  }
  return text;
}

std::string JsonCursor::name() const {
  std::string text = string();
  if (text.empty()) {
    failExpecting("a name");
  }
  return text;
}

int64_t JsonCursor::integer(int64_t min, int64_t max) const {
  // Beyond int64 the parser gives an unsigned number.
  bool fits = value.is_number_integer() &&
              !(value.is_number_unsigned() &&
                value.get<uint64_t>() > uint64_t(INT64_MAX));
  int64_t number = fits ? value.get<int64_t>() : 0;
  if (!fits || number < min || number > max) {
    failExpecting("an integer in [" + std::to_string(min) + ", " +
                  std::to_string(max) + "]");
  }
  return number;
}

uint64_t JsonCursor::bytes() const {
  return static_cast<uint64_t>(integer(0, maxSize));
}

uint64_t JsonCursor::offset() const {
  uint64_t number = bytes();
  if (number % 64 != 0) {
    failExpecting("a multiple of 64");
  }
  return number;
}
