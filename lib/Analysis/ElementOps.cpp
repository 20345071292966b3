// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the analysis of elements sees through each operator. A function that
// gives null leaves the element a Load.

#include "ConstantElements.h"
#include "ElementReductions.h"
#include "OperatorAccess.h"

#include "qeff/Analysis/Elements.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"

#include "llvm/ADT/StringMap.h"

#include <cmath>

using namespace qeff;
using Index = ArrayRef<Expr>;

//===----------------------------------------------------------------------===//
// Operands and attributes
//===----------------------------------------------------------------------===//

static std::optional<size_t> getRank(Elements &elements, Value value) {
  std::optional<ArrayRef<Expr>> shape = elements.getShape(value);
  return shape ? std::optional<size_t>(shape->size()) : std::nullopt;
}

/// The integers of a constant operand, or nothing.
static std::optional<SmallVector<int64_t>> getIntegers(Elements &elements,
                                                       Value value) {
  std::optional<SmallVector<Expr>> exprs = elements.getElements(value);
  if (!exprs) {
    return std::nullopt;
  }
  SmallVector<int64_t> result;
  for (Expr expr : *exprs) {
    std::optional<int64_t> integer = expr ? expr.getInteger() : std::nullopt;
    if (!integer) {
      return std::nullopt;
    }
    result.push_back(*integer);
  }
  return result;
}

/// Operand `i` at the place that broadcasts to `index`.
static Expr get(Elements &elements, Operation *op, unsigned i, Index index) {
  Value value = getOperand(op, i);
  if (!value) {
    return {};
  }
  std::optional<ArrayRef<Expr>> shape = elements.getShape(value);
  if (!shape || shape->size() > index.size()) {
    return {};
  }
  return elements.get(value, elements.broadcast(index, *shape));
}

//===----------------------------------------------------------------------===//
// Elementwise operators
//===----------------------------------------------------------------------===//

template <ExprKind kind>
static Expr getUnary(Elements &e, Operation *op, unsigned, Index index) {
  return e.getTable().unary(kind, get(e, op, 0, index));
}

template <Expr (ExprTable::*fn)(Expr, Expr)>
static Expr getBinary(Elements &e, Operation *op, unsigned, Index index) {
  Expr a = get(e, op, 0, index);
  Expr b = get(e, op, 1, index);
  return a && b ? (e.getTable().*fn)(a, b) : Expr();
}

template <Expr (ExprTable::*fn)(Expr, Expr)>
static Expr getSwapped(Elements &e, Operation *op, unsigned, Index index) {
  Expr a = get(e, op, 0, index);
  Expr b = get(e, op, 1, index);
  return a && b ? (e.getTable().*fn)(b, a) : Expr();
}

template <Expr (ExprTable::*fn)(Expr, Expr)>
static Expr getVariadic(Elements &e, Operation *op, unsigned, Index index) {
  Expr result = get(e, op, 0, index);
  for (unsigned i = 1; i < op->getNumOperands(); ++i) {
    Expr next = get(e, op, i, index);
    result = result && next ? (e.getTable().*fn)(result, next) : Expr();
  }
  return result;
}

static Expr getNeg(Elements &e, Operation *op, unsigned, Index index) {
  return e.getTable().negate(get(e, op, 0, index));
}

static Expr getNot(Elements &e, Operation *op, unsigned, Index index) {
  return e.getTable().logicalNot(get(e, op, 0, index));
}

static Expr getReciprocal(Elements &e, Operation *op, unsigned, Index index) {
  return e.getTable().binary(ExprKind::Div, e.getTable().number(1),
                             get(e, op, 0, index));
}

static Expr getDiv(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  Expr a = get(e, op, 0, index);
  Expr b = get(e, op, 1, index);
  if (!a || !b) {
    return {};
  }
  if (a.getType() == ExprType::Float) {
    return table.binary(ExprKind::Div, a, b);
  }
  // Rounds to zero, which is down where neither is negative.
  return table.isKnownNonNegative(a) && table.isKnownNonNegative(b)
             ? table.floorDiv(a, b)
             : Expr();
}

static Expr getMod(Elements &e, Operation *op, unsigned, Index index) {
  Expr a = get(e, op, 0, index);
  if (!a || a.getType() != ExprType::Integer || getInteger(op, "fmod", 0)) {
    return {};
  }
  return e.getTable().mod(a, get(e, op, 1, index));
}

static Expr getPow(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  Expr a = get(e, op, 0, index);
  return table.binary(ExprKind::Pow, a,
                      table.cast(get(e, op, 1, index), ExprType::Float));
}

static Expr getXor(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  Expr a = get(e, op, 0, index);
  Expr b = get(e, op, 1, index);
  return table.select(a, table.logicalNot(b), b);
}

static Expr getSigmoidOf(ExprTable &table, Expr x) {
  Expr denominator = table.add(
      table.unary(ExprKind::Exp, table.negate(x)), table.number(1));
  return table.binary(ExprKind::Div, table.number(1), denominator);
}

static Expr getSigmoid(Elements &e, Operation *op, unsigned, Index index) {
  return getSigmoidOf(e.getTable(), get(e, op, 0, index));
}

static Expr getSwish(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  auto alpha = op->getAttrOfType<FloatAttr>("alpha");
  Expr x = get(e, op, 0, index);
  Expr scaled = table.mul(
      x, table.number(alpha ? alpha.getValueAsDouble() : 1.0));
  return table.mul(x, getSigmoidOf(table, scaled));
}

static Expr getRelu(Elements &e, Operation *op, unsigned, Index index) {
  return e.getTable().max(get(e, op, 0, index), e.getTable().number(0));
}

static Expr getGelu(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  Expr x = get(e, op, 0, index);
  auto kind = op->getAttrOfType<StringAttr>("approximate");
  Expr inner;
  if (kind && kind.getValue() == "tanh") {
    Expr cube = table.mul(x, table.mul(x, x));
    inner = table.unary(
        ExprKind::Tanh,
        table.mul(table.add(x, table.mul(cube, table.number(0.044715))),
                  table.number(std::sqrt(2 / M_PI))));
  } else {
    inner = table.unary(ExprKind::Erf,
                        table.mul(x, table.number(std::sqrt(0.5))));
  }
  return table.mul(table.mul(x, table.add(inner, table.number(1))),
                   table.number(0.5));
}

/// The value whose NaN `value` tests for, or null.
static Value getTestedForNaN(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->getName().stripDialect() == "IsNaN" ? op->getOperand(0)
                                                       : Value();
}

static Expr getWhere(Elements &e, Operation *op, unsigned, Index index) {
  if (op->getNumOperands() != 3) {
    return {};
  }
  // A guard against NaN: what it guards is what is meant.
  if (Value tested = getTestedForNaN(op->getOperand(0));
      tested && tested == op->getOperand(2)) {
    return get(e, op, 2, index);
  }
  Expr condition = get(e, op, 0, index);
  if (condition && condition.isTrue()) {
    return get(e, op, 1, index);
  }
  if (condition && condition.isFalse()) {
    return get(e, op, 2, index);
  }
  return e.getTable().select(condition, get(e, op, 1, index),
                             get(e, op, 2, index));
}

static Expr getCast(Elements &e, Operation *op, unsigned, Index index) {
  Expr value = get(e, op, 0, index);
  return e.getTable().cast(value, getExprType(op->getResult(0).getType()));
}

static Expr getIdentity(Elements &e, Operation *op, unsigned result,
                        Index index) {
  return result == 0 ? get(e, op, 0, index) : Expr();
}

//===----------------------------------------------------------------------===//
// What is counted or known
//===----------------------------------------------------------------------===//

static Expr getConstantOfShape(Elements &e, Operation *op, unsigned, Index) {
  auto value = op->getAttrOfType<DenseElementsAttr>("value");
  if (!value) {
    return e.getTable().number(0);
  }
  return value.getNumElements() == 1
             ? toExpr(e.getTable(), *value.getValues<Attribute>().begin())
             : Expr();
}

static Expr getRange(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  // Some exporters give tensors of one element.
  auto getScalar = [&](unsigned i) {
    std::optional<size_t> rank = getRank(e, op->getOperand(i));
    SmallVector<Expr> at(rank.value_or(0) == 1 ? 1 : 0, table.integer(0));
    return rank ? e.get(op->getOperand(i), at) : Expr();
  };
  Expr start = getScalar(0), delta = getScalar(2);
  if (index.size() != 1 || !start || !delta) {
    return {};
  }
  Expr i = table.cast(index[0], delta.getType());
  return table.add(start, table.mul(i, delta));
}

/// Elements that the analysis of shapes knows.
static Expr getShapeElement(Elements &e, Operation *op, unsigned,
                            Index index) {
  std::optional<SmallVector<Expr>> values = e.getElements(op->getResult(0));
  if (!values) {
    return {};
  }
  if (index.empty()) {
    return values->size() == 1 ? values->front() : Expr();
  }
  std::optional<int64_t> i = index[0].getInteger();
  return i && *i >= 0 && *i < static_cast<int64_t>(values->size())
             ? (*values)[*i]
             : Expr();
}

//===----------------------------------------------------------------------===//
// Order of axes, and what is left out of them
//===----------------------------------------------------------------------===//

static Expr getTranspose(Elements &e, Operation *op, unsigned, Index index) {
  SmallVector<int64_t> order;
  if (auto perm = op->getAttrOfType<DenseI64ArrayAttr>("perm")) {
    order = llvm::to_vector(perm.asArrayRef());
  } else {
    for (size_t axis = index.size(); axis-- > 0;) {
      order.push_back(static_cast<int64_t>(axis));
    }
  }
  if (order.size() != index.size()) {
    return {};
  }
  SmallVector<Expr> source(index.size());
  for (auto [i, axis] : llvm::enumerate(order)) {
    if (axis < 0 || axis >= static_cast<int64_t>(index.size())) {
      return {};
    }
    source[axis] = index[i];
  }
  return e.get(op->getOperand(0), source);
}

/// An index into a tensor of shape `from` of the element that has `index` in a
/// tensor of shape `to` with the same elements; empty where unknown. Axes are
/// grouped so that both sides of a group have as many elements.
static std::optional<SmallVector<Expr>>
reshapeIndex(ExprTable &table, Index index, ArrayRef<Expr> to,
             ArrayRef<Expr> from) {
  auto isUnknown = [](Expr size) { return !size; };
  if (llvm::any_of(to, isUnknown) || llvm::any_of(from, isUnknown)) {
    return std::nullopt;
  }
  SmallVector<Expr> result(from.size());
  size_t t = 0, f = 0;
  while (t < to.size() || f < from.size()) {
    size_t firstT = t, firstF = f;
    Expr sizeT = t < to.size() ? to[t++] : table.integer(1);
    Expr sizeF = f < from.size() ? from[f++] : table.integer(1);
    while (sizeT && sizeF && sizeT != sizeF) {
      bool growF = f < from.size() &&
                   (t >= to.size() || table.exactDiv(sizeT, sizeF));
      if (!growF && t >= to.size()) {
        return std::nullopt;
      }
      (growF ? sizeF : sizeT) =
          growF ? table.mul(sizeF, from[f++]) : table.mul(sizeT, to[t++]);
    }
    if (!sizeT || !sizeF) {
      return std::nullopt;
    }
    Expr flat = table.integer(0);
    for (size_t i = firstT; i < t; ++i) {
      flat = table.add(table.mul(flat, to[i]), index[i]);
    }
    for (size_t i = f; i-- > firstF;) {
      if (i == firstF) {
        result[i] = flat;
        break;
      }
      result[i] = table.mod(flat, from[i]);
      flat = table.floorDiv(flat, from[i]);
    }
    if (llvm::any_of(ArrayRef(result).slice(firstF, f - firstF), isUnknown)) {
      return std::nullopt;
    }
  }
  return result;
}

static Expr getReshape(Elements &e, Operation *op, unsigned, Index index) {
  std::optional<ArrayRef<Expr>> from = e.getShape(op->getOperand(0));
  std::optional<ArrayRef<Expr>> to = e.getShape(op->getResult(0));
  if (!from || !to) {
    return {};
  }
  std::optional<SmallVector<Expr>> source =
      reshapeIndex(e.getTable(), index, *to, *from);
  return source ? e.get(op->getOperand(0), *source) : Expr();
}

static Expr getExpand(Elements &e, Operation *op, unsigned, Index index) {
  return get(e, op, 0, index);
}

/// x of max(x, 0), for what is never negative where a sequence fits.
static Expr dropClamp(Expr start) {
  if (!start.is(ExprKind::Select) ||
      !start.getOperand(0).is(ExprKind::IsNonNegative)) {
    return start;
  }
  Expr value = start.getOperand(0).getOperand(0);
  bool isClamp =
      (start.getOperand(1) == value && start.getOperand(2).getInteger() == 0);
  return isClamp ? value : start;
}

static Expr getSlice(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  std::optional<ArrayRef<Expr>> shape = e.getShape(op->getOperand(0));
  std::optional<SmallVector<Expr>> starts = e.getElements(op->getOperand(1));
  if (!shape || !starts || shape->size() != index.size()) {
    return {};
  }
  Value axesOperand = getOperand(op, 3), stepsOperand = getOperand(op, 4);
  SmallVector<int64_t> axes, steps(starts->size(), 1);
  for (size_t i = 0; i < starts->size(); ++i) {
    axes.push_back(static_cast<int64_t>(i));
  }
  for (auto [operand, values] :
       {std::pair(axesOperand, &axes), std::pair(stepsOperand, &steps)}) {
    if (operand) {
      std::optional<SmallVector<int64_t>> given = getIntegers(e, operand);
      if (!given || given->size() != starts->size()) {
        return {};
      }
      *values = *given;
    }
  }
  SmallVector<Expr> source = llvm::to_vector(index);
  for (auto [start, number, step] : llvm::zip(*starts, axes, steps)) {
    std::optional<size_t> axis = getAxis(number, shape->size());
    if (!axis || !start || step < 1) {
      return {};
    }
    Expr size = (*shape)[*axis];
    std::optional<int64_t> constant = start.getInteger();
    if (constant && *constant < 0) {
      start = table.add(size, start);
    }
    // Starts before the first element or behind the last are clamped; symbolic
    // ones are taken to be inside, as they are for sequences that fit.
    if (size && size.getInteger() == 1) {
      source[*axis] = table.integer(0);
      continue;
    }
    start = dropClamp(start);
    if (constant && !table.isKnownNonNegative(start)) {
      return {};
    }
    if (table.isKnownNonNegative(table.sub(table.integer(-1), start))) {
      start = table.add(size, start);
    }
    source[*axis] =
        table.add(start, table.mul(source[*axis], table.integer(step)));
  }
  return e.get(op->getOperand(0), source);
}

static Expr getGather(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  std::optional<ArrayRef<Expr>> shape = e.getShape(op->getOperand(0));
  std::optional<size_t> count = getRank(e, op->getOperand(1));
  if (!shape || !count) {
    return {};
  }
  std::optional<size_t> axis =
      getAxis(getInteger(op, "axis", 0), shape->size());
  if (!axis || *axis + *count > index.size()) {
    return {};
  }
  Expr at = e.get(op->getOperand(1), index.slice(*axis, *count));
  if (at && at.getInteger() && *at.getInteger() < 0) {
    at = table.add(at, (*shape)[*axis]);
  }
  SmallVector<Expr> source = llvm::to_vector(index.take_front(*axis));
  source.push_back(at);
  llvm::append_range(source, index.drop_front(*axis + *count));
  return at ? e.get(op->getOperand(0), source) : Expr();
}

static Expr getConcat(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  std::optional<size_t> axis = getAxis(getInteger(op, "axis", 0), index.size());
  if (!axis) {
    return {};
  }
  struct Part {
    Value value;
    Expr begin, end;
  };
  SmallVector<Part> parts;
  Expr end = table.integer(0);
  for (Value part : op->getOperands()) {
    std::optional<ArrayRef<Expr>> shape = e.getShape(part);
    if (!shape || shape->size() != index.size()) {
      return {};
    }
    Expr begin = end;
    end = table.add(begin, (*shape)[*axis]);
    parts.push_back({part, begin, end});
  }
  Expr result;
  SmallVector<Expr> source = llvm::to_vector(index);
  for (const Part &part : llvm::reverse(parts)) {
    Expr isReached = table.lessEqual(part.begin, index[*axis]);
    Expr isBefore = table.less(index[*axis], part.end);
    if (!isReached || !isBefore) {
      return {};
    }
    if (isReached.isFalse()) {
      continue;
    }
    if (isBefore.isFalse()) {
      break;
    }
    source[*axis] = table.sub(index[*axis], part.begin);
    Expr element = e.get(part.value, source);
    result = result ? table.select(isBefore, element, result) : element;
    if (isReached.isTrue()) {
      break;
    }
  }
  return result;
}

static Expr getSplit(Elements &e, Operation *op, unsigned result,
                     Index index) {
  ExprTable &table = e.getTable();
  std::optional<size_t> axis = getAxis(getInteger(op, "axis", 0), index.size());
  if (!axis) {
    return {};
  }
  Expr begin = table.integer(0);
  for (Value before : op->getResults().take_front(result)) {
    std::optional<ArrayRef<Expr>> shape = e.getShape(before);
    if (!shape || shape->size() != index.size()) {
      return {};
    }
    begin = table.add(begin, (*shape)[*axis]);
  }
  SmallVector<Expr> source = llvm::to_vector(index);
  source[*axis] = table.add(source[*axis], begin);
  return e.get(op->getOperand(0), source);
}

static Expr getTile(Elements &e, Operation *op, unsigned, Index index) {
  std::optional<ArrayRef<Expr>> shape = e.getShape(op->getOperand(0));
  if (!shape || shape->size() != index.size()) {
    return {};
  }
  SmallVector<Expr> source;
  for (auto [i, size] : llvm::zip(index, *shape)) {
    source.push_back(e.getTable().mod(i, size));
  }
  return e.get(op->getOperand(0), source);
}

/// Element [b…, c…] of GatherND(data, indices): data[b…, indices[…]…, c…].
static Expr getGatherND(Elements &e, Operation *op, unsigned, Index index) {
  std::optional<ArrayRef<Expr>> data = e.getShape(op->getOperand(0));
  std::optional<ArrayRef<Expr>> shape = e.getShape(op->getOperand(1));
  int64_t batch = getInteger(op, "batch_dims", 0);
  if (!data || !shape || shape->empty() || batch < 0 ||
      batch >= static_cast<int64_t>(shape->size())) {
    return {};
  }
  std::optional<int64_t> length =
      shape->back() ? shape->back().getInteger() : std::nullopt;
  size_t prefix = shape->size() - 1;
  if (!length || *length < 0 || prefix > index.size() ||
      batch + *length > static_cast<int64_t>(data->size())) {
    return {};
  }
  SmallVector<Expr> source = llvm::to_vector(index.take_front(batch));
  SmallVector<Expr> at = llvm::to_vector(index.take_front(prefix));
  at.push_back({});
  for (int64_t i = 0; i < *length; ++i) {
    at.back() = e.getTable().integer(i);
    Expr place = e.get(op->getOperand(1), at);
    if (place && place.getInteger() && *place.getInteger() < 0) {
      place = e.getTable().add(place, (*data)[batch + i]);
    }
    source.push_back(place);
  }
  llvm::append_range(source, index.drop_front(prefix));
  return source.size() == data->size() ? e.get(op->getOperand(0), source)
                                       : Expr();
}

static Expr getGatherElements(Elements &e, Operation *op, unsigned,
                              Index index) {
  std::optional<size_t> axis = getAxis(getInteger(op, "axis", 0), index.size());
  if (!axis) {
    return {};
  }
  SmallVector<Expr> source = llvm::to_vector(index);
  source[*axis] = e.get(op->getOperand(1), index);
  return e.get(op->getOperand(0), source);
}

/// A scatter whose indices name every place in order is its updates.
static Expr getScatterND(Elements &e, Operation *op, unsigned, Index index) {
  std::optional<ArrayRef<Expr>> data = e.getShape(op->getOperand(0));
  std::optional<ArrayRef<Expr>> shape = e.getShape(op->getOperand(1));
  auto reduction = op->getAttrOfType<StringAttr>("reduction");
  if (!data || !shape || shape->empty() ||
      (reduction && reduction.getValue() != "none")) {
    return {};
  }
  size_t count = shape->size() - 1;
  if (!shape->back() ||
      shape->back().getInteger() != static_cast<int64_t>(count) ||
      count > index.size() ||
      shape->drop_back() != data->take_front(count)) {
    return {};
  }
  SmallVector<Expr> at = llvm::to_vector(index.take_front(count));
  at.push_back({});
  for (size_t i = 0; i < count; ++i) {
    at.back() = e.getTable().integer(static_cast<int64_t>(i));
    if (e.get(op->getOperand(1), at) != index[i]) {
      return {};
    }
  }
  return e.get(op->getOperand(2), index);
}

//===----------------------------------------------------------------------===//
// Along an axis
//===----------------------------------------------------------------------===//

static Expr getTrilu(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  Value offset = getOperand(op, 1);
  Expr k = offset ? e.get(offset, {}) : table.integer(0);
  if (index.size() < 2 || !k) {
    return {};
  }
  Expr diagonal = table.sub(index[index.size() - 1], index[index.size() - 2]);
  Expr isKept = getInteger(op, "upper", 1) != 0 ? table.lessEqual(k, diagonal)
                                                : table.lessEqual(diagonal, k);
  Expr value = e.get(op->getOperand(0), index);
  if (!value) {
    return {};
  }
  return table.select(isKept, value,
                      table.cast(table.truth(false), value.getType()));
}

/// A cumulative sum of what does not change along its axis.
static Expr getCumSum(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  std::optional<SmallVector<int64_t>> axes =
      getIntegers(e, op->getOperand(1));
  std::optional<size_t> axis =
      axes && axes->size() == 1 ? getAxis(axes->front(), index.size())
                                : std::nullopt;
  if (!axis || getInteger(op, "reverse", 0) != 0) {
    return {};
  }
  SmallVector<Expr> source = llvm::to_vector(index);
  source[*axis] = table.index(-1, {});
  Expr value = e.get(op->getOperand(0), source);
  if (!value || !value.is(ExprKind::Constant)) {
    return {};
  }
  Expr count = index[*axis];
  if (getInteger(op, "exclusive", 0) == 0) {
    count = table.add(count, table.integer(1));
  }
  return table.mul(value, table.cast(count, value.getType()));
}

/// A sum of what does not change along the axes that are summed.
static Expr getReduceSum(Elements &e, Operation *op, unsigned, Index index) {
  ExprTable &table = e.getTable();
  std::optional<ArrayRef<Expr>> shape = e.getShape(op->getOperand(0));
  Value axes = getOperand(op, 1);
  std::optional<SmallVector<int64_t>> numbers =
      axes ? getIntegers(e, axes) : std::nullopt;
  if (!shape || !numbers) {
    return {};
  }
  SmallVector<bool> isSummed(shape->size(), false);
  for (int64_t number : *numbers) {
    std::optional<size_t> axis = getAxis(number, shape->size());
    if (!axis) {
      return {};
    }
    isSummed[*axis] = true;
  }
  bool keeps = getInteger(op, "keepdims", 1) != 0;
  SmallVector<Expr> source;
  Expr count = table.integer(1);
  for (size_t axis = 0, next = 0; axis < shape->size(); ++axis) {
    count = isSummed[axis] ? table.mul(count, (*shape)[axis]) : count;
    if (isSummed[axis] || next >= index.size()) {
      source.push_back(table.index(-1, {}));
    } else {
      source.push_back(index[next]);
    }
    next += !isSummed[axis] || keeps ? 1 : 0;
  }
  Expr value = e.get(op->getOperand(0), source);
  if (!value || !count || !value.is(ExprKind::Constant)) {
    return {};
  }
  return table.mul(value, table.cast(count, value.getType()));
}

/// A product of one column and one row.
static Expr getOuterProduct(Elements &e, Operation *op, unsigned,
                            Index index) {
  std::optional<ArrayRef<Expr>> left = e.getShape(op->getOperand(0));
  std::optional<ArrayRef<Expr>> right = e.getShape(op->getOperand(1));
  if (!left || !right || left->size() < 2 || right->size() < 2 ||
      left->size() > index.size() || right->size() > index.size() ||
      !left->back() || left->back().getInteger() != 1) {
    return {};
  }
  ExprTable &table = e.getTable();
  SmallVector<Expr> row = llvm::to_vector(index), column = row;
  row.back() = table.integer(0);
  column[index.size() - 2] = table.integer(0);
  return table.mul(e.get(op->getOperand(0), e.broadcast(row, *left)),
                   e.get(op->getOperand(1), e.broadcast(column, *right)));
}

/// Channel `d` of heads rotated by RotaryEmbedding; `at` gives X there.
static Expr getRotated(Elements &e, Operation *op, Expr row, Expr position,
                       int64_t d, int64_t size,
                       llvm::function_ref<Expr(int64_t)> at) {
  ExprTable &table = e.getTable();
  int64_t rotary = getInteger(op, "rotary_embedding_dim", 0);
  rotary = rotary == 0 ? size : rotary;
  if (rotary < 2 || rotary > size || rotary % 2 != 0) {
    return {};
  }
  if (d >= rotary) {
    return at(d);
  }
  bool isInterleaved = getInteger(op, "interleaved", 0) != 0;
  int64_t half = rotary / 2;
  int64_t pair = isInterleaved ? d / 2 : d % half;
  bool isFirst = isInterleaved ? d % 2 == 0 : d < half;
  int64_t other = isInterleaved ? d + (isFirst ? 1 : -1)
                                : d + (isFirst ? half : -half);
  SmallVector<Expr> index{row, position, table.integer(pair)};
  if (Value positions = getOperand(op, 3)) {
    index = {e.get(positions, {row, position}), table.integer(pair)};
  }
  auto wave = [&](unsigned operand) {
    Value cache = op->getOperand(operand);
    std::optional<ArrayRef<Expr>> shape = e.getShape(cache);
    return shape && shape->size() == index.size()
               ? e.get(cache, e.broadcast(index, *shape))
               : Expr();
  };
  Expr straight = table.mul(at(d), wave(1));
  Expr crossed = table.mul(at(other), wave(2));
  return isFirst ? table.sub(straight, crossed)
                 : table.add(straight, crossed);
}

static Expr getRotaryEmbedding(Elements &e, Operation *op, unsigned,
                               Index index) {
  ExprTable &table = e.getTable();
  Value x = op->getOperand(0);
  std::optional<ArrayRef<Expr>> shape = e.getShape(x);
  if (!shape || shape->size() != index.size() || index.size() < 3 ||
      index.size() > 4) {
    return {};
  }
  std::optional<int64_t> channel = index.back().getInteger();
  std::optional<int64_t> size =
      shape->back() ? shape->back().getInteger() : std::nullopt;
  int64_t heads = getInteger(op, "num_heads", 0);
  bool isFlat = index.size() == 3;
  if (!channel || !size || (isFlat && (heads < 1 || *size < heads))) {
    return {};
  }
  int64_t headSize = isFlat ? *size / heads : *size;
  int64_t first = *channel / headSize * headSize;
  return getRotated(e, op, index[0], index[isFlat ? 1 : 2], *channel - first,
                    headSize, [&](int64_t d) {
                      SmallVector<Expr> source = llvm::to_vector(index);
                      source.back() = table.integer(first + d);
                      return e.get(x, source);
                    });
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static const llvm::StringMap<ElementFn> &getFunctions() {
  using T = ExprTable;
  static const llvm::StringMap<ElementFn> functions = {
      {"Add", getBinary<&T::add>},
      {"And", getBinary<&T::logicalAnd>},
      {"ArgMax", getArgMaxElement},
      {"Cast", getCast},
      {"CastLike", getCast},
      {"Concat", getConcat},
      {"ConstantOfShape", getConstantOfShape},
      {"Cos", getUnary<ExprKind::Cos>},
      {"CumSum", getCumSum},
      {"Div", getDiv},
      {"Dropout", getIdentity},
      {"Equal", getBinary<&T::equal>},
      {"Erf", getUnary<ExprKind::Erf>},
      {"Exp", getUnary<ExprKind::Exp>},
      {"Expand", getExpand},
      {"Flatten", getReshape},
      {"Gather", getGather},
      {"GatherElements", getGatherElements},
      {"GatherND", getGatherND},
      {"Gelu", getGelu},
      {"Greater", getSwapped<&T::less>},
      {"GreaterOrEqual", getSwapped<&T::lessEqual>},
      {"Identity", getIdentity},
      {"Less", getBinary<&T::less>},
      {"LessOrEqual", getBinary<&T::lessEqual>},
      {"Log", getUnary<ExprKind::Log>},
      {"MatMul", getOuterProduct},
      {"Max", getVariadic<&T::max>},
      {"Min", getVariadic<&T::min>},
      {"Mod", getMod},
      {"Mul", getBinary<&T::mul>},
      {"Neg", getNeg},
      {"Not", getNot},
      {"Or", getBinary<&T::logicalOr>},
      {"Pow", getPow},
      {"Range", getRange},
      {"ReduceSum", getReduceSum},
      {"Reciprocal", getReciprocal},
      {"ReduceMax", getReduceMaxElement},
      {"Relu", getRelu},
      {"Reshape", getReshape},
      {"Sigmoid", getSigmoid},
      {"RotaryEmbedding", getRotaryEmbedding},
      {"ScatterND", getScatterND},
      {"Shape", getShapeElement},
      {"Sin", getUnary<ExprKind::Sin>},
      {"Size", getShapeElement},
      {"Slice", getSlice},
      {"Split", getSplit},
      {"Sqrt", getUnary<ExprKind::Sqrt>},
      {"Squeeze", getReshape},
      {"Sub", getBinary<&T::sub>},
      {"Sum", getVariadic<&T::add>},
      {"Swish", getSwish},
      {"Tanh", getUnary<ExprKind::Tanh>},
      {"Tile", getTile},
      {"Transpose", getTranspose},
      {"Trilu", getTrilu},
      {"Unsqueeze", getReshape},
      {"Where", getWhere},
      {"Xor", getXor},
      {"initializer", getConstantElement},
      {"weight", getConstantElement},
  };
  return functions;
}

ElementFn qeff::getElementFn(Operation *op) {
  StringRef dialect = op->getName().getDialectNamespace();
  if (op->getName().getStringRef() == "arith.constant") {
    return getConstantElement;
  }
  if (dialect != onnxir::ONNXIRDialect::getDialectNamespace()) {
    return nullptr;
  }
  return getFunctions().lookup(op->getName().stripDialect());
}
