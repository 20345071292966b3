// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registers every dialect, pass and translation.

#include "qeff/InitAll.h"
#include "qeff/Conversion/Passes.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h"
#include "qeff/Import/Import.h"
#include "qeff/Import/ONNX.h"
#include "qeff/Pipelines/Phases.h"
#include "qeff/Raise/Passes.h"
#include "qeff/Target/Translation.h"
#include "qeff/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

void qeff::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<QEffDialect, host::QEffHostDialect, onnxir::ONNXIRDialect,
                  mlir::arith::ArithDialect,
                  mlir::bufferization::BufferizationDialect,
                  mlir::func::FuncDialect, mlir::linalg::LinalgDialect,
                  mlir::math::MathDialect, mlir::memref::MemRefDialect,
                  mlir::scf::SCFDialect, mlir::tensor::TensorDialect,
                  mlir::vector::VectorDialect>();
  // What bufferization of a kernel asks of the ops in it.
  mlir::arith::registerBufferizableOpInterfaceExternalModels(registry);
  mlir::linalg::registerBufferizableOpInterfaceExternalModels(registry);
  mlir::linalg::registerSubsetOpInterfaceExternalModels(registry);
  mlir::scf::registerBufferizableOpInterfaceExternalModels(registry);
  mlir::tensor::registerBufferizableOpInterfaceExternalModels(registry);
  mlir::tensor::registerSubsetOpInterfaceExternalModels(registry);
}

void qeff::registerAllPasses() {
  registerConversionPasses();
  registerRaisePasses();
  registerTransformsPasses();
  onnxir::registerONNXIRPasses();
  registerPipelines();
}

void qeff::registerAllTranslations() {
  registerImportTranslations();
  registerONNXTranslations();
  registerTargetTranslations();
}
