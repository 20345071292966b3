// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass over a function that finds symbolic shapes. It runs twice: the second
// time with the equalities of dims that the first one found.

#include "qeff/Analysis/SymbolicShapes.h"
#include "ShapeOps.h"

#include "qeff/Dialect/QEff/IR/QEffDialect.h"

using namespace qeff;
using mlir::func::FuncOp;

//===----------------------------------------------------------------------===//
// The context
//===----------------------------------------------------------------------===//

const Shape *ShapeContext::getShape(Value value) const {
  auto found = shapes.find(value);
  return found == shapes.end() ? nullptr : &found->second;
}

const Shape *ShapeContext::getElements(Value value) const {
  auto found = elements.find(value);
  return found == elements.end() ? nullptr : &found->second;
}

void ShapeContext::setElements(Value value, Shape values) {
  if (values.size() <= kMaxShapeElements) {
    elements[value] = std::move(values);
  }
}

/// Whether `size` is one dim.
static bool isDim(Expr size) { return size.is(ExprKind::Dim); }

/// Whether `size` is a dim that no one has named.
static bool isUnnamed(Expr size) {
  return isDim(size) && size.getName().starts_with("?");
}

Expr ShapeContext::broadcast(Expr a, Expr b) {
  if (!a || !b || a == b) {
    return a ? a : b;
  }
  std::optional<int64_t> left = a.getInteger(), right = b.getInteger();
  if (left == 1) {
    return b;
  }
  if (right == 1 || (left && right)) {
    return a;
  }
  // A number says most, then a named dim.
  bool keepsA = left || (!right && !isUnnamed(a));
  Expr kept = keepsA ? a : b;
  Expr other = keepsA ? b : a;
  if (isDim(other)) {
    equal.try_emplace(other, kept);
  }
  return kept;
}

Shape ShapeContext::broadcast(ArrayRef<Expr> a, ArrayRef<Expr> b) {
  if (a.size() < b.size()) {
    std::swap(a, b);
  }
  Shape result = llvm::to_vector(a);
  size_t skipped = a.size() - b.size();
  for (auto [i, size] : llvm::enumerate(b)) {
    result[skipped + i] = broadcast(a[skipped + i], size);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

struct SymbolicShapes::Storage {
  explicit Storage(ExprTable &table) : context(table) {}

  void run(FuncOp function);
  Expr resolve(Expr size);
  Expr parseName(StringRef name);
  void setArguments(FuncOp function);
  void complete(Value value, int64_t op, int64_t result);

  ShapeContext context;
  llvm::DenseMap<Expr, Expr> known; ///< equalities of the pass before
};

/// `size` with the equalities that are known put in.
Expr SymbolicShapes::Storage::resolve(Expr size) {
  constexpr int kMaxSteps = 8;
  for (int step = 0; size && step < kMaxSteps; ++step) {
    auto found = known.find(size);
    if (found == known.end()) {
      break;
    }
    size = found->second;
  }
  return size;
}

/// A dim's name as a sum: "past + 2" is two terms.
Expr SymbolicShapes::Storage::parseName(StringRef name) {
  ExprTable &table = context.table;
  SmallVector<StringRef> parts;
  name.split(parts, '+');
  Expr sum = table.integer(0);
  for (StringRef part : parts) {
    part = part.trim();
    int64_t number = 0;
    if (part.empty()) {
      return table.dim(name);
    }
    Expr term = part.getAsInteger(10, number) ? resolve(table.dim(part))
                                              : table.integer(number);
    sum = table.add(sum, term);
  }
  return sum ? sum : table.dim(name);
}

void SymbolicShapes::Storage::setArguments(FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    auto dims = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(),
                                                     kDimsAttr);
    if (!type || !dims || static_cast<int64_t>(dims.size()) != type.getRank()) {
      continue;
    }
    Shape shape;
    for (auto [size, dim] : llvm::zip(type.getShape(), dims)) {
      auto symbol = dyn_cast<FlatSymbolRefAttr>(dim);
      shape.push_back(!ShapedType::isDynamic(size)
                          ? context.table.integer(size)
                      : symbol ? parseName(symbol.getValue())
                               : Expr());
    }
    context.setShape(argument, std::move(shape));
  }
}

/// Fills in what the type says, and names for sizes that are not known.
void SymbolicShapes::Storage::complete(Value value, int64_t op,
                                       int64_t result) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  auto found = context.shapes.find(value);
  if (!type) {
    if (found == context.shapes.end()) {
      return;
    }
  } else if (found == context.shapes.end() ||
             static_cast<int64_t>(found->second.size()) != type.getRank()) {
    context.shapes[value] = Shape(type.getRank());
  }
  for (auto [axis, size] : llvm::enumerate(context.shapes[value])) {
    bool isStatic = type && !type.isDynamicDim(axis);
    if (isStatic) {
      size = context.table.integer(type.getDimSize(axis));
    }
    if (!size) {
      std::string name = ("?" + Twine(op) + "." + Twine(result) + "." +
                          Twine(axis))
                             .str();
      size = context.table.dim(name);
    }
    size = resolve(size);
  }
}

void SymbolicShapes::Storage::run(FuncOp function) {
  context.shapes.clear();
  context.elements.clear();
  setArguments(function);
  int64_t number = 0;
  for (BlockArgument argument : function.getArguments()) {
    complete(argument, number++, 0);
  }
  // Subgraphs of nodes are not followed: their values have the types they have.
  for (Operation &op : function.getBody().front()) {
    if (ShapeFn fn = getShapeFn(&op)) {
      fn(context, &op);
    }
    for (auto [i, result] : llvm::enumerate(op.getResults())) {
      complete(result, number, static_cast<int64_t>(i));
    }
    ++number;
  }
}

SymbolicShapes::SymbolicShapes(FuncOp function, ExprTable &table)
    : storage(std::make_unique<Storage>(table)) {
  storage->run(function);
  if (!storage->context.equal.empty()) {
    storage->known = storage->context.equal;
    storage->run(function);
  }
}

SymbolicShapes::~SymbolicShapes() = default;

ExprTable &SymbolicShapes::getTable() { return storage->context.table; }

std::optional<ArrayRef<Expr>> SymbolicShapes::getShape(Value value) {
  const Shape *shape = storage->context.getShape(value);
  return shape ? std::optional<ArrayRef<Expr>>(*shape) : std::nullopt;
}

std::optional<ArrayRef<Expr>> SymbolicShapes::getElements(Value value) {
  const Shape *elements = storage->context.getElements(value);
  return elements ? std::optional<ArrayRef<Expr>>(*elements) : std::nullopt;
}
