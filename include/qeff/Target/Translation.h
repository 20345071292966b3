// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The exporters of `qeff-translate`.
#ifndef QEFF_TARGET_TRANSLATION_H
#define QEFF_TARGET_TRANSLATION_H

namespace qeff {

/// Registers `--export-onnx` (the model goes to the output, its weights to
/// `--onnx-data`) and `--export-aic100` (a package in the folder `--package`,
/// compiled where the AI 100 compiler is found) and `--export-host` (a host QPC
/// in the folder `--package`) with the translation driver.
void registerTargetTranslations();

} // namespace qeff

#endif // QEFF_TARGET_TRANSLATION_H
