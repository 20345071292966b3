// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the transformer ops.

#include "TensorTypes.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Dialect/QEff/IR/Rope.h"

#include "llvm/Support/MathExtras.h"

using namespace qeff;

/// A parameter vector [C] of the last axis of `input`.
static LogicalResult expectsChannels(Operation *op, StringRef what,
                                     Value vector, Value input) {
  if (!vector) {
    return success();
  }
  if (getTensorType(input).getRank() < 1) {
    return op->emitOpError("expects an input of rank 1 or more");
  }
  if (failed(expectsRank(op, what, vector, 1))) {
    return failure();
  }
  return expectsSize(op, what, vector, 0,
                     getTensorType(input).getShape().back());
}

static LogicalResult expectsNonNegative(Operation *op, StringRef what,
                                        const llvm::APFloat &value) {
  if (value.convertToDouble() >= 0) {
    return success();
  }
  return op->emitOpError("expects ")
         << what << " >= 0, got " << value.convertToDouble();
}

//===----------------------------------------------------------------------===//
// embedding, linear
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::verify() {
  // (C1)
  if (failed(expectsRank(*this, "ids", getIds(), 2)) ||
      failed(expectsRank(*this, "a table", getTable(), 2)) ||
      failed(expectsRank(*this, "a result", getResult(), 3))) {
    return failure();
  }
  RankedTensorType ids = getTensorType(getIds());
  for (int64_t axis : {0, 1}) {
    if (failed(expectsSize(*this, "a result", getResult(), axis,
                           ids.getDimSize(axis)))) {
      return failure();
    }
  }
  return expectsSize(*this, "a result", getResult(), 2,
                     getTensorType(getTable()).getDimSize(1));
}

LogicalResult LinearOp::verify() {
  RankedTensorType input = getTensorType(getInput());
  RankedTensorType result = getTensorType(getResult());
  // (C1)
  if (failed(expectsRank(*this, "a weight", getWeight(), 2))) {
    return failure();
  }
  RankedTensorType weight = getTensorType(getWeight());
  if (input.getRank() < 1 || result.getRank() != input.getRank() ||
      !agree(input.getShape().back(), weight.getDimSize(1)) ||
      !agree(result.getShape().back(), weight.getDimSize(0))) {
    return emitOpError("expects input [..., K], weight [N, K], result "
                       "[..., N], got ")
           << input << ", " << weight << ", " << result;
  }
  // (C2)
  for (auto [in, out] : llvm::zip(input.getShape().drop_back(),
                                  result.getShape().drop_back())) {
    if (!agree(in, out)) {
      return emitOpError("expects input and result to agree in all but the "
                         "last axis, got ")
             << input << " and " << result;
    }
  }
  // (C3)
  return expectsChannels(*this, "a bias", getBias(), getResult());
}

//===----------------------------------------------------------------------===//
// norms
//===----------------------------------------------------------------------===//

LogicalResult RMSNormOp::verify() {
  // (C1), (C2)
  return success(
      succeeded(expectsChannels(*this, "a weight", getWeight(), getInput())) &&
      succeeded(expectsNonNegative(*this, "eps", getEps())));
}

LogicalResult LayerNormOp::verify() {
  // (C1), (C2)
  return success(
      succeeded(expectsChannels(*this, "a weight", getWeight(), getInput())) &&
      succeeded(expectsChannels(*this, "a bias", getBias(), getInput())) &&
      succeeded(expectsNonNegative(*this, "eps", getEps())));
}

//===----------------------------------------------------------------------===//
// heads
//===----------------------------------------------------------------------===//

/// `flat` is [B, S, H·D], `heads` [B, H, S, D] with static H and D.
static LogicalResult verifyHeads(Operation *op, Value flat, Value heads) {
  if (failed(expectsRank(op, "a flat tensor", flat, 3)) ||
      failed(expectsRank(op, "a tensor with heads", heads, 4))) {
    return failure();
  }
  RankedTensorType f = getTensorType(flat);
  RankedTensorType h = getTensorType(heads);
  int64_t channels = 0;
  if (h.isDynamicDim(1) || h.isDynamicDim(3) ||
      llvm::MulOverflow(h.getDimSize(1), h.getDimSize(3), channels) ||
      f.getElementType() != h.getElementType() ||
      !agree(f.getDimSize(0), h.getDimSize(0)) ||
      !agree(f.getDimSize(1), h.getDimSize(2)) ||
      f.getDimSize(2) != channels) {
    return op->emitOpError("expects [B, S, H·D] and [B, H, S, D], got ")
           << f << " and " << h;
  }
  return success();
}

LogicalResult SplitHeadsOp::verify() {
  return verifyHeads(*this, getInput(), getResult()); // (C1)
}

LogicalResult MergeHeadsOp::verify() {
  return verifyHeads(*this, getResult(), getInput()); // (C1)
}

//===----------------------------------------------------------------------===//
// rope
//===----------------------------------------------------------------------===//

LogicalResult RopeOp::verify() {
  // (C1)
  if (failed(expectsRank(*this, "an input", getInput(), 4)) ||
      failed(expectsRank(*this, "positions", getPositions(), 2))) {
    return failure();
  }
  RankedTensorType input = getTensorType(getInput());
  if (failed(expectsSize(*this, "positions", getPositions(), 0,
                         input.getDimSize(0))) ||
      failed(expectsSize(*this, "positions", getPositions(), 1,
                         input.getDimSize(2)))) {
    return failure();
  }
  // (C2)
  int64_t rotary = getRotaryDim();
  if (rotary < 2 || rotary % 2 != 0 || input.isDynamicDim(3) ||
      rotary > input.getDimSize(3)) {
    return emitOpError("expects an even rotary_dim of at most the head size, "
                       "got ")
           << rotary << " for " << input;
  }
  // (C3)
  if (!(getTheta().convertToDouble() > 0)) {
    return emitOpError("expects theta > 0, got ")
           << getTheta().convertToDouble();
  }
  // (C4)
  if (getMaxPosition() < 1) {
    return emitOpError("expects max_position >= 1, got ") << getMaxPosition();
  }
  return verifyRopeScaling(*this, getScaling(), rotary);
}

//===----------------------------------------------------------------------===//
// softcap
//===----------------------------------------------------------------------===//

LogicalResult SoftcapOp::verify() {
  // (C1)
  if (!(getCap().convertToDouble() > 0)) {
    return emitOpError("expects cap > 0, got ") << getCap().convertToDouble();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// positions
//===----------------------------------------------------------------------===//

LogicalResult IotaOp::verify() {
  return expectsRank(*this, "an input", getInput(), 2); // (C1)
}

LogicalResult MaskPositionsOp::verify() {
  return expectsRank(*this, "a mask", getMask(), 2); // (C1)
}

/// Positions [B, S] of an input [B, S, C].
static LogicalResult expectsPositions(Operation *op, Value positions,
                                      Value input) {
  RankedTensorType type = getTensorType(input);
  return success(
      succeeded(expectsRank(op, "positions", positions, 2)) &&
      succeeded(
          expectsSize(op, "positions", positions, 0, type.getDimSize(0))) &&
      succeeded(
          expectsSize(op, "positions", positions, 1, type.getDimSize(1))));
}

//===----------------------------------------------------------------------===//
// logits_select, pool
//===----------------------------------------------------------------------===//

LogicalResult LogitsSelectOp::verify() {
  // (C1)
  if (failed(expectsRank(*this, "an input", getInput(), 3)) ||
      failed(expectsRank(*this, "positions", getPositions(), 2)) ||
      failed(expectsRank(*this, "a result", getResult(), 3))) {
    return failure();
  }
  RankedTensorType input = getTensorType(getInput());
  RankedTensorType result = getTensorType(getResult());
  if (result.getDimSize(1) != 1 ||
      !agree(result.getDimSize(0), input.getDimSize(0)) ||
      result.getDimSize(2) != input.getDimSize(2)) {
    return emitOpError("expects [B, S, C] to [B, 1, C], got ")
           << input << " and " << result;
  }
  return expectsPositions(*this, getPositions(), getInput());
}

LogicalResult PoolOp::verify() {
  // (C1)
  if (failed(expectsRank(*this, "an input", getInput(), 3)) ||
      failed(expectsRank(*this, "a result", getResult(), 2))) {
    return failure();
  }
  RankedTensorType input = getTensorType(getInput());
  RankedTensorType result = getTensorType(getResult());
  if (!agree(result.getDimSize(0), input.getDimSize(0)) ||
      result.getDimSize(1) != input.getDimSize(2) ||
      result.getElementType() != input.getElementType()) {
    return emitOpError("expects [B, S, C] to [B, C], got ")
           << input << " and " << result;
  }
  // (C2)
  if ((getKind() == Pool::CLS && getPositions()) ||
      (getKind() == Pool::Last && !getPositions())) {
    return emitOpError("expects positions with 'last' and none with 'cls', "
                       "got ")
           << (getPositions() ? "some" : "none") << " with '"
           << stringifyPool(getKind()) << "'";
  }
  return getPositions() ? expectsPositions(*this, getPositions(), getInput())
                        : success();
}
