// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the lazy weight ops, and the op definitions themselves.

#include "TensorTypes.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Dialect/QEff/IR/Rope.h"

#include "mlir/IR/OpImplementation.h"

using namespace qeff;

#define GET_OP_CLASSES
#include "qeff/Dialect/QEff/IR/QEffOps.cpp.inc"

//===----------------------------------------------------------------------===//
// weight_ref
//===----------------------------------------------------------------------===//

LogicalResult
WeightRefOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  // (C1)
  Operation *symbol =
      symbolTable.lookupNearestSymbolFrom(*this, getWeightAttr());
  Type type;
  if (auto weight = dyn_cast_if_present<WeightOp>(symbol)) {
    type = weight.getType();
  } else if (auto expr = dyn_cast_if_present<WeightExprOp>(symbol)) {
    type = expr.getType();
  } else {
    return emitOpError("expects a qeff.weight or qeff.weight_expr, got ")
           << getWeightAttr();
  }
  // (C2)
  if (type != getType()) {
    InFlightDiagnostic diagnostic =
        emitOpError("expects the type of ") << getWeightAttr() << ", got "
                                            << getType();
    diagnostic.attachNote(symbol->getLoc()) << "it has type " << type;
    return diagnostic;
  }
  return success();
}

void WeightRefOp::getAsmResultNames(mlir::OpAsmSetValueNameFn setName) {
  setName(getResult(), getWeight());
}

//===----------------------------------------------------------------------===//
// transpose, reshape, permute_rows
//===----------------------------------------------------------------------===//

LogicalResult TransposeOp::verify() {
  RankedTensorType input = getTensorType(getInput());
  RankedTensorType result = getTensorType(getResult());
  ArrayRef<int64_t> permutation = getPermutation();
  // (C1)
  int64_t rank = input.getRank();
  SmallVector<bool> seen(rank, false);
  bool valid = static_cast<int64_t>(permutation.size()) == rank;
  for (int64_t axis : permutation) {
    if (!valid || axis < 0 || axis >= rank || seen[axis]) {
      valid = false;
      break;
    }
    seen[axis] = true;
  }
  if (!valid) {
    return emitOpError("expects a permutation of ")
           << rank << " axes, got [" << permutation << "]";
  }
  // (C2)
  bool agrees = result.getRank() == rank &&
                result.getElementType() == input.getElementType();
  for (int64_t k = 0; agrees && k < rank; ++k) {
    agrees = result.getDimSize(k) == input.getDimSize(permutation[k]);
  }
  if (!agrees) {
    return emitOpError("expects a result that permutes ")
           << input << ", got " << result;
  }
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType input = getTensorType(getInput());
  RankedTensorType result = getTensorType(getResult());
  // (C1)
  if (!input.hasStaticShape() || !result.hasStaticShape() ||
      input.getElementType() != result.getElementType() ||
      input.getNumElements() != result.getNumElements()) {
    return emitOpError("expects static types with the same elements, got ")
           << input << " and " << result;
  }
  return success();
}

LogicalResult PermuteRowsOp::verify() {
  RankedTensorType type = getTensorType(getInput());
  int64_t heads = getHeads();
  // (C1)
  if (type.getRank() < 1 || type.isDynamicDim(0) || heads < 1 ||
      heads > type.getDimSize(0) || type.getDimSize(0) % (2 * heads) != 0) {
    return emitOpError("expects axis 0 to be a multiple of 2·heads, got ")
           << type << " and heads = " << heads;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// slice, concat
//===----------------------------------------------------------------------===//

LogicalResult SliceOp::verify() {
  RankedTensorType input = getTensorType(getInput());
  RankedTensorType result = getTensorType(getResult());
  ArrayRef<int64_t> offsets = getOffsets();
  // (C3)
  if (input.getElementType() != result.getElementType()) {
    return emitOpError("expects equal element types, got ")
           << input << " and " << result;
  }
  // (C1)
  int64_t rank = input.getRank();
  if (result.getRank() != rank ||
      static_cast<int64_t>(offsets.size()) != rank) {
    return emitOpError("expects one offset and one size per axis of ")
           << input;
  }
  for (int64_t axis = 0; axis < rank; ++axis) {
    int64_t size = input.getDimSize(axis);
    int64_t taken = result.getDimSize(axis);
    // (C2)
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(taken)) {
      if (size != taken || offsets[axis] != 0) {
        return emitOpError("expects a dynamic axis to be taken whole, got "
                           "axis ")
               << axis;
      }
      continue;
    }
    if (offsets[axis] < 0 || taken > size || offsets[axis] > size - taken) {
      return emitOpError("expects offset + size <= ")
             << size << " on axis " << axis << ", got " << offsets[axis]
             << " + " << taken;
    }
  }
  return success();
}

LogicalResult ConcatOp::verify() {
  // (C1)
  if (getInputs().empty()) {
    return emitOpError("expects at least one input");
  }
  RankedTensorType result = getTensorType(getResult());
  int64_t axis = getAxis();
  // (C2)
  if (axis < 0 || axis >= result.getRank()) {
    return emitOpError("expects an axis of ") << result << ", got " << axis;
  }
  int64_t total = 0;
  bool isDynamic = false;
  for (Value input : getInputs()) {
    RankedTensorType type = getTensorType(input);
    bool agrees = type.getRank() == result.getRank() &&
                  type.getElementType() == result.getElementType();
    for (int64_t k = 0; agrees && k < type.getRank(); ++k) {
      agrees = k == axis || type.getDimSize(k) == result.getDimSize(k);
    }
    if (!agrees) {
      return emitOpError("expects inputs that differ from ")
             << result << " on axis " << axis << " only, got " << type;
    }
    isDynamic |= type.isDynamicDim(axis);
    total += isDynamic ? 0 : type.getDimSize(axis);
  }
  if (isDynamic != result.isDynamicDim(axis)) {
    return emitOpError("expects axis ")
           << axis << " to be dynamic where that of an input is, got "
           << result;
  }
  if (!isDynamic && total != result.getDimSize(axis)) {
    return emitOpError("expects ")
           << total << " as the size of axis " << axis << ", got " << result;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// cast, clip, scale, offset, rope_table
//===----------------------------------------------------------------------===//

static bool isConvertible(Type type) {
  return type.isF32() || type.isF16() || type.isBF16();
}

LogicalResult CastOp::verify() {
  RankedTensorType input = getTensorType(getInput());
  RankedTensorType result = getTensorType(getResult());
  // (C1)
  if (input.getShape() != result.getShape() ||
      !isConvertible(input.getElementType()) ||
      !isConvertible(result.getElementType())) {
    return emitOpError("expects equal shapes of f32, f16 or bf16, got ")
           << input << " and " << result;
  }
  return success();
}

LogicalResult ClipOp::verify() {
  // (C1)
  if (!(getMin().convertToDouble() <= getMax().convertToDouble())) {
    return emitOpError("expects min <= max, got ")
           << getMin().convertToDouble() << " and "
           << getMax().convertToDouble();
  }
  return success();
}

/// A finite number on f32, f16 or bf16.
static LogicalResult verifyNumber(Operation *op, Type type, StringRef what,
                                  const llvm::APFloat &number) {
  // (C1)
  if (!isConvertible(cast<RankedTensorType>(type).getElementType())) {
    return op->emitOpError("expects elements of f32, f16 or bf16, got ")
           << type;
  }
  // (C2)
  if (!number.isFinite()) {
    return op->emitOpError("expects a finite ")
           << what << ", got " << number.convertToDouble();
  }
  return success();
}

LogicalResult ScaleOp::verify() {
  return verifyNumber(*this, getType(), "factor", getFactor());
}

LogicalResult OffsetOp::verify() {
  return verifyNumber(*this, getType(), "value", getValue());
}

LogicalResult RopeTableOp::verify() {
  RankedTensorType type = getTensorType(getResult());
  // (C2)
  if (type.getRank() != 2 || !type.hasStaticShape() ||
      !type.getElementType().isF32()) {
    return emitOpError("expects a [positions, rotary_dim] f32 result, got ")
           << type;
  }
  // (C1)
  if (type.getDimSize(1) < 2 || type.getDimSize(1) % 2 != 0 ||
      !(getTheta().convertToDouble() > 0)) {
    return emitOpError("expects an even rotary_dim and theta > 0, got ")
           << type.getDimSize(1) << " and " << getTheta().convertToDouble();
  }
  if (getMaxPosition() < 1) {
    return emitOpError("expects max_position >= 1, got ") << getMaxPosition();
  }
  // (C3)
  return verifyRopeScaling(*this, getScaling(), type.getDimSize(1));
}
