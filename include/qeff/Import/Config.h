// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Typed reads of a model's configuration.
#ifndef QEFF_IMPORT_CONFIG_H
#define QEFF_IMPORT_CONFIG_H

#include "qeff/Support/LLVM.h"

#include "llvm/Support/JSON.h"

namespace qeff {

/// Reads values of a JSON object with the defaults of transformers' config
/// classes; null counts as absent. The first wrong value is emitted as an error
/// at the location; after it reads give defaults, so that a descriptor reads
/// everything and asks `hasFailed` once.
class ConfigReader {
public:
  /// `what` prefixes the keys in messages ("rope_parameters."), or is empty.
  /// The object must outlive the reader.
  ConfigReader(const llvm::json::Object &object, Location loc,
               StringRef what = "")
      : object(object), loc(loc), what(what.str()) {}

  /// Whether there is a value other than null.
  bool has(StringRef key) const { return get(key) != nullptr; }

  /// An integer with min <= value <= max.
  int64_t getInt(StringRef key, int64_t min, int64_t max);
  int64_t getInt(StringRef key, int64_t fallback, int64_t min, int64_t max);
  std::optional<int64_t> getOptionalInt(StringRef key, int64_t min,
                                        int64_t max);

  /// A finite number.
  double getNumber(StringRef key, double fallback);
  std::optional<double> getOptionalNumber(StringRef key);

  bool getBool(StringRef key, bool fallback);
  std::string getString(StringRef key, StringRef fallback);

  /// An array of finite numbers of the given length.
  SmallVector<double> getNumbers(StringRef key, size_t length);

  /// One id or an array of ids >= 0; empty where there is none.
  SmallVector<int64_t> getTokenIds(StringRef key);

  /// The object `key`, or nullptr where it is absent.
  const llvm::json::Object *getObject(StringRef key);

  /// Refuses a value other than `only` (where it is given at all).
  void requireBool(StringRef key, bool only);
  void requireInt(StringRef key, int64_t only);
  void requireString(StringRef key, ArrayRef<StringRef> any);
  /// Refuses any value but null.
  void refuse(StringRef key);

  /// Emits "expects `expected` for 'key', got <value>".
  void emitExpects(StringRef key, const Twine &expected);
  /// Emits `message`.
  void emitError(const Twine &message);

  /// A reader of the nested object `nested` that reports here.
  ConfigReader nest(const llvm::json::Object &nested, StringRef key) const {
    return ConfigReader(nested, loc, what + key.str() + ".");
  }

  bool hasFailed() const { return failedOnce; }
  /// Fails this reader where `other` failed.
  void absorb(const ConfigReader &other) { failedOnce |= other.failedOnce; }

private:
  const llvm::json::Value *get(StringRef key) const;

  const llvm::json::Object &object;
  Location loc;
  std::string what;
  bool failedOnce = false;
};

} // namespace qeff

#endif // QEFF_IMPORT_CONFIG_H
