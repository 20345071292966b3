// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of kernels as tiles.

#include "TileKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include "llvm/ADT/DenseSet.h"

using namespace qeff;
using namespace qeff::host;
using mlir::func::FuncOp;
namespace arith = mlir::arith;
namespace linalg = mlir::linalg;
namespace memref = mlir::memref;

/// More tiles than threads, so that threads end together.
static constexpr int64_t kMaxTiles = 64;

int64_t RowPlan::getRowsPerTile() const {
  return static_cast<int64_t>(llvm::divideCeil(rows, kMaxTiles));
}

int64_t RowPlan::getNumTiles() const {
  return static_cast<int64_t>(llvm::divideCeil(rows, getRowsPerTile()));
}

/// The memory that `value` is a view of.
static Value getBase(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<memref::ExpandShapeOp, memref::CollapseShapeOp,
             memref::SubViewOp, memref::CastOp>(op)) {
      break;
    }
    value = op->getOperand(0);
  }
  return value;
}

/// Memory that ops write a part of: its rows are not those of the part.
static llvm::DenseSet<Value> getPartBases(FuncOp kernel) {
  llvm::DenseSet<Value> bases;
  kernel.walk(
      [&](memref::SubViewOp op) { bases.insert(getBase(op.getSource())); });
  return bases;
}

/// The axes in front of `axis` have size 1 in `value` and in what it is a view
/// of, and `axis` has size `rows`: rows are the same pieces of memory.
static bool hasRows(Value value, unsigned axis, int64_t rows) {
  while (true) {
    auto type = cast<mlir::MemRefType>(value.getType());
    ArrayRef<int64_t> shape = type.getShape();
    if (shape.size() <= axis || shape[axis] != rows ||
        llvm::any_of(shape.take_front(axis),
                     [](int64_t size) { return size != 1; })) {
      return false;
    }
    Operation *op = value.getDefiningOp();
    if (!op || !isa<memref::ExpandShapeOp, memref::CollapseShapeOp>(op)) {
      return true;
    }
    value = op->getOperand(0);
  }
}

/// The operand's row is the loop's row.
static bool isByRow(linalg::LinalgOp op, OpOperand &operand,
                    const RowPlan &plan) {
  mlir::AffineMap map = op.getMatchingIndexingMap(&operand);
  if (map.getNumResults() <= plan.axis ||
      !hasRows(operand.get(), plan.axis, plan.rows)) {
    return false;
  }
  auto dim = dyn_cast<mlir::AffineDimExpr>(map.getResult(plan.axis));
  return dim && dim.getPosition() == plan.axis;
}

/// The first loop of more than one iteration, where it is parallel.
static std::optional<RowPlan> getFirstLoop(linalg::LinalgOp op) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  auto iterators = op.getIteratorTypesArray();
  for (auto [axis, size] : llvm::enumerate(ranges)) {
    if (size == 1) {
      continue;
    }
    if (size < 1 || iterators[axis] != mlir::utils::IteratorType::parallel) {
      return std::nullopt;
    }
    return RowPlan{static_cast<unsigned>(axis), size};
  }
  return std::nullopt;
}

/// The linalg ops of the kernel; nothing where other ops write.
static std::optional<SmallVector<linalg::LinalgOp>> getOps(FuncOp kernel) {
  SmallVector<linalg::LinalgOp> ops;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (auto structured = dyn_cast<linalg::LinalgOp>(op)) {
      ops.push_back(structured);
    } else if (!isa<memref::AllocOp>(op) && !mlir::isMemoryEffectFree(&op) &&
               !isa<memref::LoadOp>(op)) {
      return std::nullopt;
    }
  }
  return ops;
}

std::optional<RowPlan> host::planRows(FuncOp kernel) {
  auto ops = getOps(kernel);
  if (!ops || ops->empty()) {
    return std::nullopt;
  }
  std::optional<RowPlan> plan = getFirstLoop(ops->front());
  llvm::DenseSet<Value> written;
  for (linalg::LinalgOp op : *ops) {
    std::optional<RowPlan> own = getFirstLoop(op);
    if (!plan || !own || own->axis != plan->axis || own->rows != plan->rows) {
      return std::nullopt;
    }
    for (OpOperand &output : op.getDpsInitsMutable()) {
      written.insert(getBase(output.get()));
      if (!isByRow(op, output, *plan)) {
        return std::nullopt;
      }
    }
  }
  llvm::DenseSet<Value> parts = getPartBases(kernel);
  bool readsRows = llvm::all_of(*ops, [&](linalg::LinalgOp op) {
    return llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
      Value base = getBase(input->get());
      return !isa<mlir::MemRefType>(input->get().getType()) ||
             !written.contains(base) ||
             (!parts.contains(base) && isByRow(op, *input, *plan));
    });
  });
  bool loadsOthers = false;
  kernel.walk([&](memref::LoadOp load) {
    loadsOthers |= written.contains(getBase(load.getMemref()));
  });
  return readsRows && !loadsOthers ? plan : std::nullopt;
}

void host::restrictToTiles(mlir::scf::ForOp loop, const RowPlan &plan,
                           FuncOp kernel) {
  ImplicitLocOpBuilder b(loop.getLoc(), loop);
  unsigned count = kernel.getNumArguments();
  Value perTile = arith::ConstantIndexOp::create(b, plan.getRowsPerTile());
  Value rows = arith::ConstantIndexOp::create(b, plan.rows);
  auto getRow = [&](Value tile) -> Value {
    return arith::MinSIOp::create(
        b, arith::MulIOp::create(b, tile, perTile), rows);
  };
  loop.setLowerBound(getRow(kernel.getArgument(count - 2)));
  loop.setUpperBound(getRow(kernel.getArgument(count - 1)));
}
