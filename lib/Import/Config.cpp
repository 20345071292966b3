// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Typed reads of a model's configuration.

#include "qeff/Import/Config.h"
#include "qeff/Import/JSON.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <limits>

using namespace qeff;

/// Longest value that a message repeats.
static constexpr size_t kMaxShownValue = 80;

static std::string show(const llvm::json::Value *value) {
  if (!value) {
    return "nothing";
  }
  if (value->kind() == llvm::json::Value::Array ||
      value->kind() == llvm::json::Value::Object) {
    return getJSONKind(*value).str();
  }
  std::string text;
  llvm::raw_string_ostream(text) << *value;
  if (text.size() > kMaxShownValue) {
    return getJSONKind(*value).str();
  }
  return text;
}

const llvm::json::Value *ConfigReader::get(StringRef key) const {
  const llvm::json::Value *value = object.get(key);
  bool null = value && value->kind() == llvm::json::Value::Null;
  return null ? nullptr : value;
}

void ConfigReader::emitError(const Twine &message) {
  if (!failedOnce) {
    mlir::emitError(loc) << message;
  }
  failedOnce = true;
}

void ConfigReader::emitExpects(StringRef key, const Twine &expected) {
  emitError("expects " + expected + " for '" + what + key + "', got " +
            show(get(key)));
}

std::optional<int64_t> ConfigReader::getOptionalInt(StringRef key, int64_t min,
                                                    int64_t max) {
  const llvm::json::Value *value = get(key);
  if (!value) {
    return std::nullopt;
  }
  std::optional<int64_t> number = getJSONInteger(*value);
  if (!number || *number < min || *number > max) {
    emitExpects(key, "an integer from " + Twine(min) + " to " + Twine(max));
    return std::nullopt;
  }
  return number;
}

int64_t ConfigReader::getInt(StringRef key, int64_t min, int64_t max) {
  if (!has(key)) {
    emitExpects(key, "an integer from " + Twine(min) + " to " + Twine(max));
    return min;
  }
  return getOptionalInt(key, min, max).value_or(min);
}

int64_t ConfigReader::getInt(StringRef key, int64_t fallback, int64_t min,
                             int64_t max) {
  return getOptionalInt(key, min, max).value_or(fallback);
}

std::optional<double> ConfigReader::getOptionalNumber(StringRef key) {
  const llvm::json::Value *value = get(key);
  if (!value) {
    return std::nullopt;
  }
  std::optional<double> number = value->getAsNumber();
  if (!number || !std::isfinite(*number)) {
    emitExpects(key, "a finite number");
    return std::nullopt;
  }
  return number;
}

double ConfigReader::getNumber(StringRef key, double fallback) {
  return getOptionalNumber(key).value_or(fallback);
}

bool ConfigReader::getBool(StringRef key, bool fallback) {
  const llvm::json::Value *value = get(key);
  if (!value) {
    return fallback;
  }
  std::optional<bool> flag = value->getAsBoolean();
  if (!flag) {
    emitExpects(key, "true or false");
    return fallback;
  }
  return *flag;
}

std::string ConfigReader::getString(StringRef key, StringRef fallback) {
  const llvm::json::Value *value = get(key);
  if (!value) {
    return fallback.str();
  }
  std::optional<StringRef> text = value->getAsString();
  if (!text) {
    emitExpects(key, "a string");
    return fallback.str();
  }
  return text->str();
}

SmallVector<double> ConfigReader::getNumbers(StringRef key, size_t length) {
  SmallVector<double> numbers;
  const llvm::json::Value *value = get(key);
  const llvm::json::Array *array = value ? value->getAsArray() : nullptr;
  if (array && array->size() == length) {
    for (const llvm::json::Value &element : *array) {
      std::optional<double> number = element.getAsNumber();
      if (number && std::isfinite(*number)) {
        numbers.push_back(*number);
      }
    }
  }
  if (!array || numbers.size() != length) {
    emitExpects(key, "an array of " + Twine(length) + " finite numbers");
    return SmallVector<double>(length, 1.0);
  }
  return numbers;
}

SmallVector<int64_t> ConfigReader::getTokenIds(StringRef key) {
  SmallVector<int64_t> ids;
  const llvm::json::Value *value = get(key);
  if (!value) {
    return ids;
  }
  auto add = [&](const llvm::json::Value &entry) {
    std::optional<int64_t> id = getJSONInteger(entry);
    if (!id || *id < 0 || *id > std::numeric_limits<int32_t>::max()) {
      emitExpects(key, "a token id or an array of token ids");
      return false;
    }
    ids.push_back(*id);
    return true;
  };
  const llvm::json::Array *array = value->getAsArray();
  if (!array) {
    add(*value);
    return ids;
  }
  for (const llvm::json::Value &entry : *array) {
    if (!add(entry)) {
      break;
    }
  }
  return ids;
}

const llvm::json::Object *ConfigReader::getObject(StringRef key) {
  const llvm::json::Value *value = get(key);
  if (!value) {
    return nullptr;
  }
  const llvm::json::Object *nested = value->getAsObject();
  if (!nested) {
    emitExpects(key, "an object");
  }
  return nested;
}

void ConfigReader::requireBool(StringRef key, bool only) {
  if (getBool(key, only) != only) {
    emitExpects(key, only ? "true" : "false");
  }
}

void ConfigReader::requireInt(StringRef key, int64_t only) {
  const llvm::json::Value *value = get(key);
  if (value && getJSONInteger(*value) != only) {
    emitExpects(key, Twine(only));
  }
}

void ConfigReader::requireString(StringRef key, ArrayRef<StringRef> any) {
  if (has(key) && !llvm::is_contained(any, getString(key, any.front()))) {
    emitExpects(key, "'" + llvm::join(any, "' or '") + "'");
  }
}

void ConfigReader::refuse(StringRef key) {
  if (has(key)) {
    emitExpects(key, "no value");
  }
}
