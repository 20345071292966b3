// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is written and read where, by the elements of the indices.

#include "ScatteredCaches.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"

using namespace qeff;

namespace {
class CacheMatcher {
public:
  CacheMatcher(Elements &elements, BlockArgument argument)
      : elements(elements), table(elements.getTable()) {
    cache.argument = argument;
  }

  std::optional<ScatteredCache> run();

private:
  bool matchWrite(onnxir::ScatterNDOp scatter);
  bool matchUses();
  bool matchRead(onnxir::GatherNDOp gather);
  bool isRow(Expr place, Expr batch);
  SmallVector<Expr> makeIndex(ArrayRef<Expr> shape);

  Elements &elements;
  ExprTable &table;
  ScatteredCache cache;
  size_t rank = 0;
  /// The argument that names the rows, or null.
  Value rows;
};
} // namespace

/// A variable per axis, 0 where the axis has one element.
SmallVector<Expr> CacheMatcher::makeIndex(ArrayRef<Expr> shape) {
  SmallVector<Expr> index;
  for (auto [axis, size] : llvm::enumerate(shape)) {
    bool isOne = size && size.getInteger() == 1;
    index.push_back(isOne ? table.integer(0)
                          : table.index(static_cast<int64_t>(axis), size));
  }
  return index;
}

/// Whether `place` is the row of `batch`, or the one that `rows` names for it.
bool CacheMatcher::isRow(Expr place, Expr batch) {
  if (place == batch) {
    return !rows;
  }
  if (!place || !place.is(ExprKind::Load) ||
      !isa<BlockArgument>(place.getSource()) || place.getOperands().empty() ||
      place.getOperand(0) != batch || (rows && place.getSource() != rows)) {
    return false;
  }
  rows = place.getSource();
  return true;
}

bool CacheMatcher::matchWrite(onnxir::ScatterNDOp scatter) {
  std::optional<ArrayRef<Expr>> shape =
      elements.getShape(scatter.getIndices());
  if (scatter.getData() != cache.argument || !shape ||
      shape->size() != rank || !shape->back() ||
      shape->back().getInteger() != static_cast<int64_t>(rank - 1)) {
    return false;
  }
  SmallVector<Expr> index = makeIndex(shape->drop_back());
  auto getPlace = [&](size_t axis) {
    SmallVector<Expr> at = index;
    at.push_back(table.integer(static_cast<int64_t>(axis)));
    return elements.get(scatter.getIndices(), at);
  };
  for (size_t axis = 1; axis + 2 < rank; ++axis) {
    if (getPlace(axis) != index[axis]) {
      return false;
    }
  }
  Expr slot = getPlace(rank - 2);
  if (!isRow(getPlace(0), index[0]) || !slot || !slot.is(ExprKind::Load) ||
      slot.getOperands() != ArrayRef<Expr>{index[0], index.back()}) {
    return false;
  }
  cache.positions = dyn_cast<BlockArgument>(slot.getSource());
  cache.scatter = scatter;
  return cache.positions != nullptr;
}

/// Whether `place` is the slot `slot`, or else the same whatever that is: an
/// invalid one.
static bool isSlot(Expr place, Expr slot) {
  if (place.is(ExprKind::Select)) {
    return isSlot(place.getOperand(1), slot) &&
           isSlot(place.getOperand(2), slot);
  }
  return place == slot || place.getInteger();
}

bool CacheMatcher::matchRead(onnxir::GatherNDOp gather) {
  std::optional<ArrayRef<Expr>> shape = elements.getShape(gather.getResult());
  if (gather.getData() != cache.scatter->getResult(0) || !shape ||
      shape->size() != rank || !(*shape)[rank - 2]) {
    return false;
  }
  SmallVector<Expr> index = makeIndex(*shape);
  Expr element = elements.get(gather.getResult(), index);
  if (!element || !element.is(ExprKind::Load) ||
      element.getSource() != gather.getData()) {
    return false;
  }
  ArrayRef<Expr> from = element.getOperands();
  for (size_t axis = 1; axis < rank; ++axis) {
    if (axis == rank - 2 ? !isSlot(from[axis], index[axis])
                         : from[axis] != index[axis]) {
      return false;
    }
  }
  Expr slots = (*shape)[rank - 2];
  if (slots.is(ExprKind::Dim)) {
    cache.slotDims.push_back(slots.getName().str());
  }
  cache.reads.push_back(gather);
  return isRow(from[0], index[0]) && !from[rank - 2].getInteger();
}

bool CacheMatcher::matchUses() {
  Value written = cache.scatter->getResult(0);
  elements.assume(written, [this, written](ArrayRef<Expr> index) {
    return table.load(written, index);
  });
  bool matches = llvm::all_of(written.getUsers(), [&](Operation *user) {
    if (auto gather = dyn_cast<onnxir::GatherNDOp>(user)) {
      return matchRead(gather);
    }
    return isa<mlir::func::ReturnOp, onnxir::ShapeOp>(user);
  });
  elements.assume(written, {});
  return matches && !cache.reads.empty();
}

std::optional<ScatteredCache> CacheMatcher::run() {
  constexpr size_t kMinRank = 3, kMaxRank = 4;
  std::optional<ArrayRef<Expr>> shape = elements.getShape(cache.argument);
  if (!shape || shape->size() < kMinRank || shape->size() > kMaxRank) {
    return std::nullopt;
  }
  rank = shape->size();
  Expr slots = (*shape)[rank - 2];
  if (!slots || !slots.is(ExprKind::Dim)) {
    return std::nullopt;
  }
  cache.slotDims.push_back(slots.getName().str());
  for (Operation *user : cache.argument.getUsers()) {
    auto scatter = dyn_cast<onnxir::ScatterNDOp>(user);
    if (scatter && matchWrite(scatter)) {
      return matchUses() ? std::optional(std::move(cache)) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<ScatteredCache>
qeff::matchScatteredCache(Elements &elements, BlockArgument argument) {
  return CacheMatcher(elements, argument).run();
}
