// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes of results by operator. What a function does not set is completed from
// the result's type.

#include "ShapeOps.h"
#include "OperatorAccess.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "llvm/ADT/StringMap.h"

using namespace qeff;

static Expr one(ShapeContext &c) { return c.table.integer(1); }

/// Whether a value holds integers or truth values, which shapes may be computed
/// with.
static bool isCountable(Value value) {
  auto type = dyn_cast<ShapedType>(value.getType());
  return type && isa<IntegerType>(type.getElementType());
}

/// The integers of an operand, or nothing where one of them is not constant.
static std::optional<SmallVector<int64_t>> getConstants(ShapeContext &c,
                                                        Value value) {
  const Shape *elements = value ? c.getElements(value) : nullptr;
  if (!elements) {
    return std::nullopt;
  }
  SmallVector<int64_t> result;
  for (Expr element : *elements) {
    std::optional<int64_t> number =
        element ? element.getInteger() : std::nullopt;
    if (!number) {
      return std::nullopt;
    }
    result.push_back(*number);
  }
  return result;
}

/// The axes that an operand names, of a tensor of `rank` axes, ascending.
static std::optional<SmallVector<size_t>> getAxes(ShapeContext &c, Value value,
                                                  size_t rank) {
  std::optional<SmallVector<int64_t>> numbers = getConstants(c, value);
  if (!numbers) {
    return std::nullopt;
  }
  SmallVector<size_t> axes;
  for (int64_t number : *numbers) {
    std::optional<size_t> axis = getAxis(number, rank);
    if (!axis || llvm::is_contained(axes, *axis)) {
      return std::nullopt;
    }
    axes.push_back(*axis);
  }
  llvm::sort(axes);
  return axes;
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

void qeff::setSameShape(ShapeContext &c, Operation *op) {
  if (const Shape *shape = c.getShape(op->getOperand(0))) {
    c.setShape(op->getResult(0), *shape);
  }
}

void qeff::setBroadcast(ShapeContext &c, Operation *op) {
  Shape result;
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    const Shape *shape = c.getShape(operand);
    if (!shape) {
      return;
    }
    result = i == 0 ? *shape : c.broadcast(result, *shape);
  }
  c.setShape(op->getResult(0), std::move(result));
}

static void setCast(ShapeContext &c, Operation *op) {
  setSameShape(c, op);
  const Shape *elements = c.getElements(op->getOperand(0));
  if (!elements || !isCountable(op->getResult(0))) {
    return;
  }
  ExprType type = getExprType(op->getResult(0).getType());
  c.setElements(op->getResult(0), llvm::map_to_vector(*elements, [&](Expr e) {
                  return c.table.cast(e, type);
                }));
}

static void setIdentity(ShapeContext &c, Operation *op) {
  setSameShape(c, op);
  if (const Shape *elements = c.getElements(op->getOperand(0))) {
    c.setElements(op->getResult(0), *elements);
  }
}

/// Applies `fn` to the elements of the operands, which broadcast.
static void setElementwise(ShapeContext &c, Operation *op,
                           llvm::function_ref<Expr(ArrayRef<Expr>)> fn) {
  setBroadcast(c, op);
  size_t count = 1;
  SmallVector<const Shape *> operands;
  for (Value operand : op->getOperands()) {
    const Shape *elements = c.getElements(operand);
    if (!elements) {
      return;
    }
    operands.push_back(elements);
    count = elements->size() == 1 ? count : elements->size();
  }
  Shape result;
  for (size_t i = 0; i < count; ++i) {
    SmallVector<Expr> values;
    for (const Shape *elements : operands) {
      if (elements->size() != 1 && elements->size() != count) {
        return;
      }
      values.push_back((*elements)[elements->size() == 1 ? 0 : i]);
    }
    result.push_back(llvm::all_of(values, [](Expr v) { return bool(v); })
                         ? fn(values)
                         : Expr());
  }
  c.setElements(op->getResult(0), std::move(result));
}

template <Expr (ExprTable::*fn)(Expr, Expr)>
static void setBinary(ShapeContext &c, Operation *op) {
  setElementwise(c, op, [&](ArrayRef<Expr> v) {
    return v.size() == 2 ? (c.table.*fn)(v[0], v[1]) : Expr();
  });
}

template <Expr (ExprTable::*fn)(Expr, Expr)>
static void setSwapped(ShapeContext &c, Operation *op) {
  setElementwise(c, op, [&](ArrayRef<Expr> v) {
    return v.size() == 2 ? (c.table.*fn)(v[1], v[0]) : Expr();
  });
}

static void setDiv(ShapeContext &c, Operation *op) {
  setElementwise(c, op, [&](ArrayRef<Expr> v) {
    ExprTable &t = c.table;
    bool isPlain = v[0].getType() == ExprType::Integer &&
                   t.isKnownNonNegative(v[0]) && t.isKnownNonNegative(v[1]);
    return isPlain ? t.floorDiv(v[0], v[1]) : Expr();
  });
}

static void setNeg(ShapeContext &c, Operation *op) {
  setElementwise(c, op,
                 [&](ArrayRef<Expr> v) { return c.table.negate(v[0]); });
}

static void setNot(ShapeContext &c, Operation *op) {
  setElementwise(c, op,
                 [&](ArrayRef<Expr> v) { return c.table.logicalNot(v[0]); });
}

static void setWhere(ShapeContext &c, Operation *op) {
  setElementwise(c, op, [&](ArrayRef<Expr> v) {
    return c.table.select(v[0], v[1], v[2]);
  });
}

//===----------------------------------------------------------------------===//
// Constants and shapes
//===----------------------------------------------------------------------===//

static void setConstant(ShapeContext &c, Operation *op) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (type && type.getShape() == ArrayRef<int64_t>{0}) {
    // No dense elements hold none.
    c.setElements(op->getResult(0), {});
    return;
  }
  auto values = op->getAttrOfType<DenseElementsAttr>("value");
  if (!values || !isCountable(op->getResult(0)) ||
      values.getType().getRank() > 1 ||
      values.getNumElements() > static_cast<int64_t>(kMaxShapeElements)) {
    return;
  }
  Shape elements;
  for (Attribute value : values.getValues<Attribute>()) {
    elements.push_back(toExpr(c.table, value));
  }
  c.setElements(op->getResult(0), std::move(elements));
}

static void setShapeOf(ShapeContext &c, Operation *op) {
  const Shape *shape = c.getShape(op->getOperand(0));
  if (!shape) {
    return;
  }
  auto rank = static_cast<int64_t>(shape->size());
  auto clamp = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  int64_t start = clamp(getInteger(op, "start", 0));
  int64_t end = std::max(start, clamp(getInteger(op, "end", rank)));
  Shape elements(shape->begin() + start, shape->begin() + end);
  c.setShape(op->getResult(0), {c.table.integer(end - start)});
  c.setElements(op->getResult(0), std::move(elements));
}

static void setSize(ShapeContext &c, Operation *op) {
  c.setShape(op->getResult(0), {});
  const Shape *shape = c.getShape(op->getOperand(0));
  if (!shape) {
    return;
  }
  Expr size = one(c);
  for (Expr dim : *shape) {
    size = c.table.mul(size, dim);
  }
  c.setElements(op->getResult(0), {size});
}

static void setRange(ShapeContext &c, Operation *op) {
  const Shape *values[3];
  for (unsigned i = 0; i < 3; ++i) {
    values[i] = c.getElements(op->getOperand(i));
    if (!values[i] || values[i]->size() != 1 || !(*values[i])[0]) {
      return;
    }
  }
  Expr start = (*values[0])[0], limit = (*values[1])[0];
  std::optional<int64_t> step = (*values[2])[0].getInteger();
  if (step != 1) {
    return;
  }
  Expr count = c.table.sub(limit, start);
  c.setShape(op->getResult(0), {count});
  std::optional<int64_t> number = count ? count.getInteger() : std::nullopt;
  if (!number || *number < 0 ||
      *number > static_cast<int64_t>(kMaxShapeElements)) {
    return;
  }
  Shape elements;
  for (int64_t i = 0; i < *number; ++i) {
    elements.push_back(c.table.add(start, c.table.integer(i)));
  }
  c.setElements(op->getResult(0), std::move(elements));
}

static void setConstantOfShape(ShapeContext &c, Operation *op) {
  const Shape *shape = c.getElements(op->getOperand(0));
  if (!shape) {
    return;
  }
  c.setShape(op->getResult(0), *shape);
  auto value = op->getAttrOfType<DenseElementsAttr>("value");
  std::optional<int64_t> count =
      shape->size() == 1 && shape->front() ? shape->front().getInteger()
                                           : std::nullopt;
  if (shape->empty()) {
    count = 1;
  }
  if (value && value.getNumElements() == 1 && isCountable(op->getResult(0)) &&
      count && *count >= 0 &&
      *count <= static_cast<int64_t>(kMaxShapeElements)) {
    Expr element = toExpr(c.table, *value.getValues<Attribute>().begin());
    c.setElements(op->getResult(0), Shape(*count, element));
  }
}

//===----------------------------------------------------------------------===//
// Reordering
//===----------------------------------------------------------------------===//

static void setReshape(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  const Shape *target = c.getElements(op->getOperand(1));
  if (!target) {
    return;
  }
  Shape shape = *target;
  Expr *open = nullptr;
  Expr known = one(c);
  for (auto [i, size] : llvm::enumerate(shape)) {
    std::optional<int64_t> number = size ? size.getInteger() : std::nullopt;
    if (number == 0 && getInteger(op, "allowzero", 0) == 0) {
      size = from && i < from->size() ? (*from)[i] : Expr();
    } else if (number == -1) {
      open = &size;
      continue;
    }
    known = c.table.mul(known, size);
  }
  if (open) {
    Expr total = from ? one(c) : Expr();
    for (size_t i = 0; from && i < from->size(); ++i) {
      total = c.table.mul(total, (*from)[i]);
    }
    *open = c.table.exactDiv(total, known);
  }
  c.setShape(op->getResult(0), std::move(shape));
  const Shape *elements = c.getElements(op->getOperand(0));
  if (elements && target->size() <= 1) {
    c.setElements(op->getResult(0), *elements);
  }
}

static void setExpand(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  const Shape *target = c.getElements(op->getOperand(1));
  if (from && target) {
    c.setShape(op->getResult(0), c.broadcast(*from, *target));
  }
}

static void setTranspose(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  if (!from) {
    return;
  }
  Shape shape(from->rbegin(), from->rend());
  if (auto perm = op->getAttrOfType<DenseI64ArrayAttr>("perm")) {
    if (perm.size() != static_cast<int64_t>(from->size())) {
      return;
    }
    for (auto [size, axis] : llvm::zip(shape, perm.asArrayRef())) {
      if (axis < 0 || axis >= perm.size()) {
        return;
      }
      size = (*from)[axis];
    }
  }
  c.setShape(op->getResult(0), std::move(shape));
}

static void setUnsqueeze(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  Value axesOperand = getOperand(op, 1);
  const Shape *numbers = axesOperand ? c.getElements(axesOperand) : nullptr;
  if (!from || !numbers) {
    return;
  }
  std::optional<SmallVector<size_t>> axes =
      getAxes(c, axesOperand, from->size() + numbers->size());
  if (!axes) {
    return;
  }
  Shape shape = *from;
  for (size_t axis : *axes) {
    shape.insert(shape.begin() + static_cast<int64_t>(axis), one(c));
  }
  const Shape *elements = c.getElements(op->getOperand(0));
  if (elements && shape.size() <= 1) {
    c.setElements(op->getResult(0), *elements);
  }
  c.setShape(op->getResult(0), std::move(shape));
}

static void setSqueeze(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  Value axesOperand = getOperand(op, 1);
  if (!from) {
    return;
  }
  std::optional<SmallVector<size_t>> axes;
  if (axesOperand) {
    axes = getAxes(c, axesOperand, from->size());
  } else {
    axes.emplace();
    for (auto [i, size] : llvm::enumerate(*from)) {
      if (size && size.getInteger() == 1) {
        axes->push_back(i);
      }
    }
  }
  if (!axes) {
    return;
  }
  Shape shape;
  for (auto [i, size] : llvm::enumerate(*from)) {
    if (!llvm::is_contained(*axes, i)) {
      shape.push_back(size);
    }
  }
  if (const Shape *elements = c.getElements(op->getOperand(0))) {
    c.setElements(op->getResult(0), *elements);
  }
  c.setShape(op->getResult(0), std::move(shape));
}

static void setFlatten(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  if (!from) {
    return;
  }
  int64_t at = getInteger(op, "axis", 1);
  auto rank = static_cast<int64_t>(from->size());
  at = at < 0 ? at + rank : at;
  if (at < 0 || at > rank) {
    return;
  }
  Shape shape{one(c), one(c)};
  for (auto [i, size] : llvm::enumerate(*from)) {
    Expr &part = shape[static_cast<int64_t>(i) < at ? 0 : 1];
    part = c.table.mul(part, size);
  }
  c.setShape(op->getResult(0), std::move(shape));
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

static void setConcat(ShapeContext &c, Operation *op) {
  Shape shape, elements;
  bool hasElements = true;
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    const Shape *part = c.getShape(operand);
    std::optional<size_t> axis =
        part ? getAxis(getInteger(op, "axis", 0), part->size()) : std::nullopt;
    if (!axis || (i > 0 && part->size() != shape.size())) {
      return;
    }
    if (const Shape *values = c.getElements(operand)) {
      llvm::append_range(elements, *values);
    } else {
      hasElements = false;
    }
    if (i == 0) {
      shape = *part;
      continue;
    }
    for (size_t j = 0; j < shape.size(); ++j) {
      shape[j] = j == *axis ? c.table.add(shape[j], (*part)[j])
                            : c.broadcast(shape[j], (*part)[j]);
    }
  }
  if (hasElements && shape.size() == 1) {
    c.setElements(op->getResult(0), std::move(elements));
  }
  c.setShape(op->getResult(0), std::move(shape));
}

namespace {
/// One axis of a slice.
struct AxisSlice {
  size_t axis;
  Expr start, end;
  int64_t step;
};
} // namespace

static std::optional<SmallVector<AxisSlice>>
getSlices(ShapeContext &c, Operation *op, const Shape &from) {
  const Shape *starts = c.getElements(op->getOperand(1));
  const Shape *ends = c.getElements(op->getOperand(2));
  if (!starts || !ends || starts->size() != ends->size()) {
    return std::nullopt;
  }
  SmallVector<int64_t> axes, steps(starts->size(), 1);
  for (size_t i = 0; i < starts->size(); ++i) {
    axes.push_back(static_cast<int64_t>(i));
  }
  for (auto [number, values] :
       {std::pair(3u, &axes), std::pair(4u, &steps)}) {
    if (Value operand = getOperand(op, number)) {
      std::optional<SmallVector<int64_t>> given = getConstants(c, operand);
      if (!given || given->size() != starts->size()) {
        return std::nullopt;
      }
      *values = *given;
    }
  }
  SmallVector<AxisSlice> result;
  for (size_t i = 0; i < axes.size(); ++i) {
    std::optional<size_t> axis = getAxis(axes[i], from.size());
    if (!axis) {
      return std::nullopt;
    }
    result.push_back({*axis, (*starts)[i], (*ends)[i], steps[i]});
  }
  return result;
}

/// A bound of a slice of `size`: counted from the end where it is negative, at
/// most `size`. Symbolic bounds are taken to be inside.
static Expr clampBound(ShapeContext &c, Expr bound, Expr size) {
  if (!bound || !size) {
    return {};
  }
  std::optional<int64_t> number = bound.getInteger();
  std::optional<int64_t> count = size.getInteger();
  bool isNegative =
      c.table.isKnownNonNegative(c.table.sub(c.table.integer(-1), bound));
  if (number && count) {
    int64_t at = *number < 0 ? *number + *count : *number;
    return c.table.integer(std::clamp<int64_t>(at, 0, *count));
  }
  // "To the end", as exporters write it.
  constexpr int64_t kFar = std::numeric_limits<int32_t>::max();
  if (number && *number >= kFar) {
    return size;
  }
  return isNegative ? c.table.add(size, bound) : bound;
}

static void setSlice(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  std::optional<SmallVector<AxisSlice>> slices =
      from ? getSlices(c, op, *from) : std::nullopt;
  if (!slices) {
    return;
  }
  Shape shape = *from;
  for (const AxisSlice &slice : *slices) {
    Expr size = shape[slice.axis];
    if (slice.step < 1) {
      shape[slice.axis] = {};
      continue;
    }
    // Any part of one element is that element.
    if (size && size.getInteger() == 1 && slice.start && slice.end &&
        (!slice.start.getInteger() || !slice.end.getInteger())) {
      continue;
    }
    Expr begin = clampBound(c, slice.start, size);
    Expr end = clampBound(c, slice.end, size);
    Expr span = c.table.sub(end, begin);
    if (span && span.getInteger() && *span.getInteger() < 0) {
      span = c.table.integer(0);
    }
    shape[slice.axis] = c.table.floorDiv(
        c.table.add(span, c.table.integer(slice.step - 1)),
        c.table.integer(slice.step));
  }
  const Shape *elements = c.getElements(op->getOperand(0));
  if (elements && slices->size() == 1 && from->size() == 1 &&
      slices->front().step >= 1) {
    auto count = c.table.integer(static_cast<int64_t>(elements->size()));
    Expr begin = clampBound(c, slices->front().start, count);
    Expr end = clampBound(c, slices->front().end, count);
    if (begin && end && begin.getInteger() && end.getInteger()) {
      Shape part;
      for (int64_t i = *begin.getInteger(); i < *end.getInteger();
           i += slices->front().step) {
        part.push_back((*elements)[i]);
      }
      c.setElements(op->getResult(0), std::move(part));
    }
  }
  c.setShape(op->getResult(0), std::move(shape));
}

static void setSplit(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  std::optional<size_t> axis =
      from ? getAxis(getInteger(op, "axis", 0), from->size()) : std::nullopt;
  if (!axis) {
    return;
  }
  Value operand = getOperand(op, 1);
  const Shape *sizes = operand ? c.getElements(operand) : nullptr;
  std::optional<int64_t> total =
      (*from)[*axis] ? (*from)[*axis].getInteger() : std::nullopt;
  auto count = static_cast<int64_t>(op->getNumResults());
  for (auto [i, result] : llvm::enumerate(op->getResults())) {
    Shape shape = *from;
    shape[*axis] = {};
    if (sizes && i < sizes->size()) {
      shape[*axis] = (*sizes)[i];
    } else if (!operand && total) {
      // All but the last part are the total divided, rounded up.
      int64_t part = (*total + count - 1) / count;
      bool isLast = static_cast<int64_t>(i) == count - 1;
      shape[*axis] =
          c.table.integer(isLast ? *total - part * (count - 1) : part);
    }
    c.setShape(result, std::move(shape));
  }
}

static void setGather(ShapeContext &c, Operation *op) {
  const Shape *data = c.getShape(op->getOperand(0));
  const Shape *indices = c.getShape(op->getOperand(1));
  std::optional<size_t> axis =
      data ? getAxis(getInteger(op, "axis", 0), data->size()) : std::nullopt;
  if (!axis || !indices) {
    return;
  }
  Shape shape(data->begin(), data->begin() + static_cast<int64_t>(*axis));
  llvm::append_range(shape, *indices);
  shape.append(data->begin() + static_cast<int64_t>(*axis) + 1, data->end());
  const Shape *elements = c.getElements(op->getOperand(0));
  std::optional<SmallVector<int64_t>> at = getConstants(c, op->getOperand(1));
  if (elements && at && data->size() == 1 && shape.size() <= 1) {
    Shape part;
    auto count = static_cast<int64_t>(elements->size());
    for (int64_t i : *at) {
      i = i < 0 ? i + count : i;
      part.push_back(i >= 0 && i < count ? (*elements)[i] : Expr());
    }
    c.setElements(op->getResult(0), std::move(part));
  }
  c.setShape(op->getResult(0), std::move(shape));
}

static void setGatherElements(ShapeContext &c, Operation *op) {
  if (const Shape *shape = c.getShape(op->getOperand(1))) {
    c.setShape(op->getResult(0), *shape);
  }
}

static void setGatherND(ShapeContext &c, Operation *op) {
  const Shape *data = c.getShape(op->getOperand(0));
  const Shape *indices = c.getShape(op->getOperand(1));
  int64_t batch = getInteger(op, "batch_dims", 0);
  std::optional<int64_t> length =
      indices && !indices->empty() && indices->back()
          ? indices->back().getInteger()
          : std::nullopt;
  if (!data || !length || batch < 0 || *length < 0 ||
      batch + *length > static_cast<int64_t>(data->size())) {
    return;
  }
  Shape shape(indices->begin(), indices->end() - 1);
  shape.append(data->begin() + batch + *length, data->end());
  c.setShape(op->getResult(0), std::move(shape));
}

static void setTile(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  const Shape *repeats = c.getElements(op->getOperand(1));
  if (!from || !repeats || from->size() != repeats->size()) {
    return;
  }
  Shape shape;
  for (auto [size, repeat] : llvm::zip(*from, *repeats)) {
    shape.push_back(c.table.mul(size, repeat));
  }
  c.setShape(op->getResult(0), std::move(shape));
}

//===----------------------------------------------------------------------===//
// Reductions and products
//===----------------------------------------------------------------------===//

static void setReduction(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  if (!from) {
    return;
  }
  Value operand = getOperand(op, 1);
  std::optional<SmallVector<size_t>> axes;
  if (operand) {
    axes = getAxes(c, operand, from->size());
    if (!axes) {
      return;
    }
  }
  bool isAll = !axes || axes->empty();
  if (isAll && getInteger(op, "noop_with_empty_axes", 0) != 0) {
    return c.setShape(op->getResult(0), *from);
  }
  bool keeps = getInteger(op, "keepdims", 1) != 0;
  Shape shape;
  for (auto [i, size] : llvm::enumerate(*from)) {
    bool isReduced = isAll || llvm::is_contained(*axes, i);
    if (!isReduced) {
      shape.push_back(size);
    } else if (keeps) {
      shape.push_back(one(c));
    }
  }
  c.setShape(op->getResult(0), std::move(shape));
}

static void setProductOfAll(ShapeContext &c, Operation *op) {
  setReduction(c, op);
  const Shape *elements = c.getElements(op->getOperand(0));
  const Shape *shape = c.getShape(op->getOperand(0));
  if (!elements || !shape || shape->size() != 1) {
    return;
  }
  Expr product = one(c);
  for (Expr element : *elements) {
    product = c.table.mul(product, element);
  }
  c.setElements(op->getResult(0), {product});
}

static void setMatMul(ShapeContext &c, Operation *op) {
  const Shape *a = c.getShape(op->getOperand(0));
  const Shape *b = c.getShape(op->getOperand(1));
  if (!a || !b || a->size() < 2 || b->size() < 2) {
    return;
  }
  Shape shape = c.broadcast(ArrayRef(*a).drop_back(2),
                            ArrayRef(*b).drop_back(2));
  shape.push_back((*a)[a->size() - 2]);
  shape.push_back(b->back());
  c.setShape(op->getResult(0), std::move(shape));
}

static void setGemm(ShapeContext &c, Operation *op) {
  const Shape *a = c.getShape(op->getOperand(0));
  const Shape *b = c.getShape(op->getOperand(1));
  if (a && b && a->size() == 2 && b->size() == 2) {
    c.setShape(op->getResult(0),
               {(*a)[getInteger(op, "transA", 0) != 0 ? 1 : 0],
                (*b)[getInteger(op, "transB", 0) != 0 ? 0 : 1]});
  }
}

/// The `Attention` operator: [B, H, S, E], or [B, S, H·E] of three axes.
static void setAttentionOperator(ShapeContext &c, Operation *op) {
  const Shape *q = c.getShape(op->getOperand(0));
  const Shape *v = c.getShape(op->getOperand(2));
  if (!q || !v || q->size() != v->size()) {
    return;
  }
  Shape shape = *q;
  if (q->size() == 4) {
    shape.back() = v->back();
  } else if (q->size() == 3) {
    int64_t heads = getInteger(op, "q_num_heads", 1);
    int64_t groups = getInteger(op, "kv_num_heads", 1);
    shape.back() = c.table.mul(
        c.table.exactDiv(v->back(), c.table.integer(groups)),
        c.table.integer(heads));
  }
  c.setShape(op->getResult(0), std::move(shape));
}

//===----------------------------------------------------------------------===//
// Ops of the dialect qeff
//===----------------------------------------------------------------------===//

/// All but the last axes of operand 0, then the last of the result's type.
static void setLastFromType(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  bool addsAxis = isa<EmbeddingOp>(op);
  if (!from || from->empty()) {
    return;
  }
  Shape shape(from->begin(), from->end() - (addsAxis ? 0 : 1));
  shape.push_back(type.isDynamicDim(type.getRank() - 1)
                      ? Expr()
                      : c.table.integer(type.getShape().back()));
  c.setShape(op->getResult(0), std::move(shape));
}

/// [B, S, H·D] to [B, H, S, D] and back.
static void setHeads(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  bool isSplit = isa<SplitHeadsOp>(op);
  if (!from || from->size() != (isSplit ? 3u : 4u)) {
    return;
  }
  Shape shape(type.getRank());
  shape[0] = (*from)[0];
  shape[isSplit ? 2 : 1] = (*from)[isSplit ? 1 : 2];
  c.setShape(op->getResult(0), std::move(shape));
}

/// [B, C] of [B, S, C].
static void setPool(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  if (from && from->size() == 3) {
    c.setShape(op->getResult(0), {(*from)[0], (*from)[2]});
  }
}

/// [B, H, S, E] of queries [B, H, S, D] and values [B, G, T, E].
static void setAttention(ShapeContext &c, Operation *op) {
  const Shape *q = c.getShape(op->getOperand(0));
  const Shape *v = c.getShape(op->getOperand(2));
  if (q && v && q->size() == 4 && v->size() == 4) {
    c.setShape(op->getResult(0), {(*q)[0], (*q)[1], (*q)[2], (*v)[3]});
  }
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static const llvm::StringMap<ShapeFn> &getFunctions() {
  using T = ExprTable;
  static const llvm::StringMap<ShapeFn> functions = [] {
    llvm::StringMap<ShapeFn> map = {
        {"onnxir.Add", setBinary<&T::add>},
        {"onnxir.And", setBinary<&T::logicalAnd>},
        {"onnxir.Attention", setAttentionOperator},
        {"onnxir.Cast", setCast},
        {"onnxir.CastLike", setCast},
        {"onnxir.Concat", setConcat},
        {"onnxir.ConstantOfShape", setConstantOfShape},
        {"onnxir.Div", setDiv},
        {"onnxir.Dropout", setIdentity},
        {"onnxir.Equal", setBinary<&T::equal>},
        {"onnxir.Expand", setExpand},
        {"onnxir.Flatten", setFlatten},
        {"onnxir.Gather", setGather},
        {"onnxir.GatherElements", setGatherElements},
        {"onnxir.GatherND", setGatherND},
        {"onnxir.Gemm", setGemm},
        {"onnxir.Greater", setSwapped<&T::less>},
        {"onnxir.GreaterOrEqual", setSwapped<&T::lessEqual>},
        {"onnxir.Identity", setIdentity},
        {"onnxir.Less", setBinary<&T::less>},
        {"onnxir.LessOrEqual", setBinary<&T::lessEqual>},
        {"onnxir.MatMul", setMatMul},
        {"onnxir.Max", setBinary<&T::max>},
        {"onnxir.Min", setBinary<&T::min>},
        {"onnxir.Mod", setBinary<&T::mod>},
        {"onnxir.Mul", setBinary<&T::mul>},
        {"onnxir.Neg", setNeg},
        {"onnxir.Not", setNot},
        {"onnxir.Or", setBinary<&T::logicalOr>},
        {"onnxir.Range", setRange},
        {"onnxir.ReduceProd", setProductOfAll},
        {"onnxir.Reshape", setReshape},
        {"onnxir.Shape", setShapeOf},
        {"onnxir.Size", setSize},
        {"onnxir.Slice", setSlice},
        {"onnxir.Split", setSplit},
        {"onnxir.Squeeze", setSqueeze},
        {"onnxir.Sub", setBinary<&T::sub>},
        {"onnxir.Tile", setTile},
        {"onnxir.Transpose", setTranspose},
        {"onnxir.Unsqueeze", setUnsqueeze},
        {"onnxir.Where", setWhere},
        {"onnxir.initializer", setConstant},
        {"arith.constant", setConstant},
        {"qeff.linear", setLastFromType},
        {"qeff.embedding", setLastFromType},
        {"qeff.slice", setLastFromType},
        {"qeff.pool", setPool},
        {"qeff.split_heads", setHeads},
        {"qeff.merge_heads", setHeads},
        {"qeff.attention", setAttention},
    };
    for (StringRef name :
         {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp",
          "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum",
          "ReduceSumSquare"}) {
      map[("onnxir." + name).str()] = setReduction;
    }
    for (StringRef name : {"Pow", "BitwiseAnd", "BitwiseOr", "Xor", "Sum",
                           "PRelu"}) {
      map[("onnxir." + name).str()] = setBroadcast;
    }
    for (StringRef name :
         {"onnxir.Abs", "onnxir.Ceil", "onnxir.Clip", "onnxir.Cos",
          "onnxir.CumSum", "onnxir.Elu", "onnxir.Erf", "onnxir.Exp",
          "onnxir.Floor", "onnxir.Gelu", "onnxir.HardSigmoid",
          "onnxir.HardSwish", "onnxir.IsInf", "onnxir.IsNaN",
          "onnxir.LayerNormalization", "onnxir.LeakyRelu", "onnxir.Log",
          "onnxir.LogSoftmax", "onnxir.Mish", "onnxir.RMSNormalization",
          "onnxir.Reciprocal", "onnxir.Relu", "onnxir.RotaryEmbedding",
          "onnxir.Round", "onnxir.ScatterElements", "onnxir.ScatterND",
          "onnxir.Sigmoid", "onnxir.Sign",
          "onnxir.SimplifiedLayerNormalization", "onnxir.Sin",
          "onnxir.Softmax", "onnxir.Softplus", "onnxir.Sqrt", "onnxir.Swish",
          "onnxir.Tanh", "onnxir.Trilu", "qeff.activate", "qeff.add",
          "qeff.clip", "qeff.gate", "qeff.layer_norm", "qeff.lora",
          "qeff.rms_norm", "qeff.rope", "qeff.iota", "qeff.mask_positions",
          "qeff.mul", "qeff.scale", "qeff.softcap"}) {
      map[name] = setSameShape;
    }
    return map;
  }();
  return functions;
}

ShapeFn qeff::getShapeFn(Operation *op) {
  ShapeFn fn = getFunctions().lookup(op->getName().getStringRef());
  return fn ? fn : getRareShapeFn(op);
}
