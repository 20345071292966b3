// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Creation of kernel functions.

#include "KernelBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/ADT/APFloat.h"

using namespace qeff;
using namespace qeff::host;

std::string qeff::host::getNumberName(double value) {
  // The shortest decimal that reads back as the same number.
  llvm::APFloat number(value);
  SmallString<32> name;
  for (unsigned precision = 1; precision <= 17; ++precision) {
    name.clear();
    number.toString(name, precision, /*FormatMaxPadding=*/4);
    if (llvm::APFloat(number.getSemantics(), name).bitwiseIsEqual(number)) {
      break;
    }
  }
  for (char &c : name) {
    c = c == '.' ? 'p' : c == '-' ? 'm' : c == '+' ? 'P' : c;
  }
  return std::string(name);
}

KernelLibrary::KernelLibrary(ModuleOp module, const KernelTarget &target)
    : module(module), target(target) {
  module.getContext()
      ->loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect,
                    mlir::math::MathDialect, mlir::memref::MemRefDialect,
                    mlir::scf::SCFDialect,
                    mlir::vector::VectorDialect>();
}

Kernel KernelLibrary::getOrBuild(
    const Twine &name, ArrayRef<Type> operands, int64_t tiles, bool inPlace,
    llvm::function_ref<void(KernelBuilder &)> body) {
  SmallString<64> buffer;
  StringRef symbol = name.toStringRef(buffer);
  auto [entry, isNew] = kernels.try_emplace(symbol);
  if (!isNew) {
    return entry->second;
  }
  MLIRContext *context = module.getContext();
  entry->second = {FlatSymbolRefAttr::get(context, symbol), tiles};
  if (module.lookupSymbol(symbol)) {
    return entry->second;
  }
  OpBuilder builder(context);
  builder.setInsertionPointToEnd(module.getBody());
  SmallVector<Type> inputs(operands);
  inputs.append(2, builder.getIndexType());
  auto function = mlir::func::FuncOp::create(
      builder, builder.getUnknownLoc(), symbol,
      builder.getFunctionType(inputs, {}));
  function.setPrivate();
  function->setAttr(kKernelAttr, builder.getUnitAttr());
  if (!inPlace) {
    for (unsigned i = 0, e = operands.size(); i != e; ++i) {
      function.setArgAttr(i, "llvm.noalias", builder.getUnitAttr());
    }
  }
  function.addEntryBlock();
  KernelBuilder kernel(function, target);
  body(kernel);
  mlir::func::ReturnOp::create(kernel);
  return entry->second;
}
