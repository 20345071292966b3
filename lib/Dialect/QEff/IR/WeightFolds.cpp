// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folders of the lazy weight ops.

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "llvm/ADT/Sequence.h"

using namespace qeff;

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  ArrayRef<int64_t> permutation = getPermutation();
  // Identity.
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size()))) {
    return getInput();
  }
  // transpose(transpose(x)) is one transpose.
  if (auto inner = getInput().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> composed;
    for (int64_t axis : permutation) {
      composed.push_back(inner.getPermutation()[axis]);
    }
    setPermutation(composed);
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType()) {
    return getInput();
  }
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

OpFoldResult PermuteRowsOp::fold(FoldAdaptor) {
  auto inner = getInput().getDefiningOp<PermuteRowsOp>();
  if (inner && inner.getHeads() == getHeads() &&
      inner.getOrder() != getOrder()) {
    return inner.getInput();
  }
  return {};
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  auto type = cast<RankedTensorType>(getType());
  if (getInput().getType() == type && type.hasStaticShape()) {
    return getInput();
  }
  if (auto inner = getInput().getDefiningOp<SliceOp>()) {
    SmallVector<int64_t> offsets;
    for (auto [outer, base] : llvm::zip(getOffsets(), inner.getOffsets())) {
      offsets.push_back(outer + base);
    }
    setOffsets(offsets);
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? getInputs().front() : Value();
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType()) {
    return getInput();
  }
  // A widening cast undone: f16 or bf16 to f32 and back is exact.
  auto inner = getInput().getDefiningOp<CastOp>();
  if (inner && inner.getInput().getType() == getType() &&
      cast<RankedTensorType>(inner.getType()).getElementType().isF32()) {
    return inner.getInput();
  }
  return {};
}

OpFoldResult ScaleOp::fold(FoldAdaptor) {
  return getFactor().isExactlyValue(1.0) ? getInput() : Value();
}

OpFoldResult ClipOp::fold(FoldAdaptor) {
  auto inner = getInput().getDefiningOp<ClipOp>();
  if (inner && inner.getMin() == getMin() && inner.getMax() == getMax() &&
      inner.getKeepNegativeInfinity() == getKeepNegativeInfinity()) {
    return getInput();
  }
  return {};
}
