// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The verifier of attention.

#include "TensorTypes.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

using namespace qeff;

/// (C1): q, k, v and the result.
static LogicalResult verifyHeads(AttentionOp op) {
  if (failed(expectsRank(op, "q", op.getQ(), 4)) ||
      failed(expectsRank(op, "k", op.getK(), 4)) ||
      failed(expectsRank(op, "v", op.getV(), 4)) ||
      failed(expectsRank(op, "a result", op.getResult(), 4))) {
    return failure();
  }
  RankedTensorType q = getTensorType(op.getQ());
  RankedTensorType k = getTensorType(op.getK());
  RankedTensorType v = getTensorType(op.getV());
  RankedTensorType result = getTensorType(op.getResult());
  if (q.isDynamicDim(1) || k.isDynamicDim(1) || k.getDimSize(1) < 1 ||
      q.getDimSize(1) % k.getDimSize(1) != 0 ||
      k.getDimSize(1) != v.getDimSize(1)) {
    return op.emitOpError("expects query heads to be a multiple of key heads, "
                          "got ")
           << q << ", " << k << ", " << v;
  }
  if (!agree(k.getDimSize(0), q.getDimSize(0)) ||
      !agree(v.getDimSize(0), q.getDimSize(0)) ||
      !agree(v.getDimSize(0), k.getDimSize(0)) ||
      !agree(result.getDimSize(0), q.getDimSize(0)) ||
      q.getDimSize(3) != k.getDimSize(3) ||
      !agree(k.getDimSize(2), v.getDimSize(2)) ||
      result.getDimSize(1) != q.getDimSize(1) ||
      !agree(result.getDimSize(2), q.getDimSize(2)) ||
      result.getDimSize(3) != v.getDimSize(3)) {
    return op.emitOpError("expects q [B, H, S, D], k [B, G, T, D], v "
                          "[B, G, T, E] and a result [B, H, S, E], got ")
           << q << ", " << k << ", " << v << ", " << result;
  }
  return success();
}

/// `positions` is [B, S] for a tensor [B, …, S, …] with heads.
static LogicalResult verifyPositions(AttentionOp op, StringRef what,
                                     Value positions, Value heads) {
  RankedTensorType type = getTensorType(heads);
  return success(
      succeeded(expectsRank(op, what, positions, 2)) &&
      succeeded(expectsSize(op, what, positions, 0, type.getDimSize(0))) &&
      succeeded(expectsSize(op, what, positions, 1, type.getDimSize(2))));
}

/// `value`, where there is one, has a number for each query head.
static LogicalResult verifyPerHead(AttentionOp op, StringRef what,
                                   Value value) {
  return success(!value ||
                 (succeeded(expectsRank(op, what, value, 1)) &&
                  succeeded(expectsSize(
                      op, what, value, 0,
                      getTensorType(op.getQ()).getDimSize(1)))));
}

/// (C5): [B or 1, H or 1, S, T].
static LogicalResult verifyBias(AttentionOp op) {
  if (!op.getBias()) {
    return success();
  }
  if (failed(expectsRank(op, "a bias", op.getBias(), 4))) {
    return failure();
  }
  RankedTensorType bias = getTensorType(op.getBias());
  RankedTensorType q = getTensorType(op.getQ());
  auto agreesOrOne = [&](int64_t axis) {
    return bias.getDimSize(axis) == 1 ||
           agree(bias.getDimSize(axis), q.getDimSize(axis));
  };
  if (!agreesOrOne(0) || !agreesOrOne(1) || bias.isDynamicDim(1) ||
      !agree(bias.getDimSize(2), q.getDimSize(2)) ||
      !agree(bias.getDimSize(3), getTensorType(op.getK()).getDimSize(2))) {
    return op.emitOpError("expects a bias [B or 1, H or 1, S, T], got ")
           << bias << " for q " << q << " and k " << op.getK().getType();
  }
  return success();
}

LogicalResult AttentionOp::verify() {
  // (C1) to (C5)
  if (failed(verifyHeads(*this)) ||
      failed(verifyPositions(*this, "q_pos", getQPos(), getQ())) ||
      failed(verifyPositions(*this, "kv_pos", getKvPos(), getK())) ||
      failed(verifyPerHead(*this, "slopes", getSlopes())) ||
      failed(verifyPerHead(*this, "sinks", getSinks())) ||
      failed(verifyBias(*this))) {
    return failure();
  }
  // (C6)
  if (std::optional<int64_t> window = getWindow()) {
    if (*window < 1 || !getCausal()) {
      return emitOpError("expects a window of 1 or more on a causal "
                         "attention, got ")
             << *window << (getCausal() ? "" : " without 'causal'");
    }
  }
  // (C7)
  if (std::optional<llvm::APFloat> softcap = getSoftcap()) {
    if (!(softcap->convertToDouble() > 0)) {
      return emitOpError("expects softcap > 0, got ")
             << softcap->convertToDouble();
    }
  }
  return success();
}
