// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX models to modules of the dialect `onnxir`.
#ifndef QEFF_IMPORT_ONNX_H
#define QEFF_IMPORT_ONNX_H

#include "qeff/Support/LLVM.h"

namespace qeff {

class InputFile;

/// Imports the ONNX model at `path` as a module of phase imported, which holds
/// all that the file says: exporting it gives the same model. Payloads of more
/// than a KiB stay in their files, whose root "model" is the folder of `path`;
/// time and memory do not depend on them. Errors are emitted at the file and
/// name the place in it.
FailureOr<OwningOpRef<ModuleOp>> importONNX(MLIRContext *context,
                                            StringRef path);

/// The same for an open file; external data lies in the folder of `path`.
FailureOr<OwningOpRef<ModuleOp>>
importONNX(MLIRContext *context, StringRef path, const InputFile &file);

/// Emits an error at the first differences between the models at `path` and
/// `other`, payloads included. Where a tensor's elements are stored and in which
/// of its fields is no difference, nor is the order of value infos.
LogicalResult compareONNX(MLIRContext *context, StringRef path,
                          StringRef other);

/// Imports the model at `path`, exports it to a temporary folder, and compares;
/// says so where the two are the same.
LogicalResult verifyONNXRoundTrip(MLIRContext *context, StringRef path,
                                  raw_ostream &output);

/// Registers `--import-onnx` and `--verify-roundtrip` with the translation
/// driver. That loads the whole file first; `runFileTranslation` does not.
void registerONNXTranslations();

} // namespace qeff

#endif // QEFF_IMPORT_ONNX_H
