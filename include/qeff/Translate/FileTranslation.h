// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Translations of `qeff-translate` that open their input by its path. MLIR's
// own driver loads the whole input first, and copies it.
#ifndef QEFF_TRANSLATE_FILETRANSLATION_H
#define QEFF_TRANSLATE_FILETRANSLATION_H

#include <optional>

namespace qeff {

/// Runs what the command line asks for where that is `--import-hf`,
/// `--import-gguf`, `--import-onnx` or `--verify-roundtrip`, and returns the exit
/// code; nothing for any other command line.
std::optional<int> runFileTranslation(int argc, char **argv);

} // namespace qeff

#endif // QEFF_TRANSLATE_FILETRANSLATION_H
