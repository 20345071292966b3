// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// convert-qeff-to-host: specialized to host.

#include "FunctionLowering.h"
#include "HoistSelection.h"

#include "qeff/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace qeff {
#define GEN_PASS_DEF_CONVERTQEFFTOHOSTPASS
#include "qeff/Conversion/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using namespace qeff::host;
using mlir::func::FuncOp;

static void removeDeadOps(FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(
           llvm::reverse(function.getBody().front()))) {
    if (mlir::isOpTriviallyDead(&op)) {
      op.erase();
    }
  }
}

namespace {
struct ConvertQEffToHostPass
    : public qeff::impl::ConvertQEffToHostPassBase<ConvertQEffToHostPass> {
  using ConvertQEffToHostPassBase::ConvertQEffToHostPassBase;

  void runOnOperation() override {
    if (failed(convert(getOperation()))) {
      signalPassFailure();
    }
  }

  /// The type that the option `weights` names, null for auto.
  FailureOr<FloatType> getWeightType(ModuleOp module) {
    Builder builder(module.getContext());
    if (weights == "auto") {
      return FloatType();
    }
    if (weights == "f32") {
      return FloatType(builder.getF32Type());
    }
    if (weights == "f16") {
      return FloatType(builder.getF16Type());
    }
    if (weights == "bf16") {
      return FloatType(builder.getBF16Type());
    }
    return module.emitError("expects weights auto, f32, f16 or bf16, got '")
           << weights << "'";
  }

  /// The functions to lower, with their specializations' dims.
  FailureOr<SmallVector<std::pair<FuncOp, DictionaryAttr>>>
  getFunctions(ModuleOp module) {
    llvm::DenseMap<StringAttr, DictionaryAttr> dims;
    for (SpecAttr spec : getSpecializations(module)) {
      dims[spec.getName()] = spec.getDims();
    }
    SmallVector<std::pair<FuncOp, DictionaryAttr>> functions;
    for (FuncOp function : module.getOps<FuncOp>()) {
      auto found = dims.find(function.getSymNameAttr());
      if (found == dims.end()) {
        return function.emitError("expects a function named as one of the "
                                  "module's specializations, got '")
               << function.getSymName() << "'";
      }
      if (!function.getBody().hasOneBlock()) {
        return function.emitError("expects a function of one block, got ")
               << function.getBody().getBlocks().size();
      }
      functions.push_back({function, found->second});
    }
    if (functions.empty()) {
      return module.emitError("expects a function for each of the module's "
                              "specializations, got none");
    }
    return functions;
  }

  LogicalResult convert(ModuleOp module) {
    FailureOr<FloatType> weightType = getWeightType(module);
    FailureOr<KernelTarget> target = KernelTarget::get(module.getLoc(), mcpu);
    if (failed(weightType) || failed(target)) {
      return failure();
    }
    auto functions = getFunctions(module);
    if (failed(functions)) {
      return failure();
    }

    StateTable states;
    AdapterTable adapters;
    for (auto [function, dims] : *functions) {
      hoistSelection(function);
      removeDeadOps(function);
      if (failed(states.add(function)) || failed(adapters.add(function))) {
        return failure();
      }
    }
    OpBuilder builder(module.getContext());
    builder.setInsertionPointToEnd(module.getBody());
    states.createOps(builder);
    if (failed(adapters.finish(builder, module.getLoc()))) {
      return failure();
    }

    WeightPlacer placer(module, *weightType);
    for (auto [function, dims] : *functions) {
      for (auto linear : function.getOps<LinearOp>()) {
        if (placer.isWeight(linear.getWeight())) {
          placer.noteLinear(linear.getWeight());
        }
      }
    }
    KernelLibrary kernels(module, *target);
    OperatorKernels operators(module, *target);
    for (auto [function, dims] : *functions) {
      builder.setInsertionPointToEnd(module.getBody());
      FunctionLowering lowering(function, kernels, operators, placer, states,
                                adapters);
      if (failed(lowering.run()) || failed(lowering.emit(dims, builder))) {
        return failure();
      }
      function.erase();
    }
    placer.finish();
    for (auto dim : llvm::make_early_inc_range(module.getOps<DimOp>())) {
      dim.erase();
    }
    module->setAttr(kCPUAttr, builder.getStringAttr(target->cpu));
    setPhase(module, Phase::Host);
    return success();
  }
};
} // namespace
