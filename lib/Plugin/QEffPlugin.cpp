// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect and pass plugin: `mlir-opt --load-dialect-plugin=QEffPlugin.so
// --load-pass-plugin=QEffPlugin.so`.

#include "qeff/InitAll.h"
#include "qeff/Support/Version.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "QEff", qeff::kVersion,
          [](mlir::DialectRegistry *registry) {
            qeff::registerAllDialects(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "QEff", qeff::kVersion,
          [] { qeff::registerAllPasses(); }};
}
