// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Comparisons, booleans, bits and selection.

#include "Lowering.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace arith = mlir::arith;

template <Compare kind> static Results lowerCompare(Lowering &l) {
  bool isUnsigned = l.element(0).isUnsigned;
  return one(l.map({l.get(0), l.get(1)}, l.resultType(), [&](ValueRange v) {
    return l.s.compare(kind, v[0], v[1], isUnsigned);
  }));
}

template <typename ArithOp> static Results lowerBits(Lowering &l) {
  return one(l.map({l.get(0), l.get(1)}, l.resultType(),
                   [&](ValueRange v) -> Value {
                     return ArithOp::create(l.b, v[0], v[1]);
                   }));
}

static Results lowerNot(Lowering &l) {
  return one(l.map(l.get(0), l.resultType(),
                   [&](ValueRange v) { return l.s.logicalNot(v[0]); }));
}

static Results lowerBitShift(Lowering &l) {
  StringRef direction = l.op.getString("direction", "");
  if (direction != "LEFT" && direction != "RIGHT") {
    return l.fail("expects direction LEFT or RIGHT, got '" + direction + "'");
  }
  return one(l.map({l.get(0), l.get(1)}, l.resultType(),
                   [&](ValueRange v) -> Value {
    // A shift by the width or more leaves nothing.
    Type type = v[0].getType();
    Value width = l.s.integer(type, type.getIntOrFloatBitWidth());
    Value fits = l.s.compare(Compare::Less, v[1], width, true);
    Value count = l.s.select(fits, v[1], l.s.integer(type, 0));
    Value shifted =
        direction == "LEFT"
            ? arith::ShLIOp::create(l.b, v[0], count).getResult()
            : arith::ShRUIOp::create(l.b, v[0], count).getResult();
    return l.s.select(fits, shifted, l.s.integer(type, 0));
  }));
}

static Results lowerWhere(Lowering &l) {
  return one(
      l.map({l.get(0), l.get(1), l.get(2)}, l.resultType(),
            [&](ValueRange v) { return l.s.select(v[0], v[1], v[2]); }));
}

static Results lowerIsNaN(Lowering &l) {
  return one(l.map(l.get(0), l.resultType(),
                   [&](ValueRange v) { return l.s.isNaN(v[0]); }));
}

static Results lowerIsInf(Lowering &l) {
  bool positive = l.op.getInt("detect_positive", 1) != 0;
  bool negative = l.op.getInt("detect_negative", 1) != 0;
  return one(l.map(l.get(0), l.resultType(), [&](ValueRange v) {
    double infinity = std::numeric_limits<double>::infinity();
    Value result = l.s.boolean(false);
    if (positive) {
      result = l.s.compare(Compare::Equal, v[0],
                           l.s.constant(v[0].getType(), infinity), false);
    }
    if (negative) {
      Value low = l.s.compare(Compare::Equal, v[0],
                              l.s.constant(v[0].getType(), -infinity), false);
      result = l.s.logicalOr(result, low);
    }
    return result;
  }));
}

void onnxir::addLogic(LoweringTable &table) {
  table["Equal"] = lowerCompare<Compare::Equal>;
  table["Less"] = lowerCompare<Compare::Less>;
  table["LessOrEqual"] = lowerCompare<Compare::LessEqual>;
  table["Greater"] = lowerCompare<Compare::Greater>;
  table["GreaterOrEqual"] = lowerCompare<Compare::GreaterEqual>;
  table["And"] = lowerBits<arith::AndIOp>;
  table["Or"] = lowerBits<arith::OrIOp>;
  table["Xor"] = lowerBits<arith::XOrIOp>;
  table["Not"] = lowerNot;
  table["BitwiseAnd"] = lowerBits<arith::AndIOp>;
  table["BitwiseOr"] = lowerBits<arith::OrIOp>;
  table["BitwiseXor"] = lowerBits<arith::XOrIOp>;
  table["BitwiseNot"] = lowerNot;
  table["BitShift"] = lowerBitShift;
  table["Where"] = lowerWhere;
  table["IsNaN"] = lowerIsNaN;
  table["IsInf"] = lowerIsInf;
}
