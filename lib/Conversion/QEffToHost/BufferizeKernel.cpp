// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels from tensors to loops over memory.

#include "MathExpansion.h"
#include "OperatorKernels.h"
#include "TileKernel.h"

#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace qeff;
using namespace qeff::host;
using mlir::func::FuncOp;
namespace bufferization = mlir::bufferization;
namespace linalg = mlir::linalg;
namespace memref = mlir::memref;

/// Whether `op` copies memory onto itself: a result that was computed in its
/// destination already.
static bool isSelfCopy(linalg::LinalgOp op) {
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic || generic.getNumDpsInputs() != 1 ||
      generic.getNumDpsInits() != 1 ||
      generic.getInputs()[0] != generic.getOutputs()[0] ||
      generic.getBody()->getOperations().size() != 1) {
    return false;
  }
  auto maps = generic.getIndexingMapsArray();
  auto yield = generic.getBody()->getTerminator();
  return maps[0] == maps[1] &&
         yield->getOperand(0) == generic.getBody()->getArgument(0);
}

static LogicalResult bufferize(FuncOp kernel) {
  mlir::IRRewriter rewriter(kernel.getContext());
  if (failed(bufferization::eliminateEmptyTensors(rewriter, kernel))) {
    return failure();
  }
  bufferization::OneShotBufferizationOptions options;
  options.memCpyFn = [](OpBuilder &builder, Location loc, Value from,
                        Value to) -> LogicalResult {
    linalg::makeMemRefCopyOp(builder, loc, from, to);
    return success();
  };
  bufferization::BufferizationState state;
  if (failed(bufferization::runOneShotBufferize(kernel, options, state))) {
    return failure();
  }
  kernel.walk([&](linalg::LinalgOp op) {
    if (isSelfCopy(op)) {
      op.erase();
    }
  });
  return success();
}

/// Folds and simplifies what is in `kernel`; math becomes arithmetic.
static LogicalResult simplify(FuncOp kernel, const KernelTarget &target) {
  MLIRContext *context = kernel.getContext();
  RewritePatternSet patterns(context);
  for (StringRef name : {"arith", "scf", "memref", "affine", "linalg"}) {
    if (mlir::Dialect *dialect = context->getLoadedDialect(name)) {
      dialect->getCanonicalizationPatterns(patterns);
    }
  }
  for (mlir::RegisteredOperationName op : context->getRegisteredOperations()) {
    StringRef dialect = op.getDialectNamespace();
    if (dialect == "scf" || dialect == "memref" || dialect == "arith") {
      op.getCanonicalizationPatterns(patterns, context);
    }
  }
  mlir::populateAffineToStdConversionPatterns(patterns);
  populateMathExpansionPatterns(patterns, target);
  return mlir::applyPatternsGreedily(kernel, std::move(patterns));
}

/// Asks LLVM to make vector loops of innermost loops that are parallel: their
/// iterations are independent, so no sum changes its order.
static void vectorizeLoop(mlir::scf::ForOp loop) {
  MLIRContext *context = loop.getContext();
  context->loadDialect<mlir::LLVM::LLVMDialect>();
  mlir::Attribute annotation = mlir::parseAttribute(
      "#llvm.loop_annotation<vectorize = <disable = false>>", context);
  if (annotation) {
    loop->setAttr("llvm.loop_annotation", annotation);
  }
}

static LogicalResult convertToLoops(FuncOp kernel,
                                    const std::optional<RowPlan> &plan) {
  SmallVector<linalg::LinalgOp> ops;
  kernel.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
  mlir::IRRewriter rewriter(kernel.getContext());
  for (linalg::LinalgOp op : ops) {
    rewriter.setInsertionPoint(op);
    FailureOr<linalg::LinalgLoops> loops =
        linalg::linalgOpToLoops(rewriter, op);
    if (failed(loops)) {
      return failure();
    }
    if (plan) {
      restrictToTiles(cast<mlir::scf::ForOp>((*loops)[plan->axis]), *plan,
                      kernel);
    }
    bool isParallel =
        !loops->empty() && op.getIteratorTypesArray().back() ==
                               mlir::utils::IteratorType::parallel;
    if (isParallel) {
      vectorizeLoop(cast<mlir::scf::ForOp>(loops->back()));
    }
    rewriter.eraseOp(op);
  }
  return success();
}

/// A kernel owns no memory: what it allocates becomes an argument.
static LogicalResult takeMemory(FuncOp kernel) {
  SmallVector<memref::AllocOp> allocations;
  kernel.walk([&](memref::AllocOp op) { allocations.push_back(op); });
  for (memref::AllocOp op : allocations) {
    if (!op.getType().hasStaticShape() ||
        !op.getType().getLayout().isIdentity()) {
      return failure();
    }
    unsigned index = kernel.getNumArguments() - 2;
    (void)kernel.insertArgument(
        index, mlir::MemRefType::get(op.getType().getShape(),
                                     op.getType().getElementType()),
        {}, op.getLoc());
    op.replaceAllUsesWith(Value(kernel.getArgument(index)));
    op.erase();
  }
  return success();
}

std::optional<int64_t> host::bufferizeKernel(FuncOp kernel,
                                             const KernelTarget &target) {
  if (failed(bufferize(kernel))) {
    return std::nullopt;
  }
  std::optional<RowPlan> plan = planRows(kernel);
  if (failed(convertToLoops(kernel, plan)) || failed(simplify(kernel, target)) ||
      failed(takeMemory(kernel))) {
    return std::nullopt;
  }
  return plan ? plan->getNumTiles() : 1;
}
