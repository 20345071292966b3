// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registers every dialect, pass and translation.

#include "qeff/InitAll.h"
#include "qeff/Conversion/Passes.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h"
#include "qeff/Import/Import.h"
#include "qeff/Pipelines/Phases.h"
#include "qeff/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

void qeff::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<QEffDialect, host::QEffHostDialect, onnxir::ONNXIRDialect,
                  mlir::arith::ArithDialect,
                  mlir::func::FuncDialect>();
}

void qeff::registerAllPasses() {
  registerConversionPasses();
  registerTransformsPasses();
  registerPipelines();
}

void qeff::registerAllTranslations() { registerImportTranslations(); }
