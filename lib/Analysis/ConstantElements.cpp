// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements of constants at an index that is an expression.

#include "ConstantElements.h"
#include "OperatorAccess.h"

#include "qeff/Analysis/Constants.h"

#include <cmath>

using namespace qeff;

Expr qeff::toExpr(ExprTable &table, Attribute value) {
  if (auto number = dyn_cast<FloatAttr>(value)) {
    return table.number(number.getValueAsDouble());
  }
  auto integer = dyn_cast<IntegerAttr>(value);
  if (!integer) {
    return {};
  }
  const llvm::APInt &bits = integer.getValue();
  if (bits.getBitWidth() == 1) {
    return table.truth(bits.getBoolValue());
  }
  if (integer.getType().isUnsignedInteger()) {
    return bits.getActiveBits() < 64 ? table.integer(bits.getZExtValue())
                                     : Expr();
  }
  return bits.getSignificantBits() <= 64 ? table.integer(bits.getSExtValue())
                                         : Expr();
}

namespace {
/// An axis along which an index is no constant.
struct MovingAxis {
  Expr index;
  int64_t extent;
  int64_t stride;
};

/// The elements of a constant that an index may mean.
struct Selection {
  int64_t offset = 0;
  SmallVector<MovingAxis, 2> axes;
};
} // namespace

static std::optional<Selection> select(ArrayRef<Expr> index,
                                       ArrayRef<int64_t> shape) {
  Selection result;
  int64_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) {
    std::optional<int64_t> i = index[axis].getInteger();
    if (!i) {
      result.axes.insert(result.axes.begin(),
                         {index[axis], shape[axis], stride});
    } else if (*i >= 0 && *i < shape[axis]) {
      result.offset += *i * stride;
    } else {
      return std::nullopt;
    }
  }
  return result;
}

/// first + step·i where the values along the one moving axis are that.
static Expr getRamp(ExprTable &table, const ConstantTensor &values,
                    const Selection &selection) {
  const MovingAxis &axis = selection.axes[0];
  auto at = [&](int64_t i) {
    return values.getElement(table, selection.offset + i * axis.stride);
  };
  Expr first = at(0);
  if (axis.extent < 2) {
    return first;
  }
  Expr step = table.sub(at(1), first);
  for (int64_t i = 2; step && i < axis.extent; ++i) {
    Expr expected = table.add(
        first,
        table.mul(step, table.cast(table.integer(i), first.getType())));
    Expr rest = table.sub(at(i), expected);
    constexpr double kTolerance = 1e-6;
    if (!rest || (rest.getInteger() != 0 &&
                  !(rest.getFloat() &&
                    std::abs(*rest.getFloat()) <=
                        kTolerance * std::abs(*expected.getFloat())))) {
      return {};
    }
  }
  return table.add(
      first, table.mul(step, table.cast(axis.index, first.getType())));
}

/// j <= i + k ? below : above where the values along two moving axes i and j are
/// that, for some k.
static Expr getTriangle(ExprTable &table, const ConstantTensor &values,
                        const Selection &selection) {
  const MovingAxis &rows = selection.axes[0], &columns = selection.axes[1];
  auto at = [&](int64_t i, int64_t j) {
    return selection.offset + i * rows.stride + j * columns.stride;
  };
  int64_t below = at(rows.extent - 1, 0), above = at(0, columns.extent - 1);
  if (values.areEqual(below, above)) {
    return {};
  }
  int64_t k = -1;
  while (k + 1 < columns.extent && values.areEqual(at(0, k + 1), below)) {
    ++k;
  }
  if (k < 0) {
    int64_t i = 0;
    for (; i < rows.extent && !values.areEqual(at(i, 0), below); ++i) {
    }
    k = -i;
  }
  for (int64_t i = 0; i < rows.extent; ++i) {
    for (int64_t j = 0; j < columns.extent; ++j) {
      if (!values.areEqual(at(i, j), j <= i + k ? below : above)) {
        return {};
      }
    }
  }
  return table.select(
      table.lessEqual(columns.index,
                      table.add(rows.index, table.integer(k))),
      values.getElement(table, below), values.getElement(table, above));
}

Expr qeff::getConstantElement(Elements &elements, Operation *op,
                              unsigned result, ArrayRef<Expr> index) {
  ExprTable &table = elements.getTable();
  Value value = op->getResult(result);
  auto type = dyn_cast<RankedTensorType>(value.getType());
  auto dense = op->getAttrOfType<DenseElementsAttr>("value");
  if (dense && dense.isSplat()) {
    return toExpr(table, dense.getSplatValue<Attribute>());
  }
  if (!type || !type.hasStaticShape() ||
      static_cast<size_t>(type.getRank()) != index.size()) {
    return {};
  }
  std::optional<Selection> selection = select(index, type.getShape());
  if (!selection || selection->axes.size() > 2) {
    return {};
  }
  std::shared_ptr<const ConstantTensor> values =
      elements.getConstants().read(value);
  if (!values) {
    return {};
  }
  switch (selection->axes.size()) {
  case 0:
    return values->getElement(table, selection->offset);
  case 1:
    return getRamp(table, *values, *selection);
  default:
    return getTriangle(table, *values, *selection);
  }
}
