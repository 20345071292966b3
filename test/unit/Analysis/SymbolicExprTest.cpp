// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "qeff/Analysis/SymbolicExpr.h"

#include "gtest/gtest.h"

#include <limits>

using namespace qeff;

namespace {

class SymbolicExprTest : public ::testing::Test {
protected:
  Expr n(int64_t value) { return table.integer(value); }
  Expr f(double value) { return table.number(value); }

  ExprTable table;
  Expr batch = table.dim("batch");
  Expr seq = table.dim("seq");
  Expr b = table.index(0, batch);
  Expr s = table.index(1, seq);
};

TEST_F(SymbolicExprTest, EqualPolynomialsAreOneNode) {
  Expr left = table.mul(table.add(batch, seq), table.sub(batch, seq));
  Expr right =
      table.sub(table.mul(batch, batch), table.mul(seq, seq));
  EXPECT_EQ(left, right);
  EXPECT_EQ(table.sub(left, right), n(0));
  EXPECT_EQ(table.add(table.mul(n(3), seq), n(1)).str(), "3*seq + 1");
}

TEST_F(SymbolicExprTest, OverflowIsUnknown) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_FALSE(table.add(n(kMax), n(1)));
  EXPECT_FALSE(table.mul(table.mul(n(kMax), seq), n(2)));
  EXPECT_FALSE(table.add(Expr(), n(1)));
}

TEST_F(SymbolicExprTest, DividesMixedRadixIndices) {
  // [batch, seq, 32] flattened and split again.
  Expr flat = table.add(table.mul(table.add(table.mul(b, seq), s), n(32)),
                        n(17));
  EXPECT_EQ(table.mod(flat, n(32)), n(17));
  Expr row = table.floorDiv(flat, n(32));
  EXPECT_EQ(table.floorDiv(row, seq), b);
  EXPECT_EQ(table.mod(row, seq), s);
  EXPECT_EQ(table.floorDiv(n(-7), n(2)), n(-4));
  EXPECT_EQ(table.mod(n(-7), n(2)), n(1));
  EXPECT_FALSE(table.floorDiv(s, n(0)));
  EXPECT_TRUE(table.floorDiv(s, n(2)).is(ExprKind::FloorDiv));
  EXPECT_TRUE(table.mod(s, n(2)).is(ExprKind::Mod));
}

TEST_F(SymbolicExprTest, DividesExactly) {
  Expr sum = table.add(batch, seq);
  Expr product = table.mul(table.mul(sum, sum), n(6));
  EXPECT_EQ(table.exactDiv(product, table.mul(sum, n(2))),
            table.mul(sum, n(3)));
  EXPECT_FALSE(table.exactDiv(product, table.add(sum, n(1))));
  EXPECT_FALSE(table.exactDiv(product, n(0)));
}

TEST_F(SymbolicExprTest, KnowsRanges) {
  EXPECT_TRUE(table.isKnownInRange(s, seq));
  EXPECT_TRUE(table.isKnownInRange(table.add(table.mul(b, seq), s),
                                   table.mul(batch, seq)));
  EXPECT_FALSE(table.isKnownInRange(table.add(s, n(1)), seq));
  EXPECT_TRUE(table.less(s, seq).isTrue());
  EXPECT_TRUE(table.less(s, n(0)).isFalse());
  EXPECT_TRUE(table.equal(s, table.add(seq, n(1))).isFalse());
  Expr t = table.index(2, seq);
  Expr causal = table.lessEqual(t, s);
  EXPECT_TRUE(causal.is(ExprKind::IsNonNegative));
  EXPECT_EQ(table.logicalNot(causal), table.less(s, t));
  EXPECT_EQ(table.equal(s, t), table.equal(t, s));
}

TEST_F(SymbolicExprTest, SpellingsOfAMaskAreOneExpression) {
  Expr t = table.index(2, seq);
  Expr hidden = table.less(s, t);
  Expr minimum = f(-3.4e38);
  // where(t > s, min, 0); cast(t > s) * min; and (1 - cast(t <= s)) * min.
  Expr where = table.select(hidden, minimum, f(0));
  Expr product = table.mul(table.cast(hidden, ExprType::Float), minimum);
  Expr inverted = table.mul(
      table.sub(f(1), table.cast(table.lessEqual(t, s), ExprType::Float)),
      minimum);
  EXPECT_EQ(where, product);
  EXPECT_EQ(table.equal(where, f(0)), table.equal(inverted, f(0)));
  EXPECT_EQ(table.equal(where, f(0)), table.lessEqual(t, s));
  EXPECT_EQ(table.cast(where, ExprType::Bool), hidden);
}

TEST_F(SymbolicExprTest, FloatsCollectConstants) {
  Expr x = table.cast(s, ExprType::Float);
  Expr y = table.unary(ExprKind::Cos, x);
  EXPECT_EQ(table.mul(table.mul(y, f(0.5)), f(4)), table.mul(f(2), y));
  EXPECT_EQ(table.binary(ExprKind::Div, y, f(4)), table.mul(y, f(0.25)));
  EXPECT_EQ(table.add(y, f(0)), y);
  EXPECT_EQ(table.mul(y, f(0)), f(0));
  EXPECT_EQ(table.add(x, f(1)), table.cast(table.add(s, n(1)),
                                           ExprType::Float));
  EXPECT_EQ(table.less(x, f(2.5)), table.less(s, n(3)));
  EXPECT_EQ(table.less(f(2.5), x), table.less(n(2), s));
  EXPECT_TRUE(table.equal(x, f(2.5)).isFalse());
  EXPECT_EQ(table.unary(ExprKind::Sqrt, f(16)), f(4));
  EXPECT_EQ(table.negate(table.negate(y)), y);
}

TEST_F(SymbolicExprTest, TruthValuesAreSets) {
  Expr t = table.index(2, seq);
  Expr a = table.lessEqual(t, s);
  Expr c = table.equal(b, n(1));
  EXPECT_EQ(table.logicalAnd(a, c), table.logicalAnd(c, a));
  EXPECT_EQ(table.logicalAnd(a, table.logicalAnd(c, a)),
            table.logicalAnd(a, c));
  EXPECT_TRUE(table.logicalAnd(c, table.logicalNot(c)).isFalse());
  EXPECT_TRUE(table.logicalOr(c, table.logicalNot(c)).isTrue());
  EXPECT_TRUE(table.logicalAnd(a, table.logicalNot(a)).isFalse());
  Expr nested = table.select(table.logicalNot(a), f(1), f(2));
  EXPECT_EQ(table.select(a, f(1), nested), f(1));
  EXPECT_EQ(table.select(a, table.truth(true), table.truth(false)), a);
}

TEST_F(SymbolicExprTest, AFirstElementThatFollowsTheRestIsNoCase) {
  Expr before = table.sub(s, n(1));
  EXPECT_EQ(table.select(table.less(s, n(1)), n(-1), before), before);
  EXPECT_EQ(table.select(table.lessEqual(n(1), s), before, n(-1)), before);
  EXPECT_TRUE(
      table.select(table.less(s, n(1)), n(5), before).is(ExprKind::Select));
}

TEST_F(SymbolicExprTest, SubstitutesLoads) {
  MLIRContext context;
  auto type = RankedTensorType::get({4}, OpBuilder(&context).getI64Type());
  Block block;
  Value mask = block.addArgument(type, mlir::UnknownLoc::get(&context));
  Expr load = table.load(mask, s);
  Expr expr = table.select(table.equal(load, n(0)), f(-1e9), f(0));
  auto replaceLoad = [&](int64_t value) {
    return table.substitute(expr, [&](Expr leaf) {
      return leaf.is(ExprKind::Load) ? n(value) : Expr();
    });
  };
  EXPECT_EQ(replaceLoad(0), f(-1e9));
  EXPECT_EQ(replaceLoad(1), f(0));
  EXPECT_EQ(table.substitute(expr, [&](Expr) { return Expr(); }), expr);
}

} // namespace
