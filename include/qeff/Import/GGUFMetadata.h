// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All metadata of a GGUF file, vocabularies included. The importers do with the
// small values that `readGGUFHeader` keeps; tokenizers need the rest.
#ifndef QEFF_IMPORT_GGUFMETADATA_H
#define QEFF_IMPORT_GGUFMETADATA_H

#include "llvm/Support/Error.h"

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace qeff {

class InputFile;

/// A metadata value: integers and floats of any width widened, strings in
/// UTF-8, arrays of one of the other kinds.
struct GGUFValue {
  std::variant<bool, int64_t, uint64_t, double, std::string,
               std::vector<GGUFValue>>
      value;
};

using GGUFMetadata = std::map<std::string, GGUFValue>;

/// Checks the whole header of `file` like `readGGUFHeader`, then reads its
/// metadata, by key. Arrays of arrays and strings that are not UTF-8 are
/// errors.
llvm::Expected<GGUFMetadata> readGGUFMetadata(const InputFile &file);

} // namespace qeff

#endif // QEFF_IMPORT_GGUFMETADATA_H
