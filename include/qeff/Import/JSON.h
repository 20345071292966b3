// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON from outside: LLVM's parser behind limits on nesting and size.
#ifndef QEFF_IMPORT_JSON_H
#define QEFF_IMPORT_JSON_H

#include "llvm/Support/JSON.h"

#include <optional>
#include <string>
#include <vector>

namespace qeff {

/// Deepest nesting of arrays and objects, and most values, that a document may
/// have. They bound the stack and the memory that parsing takes.
inline constexpr int64_t kMaxJSONDepth = 64;
inline constexpr int64_t kMaxJSONValues = 1 << 21;

/// Most bytes of a JSON file or header.
inline constexpr uint64_t kMaxJSONBytes = 32u << 20;

/// Parses `text`, which must be an object (JSON, RFC 8259). Errors: syntax,
/// invalid UTF-8, a limit exceeded, a name that occurs twice in an object.
llvm::Expected<llvm::json::Object> parseJSONObject(llvm::StringRef text);

/// Names of the members of the object that `member` of the valid JSON object
/// `text` is, in the order of the text.
std::vector<std::string> getMemberNames(llvm::StringRef text,
                                        llvm::StringRef member);

/// The number `value` if it is one without a fraction that an int64_t holds.
/// LLVM's getAsInteger converts 2^63, written as a float, and so overflows.
std::optional<int64_t> getJSONInteger(const llvm::json::Value &value);

/// What `value` is, for messages: "a string", "null", "an array", ….
llvm::StringRef getJSONKind(const llvm::json::Value &value);

} // namespace qeff

#endif // QEFF_IMPORT_JSON_H
