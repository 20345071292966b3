// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk from an element to the elements that it is computed from.

#include "qeff/Analysis/Elements.h"
#include "SymbolicExprNode.h"
#include "qeff/Analysis/SymbolicShapes.h"

using namespace qeff;

/// Deeper chains of ops are not followed, for the sake of the stack.
static constexpr int64_t kMaxDepth = 400;
/// Elements that one analysis computes at most.
static constexpr int64_t kMaxElements = 1 << 26;

Elements::Elements(SymbolicShapes &shapes, ConstantReader &constants)
    : table(shapes.getTable()), shapes(shapes), constants(constants),
      budget(kMaxElements) {}

std::optional<ArrayRef<Expr>> Elements::getShape(Value value) {
  return shapes.getShape(value);
}

std::optional<SmallVector<Expr>> Elements::getElements(Value value) {
  std::optional<ArrayRef<Expr>> elements = shapes.getElements(value);
  if (!elements) {
    return std::nullopt;
  }
  return llvm::to_vector(*elements);
}

void Elements::assume(Value value,
                      std::function<Expr(ArrayRef<Expr>)> element) {
  assumptions.erase(value);
  if (element) {
    assumptions[value] = std::move(element);
  }
  known.clear();
}

SmallVector<Expr> Elements::broadcast(ArrayRef<Expr> index,
                                      ArrayRef<Expr> shape) {
  SmallVector<Expr> result;
  size_t skipped = index.size() - shape.size();
  for (auto [i, size] : llvm::enumerate(shape)) {
    result.push_back(size && size.getInteger() == 1 ? table.integer(0)
                                                    : index[skipped + i]);
  }
  return result;
}

Expr Elements::get(Value value, ArrayRef<Expr> index) {
  Expr load = table.load(value, index);
  if (!load || --budget < 0) {
    return {};
  }
  auto [entry, isNew] = known.try_emplace(ExprNode::get(load), load);
  if (!isNew) {
    return entry->second;
  }
  if (depth >= kMaxDepth) {
    return load;
  }
  ++depth;
  Expr result = compute(value, index);
  --depth;
  if (!result) {
    return load;
  }
  return known[ExprNode::get(load)] = result;
}

Expr Elements::compute(Value value, ArrayRef<Expr> index) {
  auto assumed = assumptions.find(value);
  if (assumed != assumptions.end()) {
    return assumed->second(index);
  }
  auto result = dyn_cast<mlir::OpResult>(value);
  if (!result) {
    return {};
  }
  ElementFn fn = getElementFn(result.getOwner());
  std::optional<ArrayRef<Expr>> shape = getShape(value);
  if (!fn || !shape || shape->size() != index.size()) {
    return {};
  }
  return fn(*this, result.getOwner(), result.getResultNumber(), index);
}
