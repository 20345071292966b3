// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The files beside the weights that turn text into tokens and back.
#ifndef QEFF_IMPORT_TOKENIZER_H
#define QEFF_IMPORT_TOKENIZER_H

#include "qeff/Support/LLVM.h"

namespace qeff {

/// Puts what a tokenizer and a chat template are built from into
/// `destinationDirectory`, which is created: from a model directory copies of
/// its tokenizer, template and configuration files, from a GGUF file
/// `tokenizer.gguf`, its metadata without the tensors. Files that the model
/// does not have are no error. Errors are emitted at `loc`.
LogicalResult copyTokenizerFiles(StringRef model,
                                 StringRef destinationDirectory, Location loc);

} // namespace qeff

#endif // QEFF_IMPORT_TOKENIZER_H
