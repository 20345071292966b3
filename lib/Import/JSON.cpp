// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Limits around LLVM's JSON parser, which has none of its own: it recurses by
// nesting and keeps the last of several members of one name.

#include "qeff/Import/JSON.h"
#include "qeff/Import/InputFile.h"

#include "llvm/ADT/Twine.h"

#include <algorithm>

using namespace qeff;

namespace {
/// What a scan of the text finds without parsing it.
struct JSONShape {
  int64_t depth = 0;
  int64_t values = 1;
  int64_t members = 0;
};
} // namespace

static JSONShape scan(llvm::StringRef text) {
  JSONShape shape;
  int64_t depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        inString = false;
      }
      continue;
    }
    switch (c) {
    case '"':
      inString = true;
      break;
    case '{':
    case '[':
      shape.depth = std::max(shape.depth, ++depth);
      ++shape.values;
      break;
    case '}':
    case ']':
      --depth;
      break;
    case ',':
      ++shape.values;
      break;
    case ':':
      ++shape.members;
      break;
    default:
      break;
    }
  }
  return shape;
}

/// Members of all objects in `value`; nesting is bounded by then.
static int64_t countMembers(const llvm::json::Value &value) {
  int64_t count = 0;
  if (const llvm::json::Array *array = value.getAsArray()) {
    for (const llvm::json::Value &element : *array) {
      count += countMembers(element);
    }
  } else if (const llvm::json::Object *object = value.getAsObject()) {
    for (const auto &member : *object) {
      count += 1 + countMembers(member.second);
    }
  }
  return count;
}

llvm::Expected<llvm::json::Object>
qeff::parseJSONObject(llvm::StringRef text) {
  if (text.size() > kMaxJSONBytes) {
    return makeImportError("expects at most " + llvm::Twine(kMaxJSONBytes) +
                           " bytes of JSON, got " + llvm::Twine(text.size()));
  }
  JSONShape shape = scan(text);
  if (shape.depth > kMaxJSONDepth) {
    return makeImportError("expects JSON nested at most " +
                           llvm::Twine(kMaxJSONDepth) + " deep, got " +
                           llvm::Twine(shape.depth));
  }
  if (shape.values > kMaxJSONValues) {
    return makeImportError("expects at most " + llvm::Twine(kMaxJSONValues) +
                           " JSON values, got " + llvm::Twine(shape.values));
  }
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value) {
    return makeImportError("expects JSON, got a syntax error: " +
                           llvm::toString(value.takeError()));
  }
  if (countMembers(*value) != shape.members) {
    return makeImportError(
        "expects distinct names in each JSON object, got one twice");
  }
  llvm::json::Object *object = value->getAsObject();
  if (!object) {
    return makeImportError("expects a JSON object, got " +
                           getJSONKind(*value));
  }
  return std::move(*object);
}

/// Index behind the string that begins at `begin`.
static size_t skipString(llvm::StringRef text, size_t begin) {
  size_t i = begin + 1;
  while (i < text.size() && text[i] != '"') {
    i += text[i] == '\\' ? 2 : 1;
  }
  return std::min(i + 1, text.size());
}

std::vector<std::string> qeff::getMemberNames(llvm::StringRef text,
                                              llvm::StringRef member) {
  std::vector<std::string> names;
  int64_t depth = 0;
  bool inside = false; // the member's value
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '{' || text[i] == '[') {
      ++depth;
    } else if (text[i] == '}' || text[i] == ']') {
      --depth;
    }
    if (text[i] != '"') {
      ++i;
      continue;
    }
    llvm::StringRef literal = text.slice(i, skipString(text, i));
    i += literal.size();
    size_t next = text.find_first_not_of(" \t\r\n", i);
    if (next == llvm::StringRef::npos || text[next] != ':') {
      continue;
    }
    llvm::Expected<llvm::json::Value> name = llvm::json::parse(literal);
    if (!name) {
      llvm::consumeError(name.takeError());
      continue;
    }
    llvm::StringRef key = name->getAsString().value_or("");
    if (depth == 1) {
      inside = key == member;
    } else if (depth == 2 && inside) {
      names.push_back(key.str());
    }
  }
  return names;
}

std::optional<int64_t> qeff::getJSONInteger(const llvm::json::Value &value) {
  // LLVM keeps a number without point and exponent as an integer; any other
  // is a double, and integer and double cannot be told apart by its kind.
  std::optional<double> number = value.getAsNumber();
  if (!number || (*number >= 0x1p63 && !value.getAsUINT64())) {
    return std::nullopt;
  }
  return value.getAsInteger();
}

llvm::StringRef qeff::getJSONKind(const llvm::json::Value &value) {
  switch (value.kind()) {
  case llvm::json::Value::Null:
    return "null";
  case llvm::json::Value::Boolean:
    return "a boolean";
  case llvm::json::Value::Number:
    return "a number";
  case llvm::json::Value::String:
    return "a string";
  case llvm::json::Value::Array:
    return "an array";
  case llvm::json::Value::Object:
    return "an object";
  }
  return "a value";
}
