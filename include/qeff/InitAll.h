// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one list of dialects and passes: tools, the plugin, the C API and Python
// register through it.
#ifndef QEFF_INITALL_H
#define QEFF_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace qeff {

/// The project's dialects and the upstream ones that its pipelines use.
void registerAllDialects(mlir::DialectRegistry &registry);

/// The project's passes and pipelines. Idempotent.
void registerAllPasses();

/// The importers and exporters of `qeff-translate`. Idempotent.
void registerAllTranslations();

} // namespace qeff

#endif // QEFF_INITALL_H
