// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Floats, in double precision, and truth values of symbolic expressions. Sums
// and products are lists in the nodes' order with the constant last.

#include "SymbolicExprNode.h"

#include <cmath>

using namespace qeff;

/// Longer sums and products are unknown.
static constexpr size_t kMaxOperands = 64;

/// Integers of floats are exact up to here.
static constexpr double kExact = 9007199254740992.0;

static bool isWhole(double value) {
  return std::abs(value) < kExact && value == std::floor(value);
}

//===----------------------------------------------------------------------===//
// Sums and products
//===----------------------------------------------------------------------===//

/// The integer that `a` is as a float, or null.
static Expr getWhole(ExprTable &table, Expr a) {
  if (a.is(ExprKind::ToFloat)) {
    return a.getOperand(0);
  }
  std::optional<double> value = a.getFloat();
  if (value && isWhole(*value)) {
    return table.integer(static_cast<int64_t>(*value));
  }
  return {};
}

/// Operands of `a` where it is of `kind`, else `a` itself.
static void flatten(Expr a, ExprKind kind, SmallVectorImpl<Expr> &operands) {
  if (a.is(kind)) {
    llvm::append_range(operands, a.getOperands());
  } else {
    operands.push_back(a);
  }
}

/// Takes the constants out of `operands`, folded by `fold` from `unit`.
static double takeConstant(SmallVectorImpl<Expr> &operands, double unit,
                           llvm::function_ref<double(double, double)> fold) {
  double result = unit;
  llvm::erase_if(operands, [&](Expr operand) {
    std::optional<double> value = operand.getFloat();
    if (value) {
      result = fold(result, *value);
    }
    return value.has_value();
  });
  return result;
}

Expr ExprTable::addFloats(Expr a, Expr b) {
  Expr left = getWhole(*this, a);
  Expr right = getWhole(*this, b);
  if (left && right) {
    return cast(add(left, right), ExprType::Float);
  }
  SmallVector<Expr> operands;
  flatten(a, ExprKind::Add, operands);
  flatten(b, ExprKind::Add, operands);
  double constant =
      takeConstant(operands, 0, [](double x, double y) { return x + y; });
  if (operands.empty()) {
    return number(constant);
  }
  if (operands.size() > kMaxOperands) {
    return {};
  }
  llvm::sort(operands, isBefore);
  if (constant != 0) {
    operands.push_back(number(constant));
  }
  return operands.size() == 1
             ? operands.front()
             : make(ExprKind::Add, ExprType::Float, operands);
}

Expr ExprTable::multiplyFloats(Expr a, Expr b) {
  Expr left = getWhole(*this, a);
  Expr right = getWhole(*this, b);
  if (left && right) {
    return cast(mul(left, right), ExprType::Float);
  }
  SmallVector<Expr> operands;
  flatten(a, ExprKind::Mul, operands);
  flatten(b, ExprKind::Mul, operands);
  double constant =
      takeConstant(operands, 1, [](double x, double y) { return x * y; });
  if (constant == 0 || operands.empty()) {
    return number(constant);
  }
  if (operands.size() > kMaxOperands) {
    return {};
  }
  llvm::sort(operands, isBefore);
  if (constant != 1) {
    operands.push_back(number(constant));
  }
  return operands.size() == 1
             ? operands.front()
             : make(ExprKind::Mul, ExprType::Float, operands);
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

static double apply(ExprKind kind, double a) {
  switch (kind) {
  case ExprKind::Sqrt: return std::sqrt(a);
  case ExprKind::Exp:  return std::exp(a);
  case ExprKind::Log:  return std::log(a);
  case ExprKind::Tanh: return std::tanh(a);
  case ExprKind::Sin:  return std::sin(a);
  case ExprKind::Cos:  return std::cos(a);
  default:             return std::erf(a);
  }
}

Expr ExprTable::unary(ExprKind kind, Expr a) {
  if (!a || a.getType() != ExprType::Float) {
    return {};
  }
  if (std::optional<double> value = a.getFloat()) {
    return number(apply(kind, *value));
  }
  return make(kind, ExprType::Float, a);
}

Expr ExprTable::binary(ExprKind kind, Expr a, Expr b) {
  if (!a || !b || a.getType() != ExprType::Float ||
      b.getType() != ExprType::Float) {
    return {};
  }
  if (Expr pushed = pushIntoSelect(
          a, b, [&](Expr x, Expr y) { return binary(kind, x, y); })) {
    return pushed;
  }
  std::optional<double> left = a.getFloat();
  std::optional<double> right = b.getFloat();
  if (kind == ExprKind::Div && right && *right != 0) {
    return left ? number(*left / *right) : mul(a, number(1 / *right));
  }
  if (!left || !right) {
    return make(kind, ExprType::Float, {a, b});
  }
  switch (kind) {
  case ExprKind::Div: return number(*left / *right);
  case ExprKind::Pow: return number(std::pow(*left, *right));
  case ExprKind::Min: return number(std::min(*left, *right));
  default:            return number(std::max(*left, *right));
  }
}

Expr ExprTable::compareFloats(ExprKind kind, Expr a, Expr b) {
  if (Expr pushed = pushIntoSelect(a, b, [&](Expr x, Expr y) {
        return compareFloats(kind, x, y);
      })) {
    return pushed;
  }
  bool isLess = kind == ExprKind::Less;
  if (a == b) {
    return truth(!isLess);
  }
  std::optional<double> left = a.getFloat();
  std::optional<double> right = b.getFloat();
  if (left && right) {
    return truth(isLess ? *left < *right : *left == *right);
  }
  Expr x = getWhole(*this, a);
  Expr y = getWhole(*this, b);
  if (x && y) {
    return isLess ? less(x, y) : equal(x, y);
  }
  // An integer against a number that is none.
  if (x && right && std::abs(*right) < kExact) {
    return isLess ? less(x, integer(static_cast<int64_t>(std::ceil(*right))))
                  : truth(false);
  }
  if (y && left && std::abs(*left) < kExact) {
    return isLess ? less(integer(static_cast<int64_t>(std::floor(*left))), y)
                  : truth(false);
  }
  if (!isLess && isBefore(b, a)) {
    std::swap(a, b);
  }
  return make(kind, ExprType::Bool, {a, b});
}

Expr ExprTable::cast(Expr a, ExprType type) {
  if (!a || a.getType() == type) {
    return a;
  }
  if (a.is(ExprKind::Select)) {
    return select(a.getOperand(0), cast(a.getOperand(1), type),
                  cast(a.getOperand(2), type));
  }
  if (type == ExprType::Bool) {
    Expr zero = a.getType() == ExprType::Float ? number(0) : integer(0);
    return logicalNot(equal(a, zero));
  }
  if (a.getType() == ExprType::Bool) {
    return type == ExprType::Float ? select(a, number(1), number(0))
                                   : select(a, integer(1), integer(0));
  }
  if (type == ExprType::Integer) {
    if (Expr whole = getWhole(*this, a)) {
      return whole;
    }
    std::optional<double> value = a.getFloat();
    return value && std::abs(*value) < kExact
               ? integer(static_cast<int64_t>(*value))
               : Expr();
  }
  if (std::optional<int64_t> value = a.getInteger()) {
    return number(static_cast<double>(*value));
  }
  return make(ExprKind::ToFloat, ExprType::Float, a);
}

//===----------------------------------------------------------------------===//
// Truth values
//===----------------------------------------------------------------------===//

Expr ExprTable::logicalNot(Expr a) {
  if (!a || a.getType() != ExprType::Bool) {
    return {};
  }
  switch (a.getKind()) {
  case ExprKind::Constant:
    return truth(a.isFalse());
  case ExprKind::Not:
    return a.getOperand(0);
  case ExprKind::IsNonNegative:
    return isNonNegative(sub(integer(-1), a.getOperand(0)));
  case ExprKind::And:
  case ExprKind::Or: {
    bool isAnd = a.is(ExprKind::And);
    Expr result = logicalNot(a.getOperand(0));
    for (Expr operand : a.getOperands().drop_front()) {
      Expr other = logicalNot(operand);
      result = isAnd ? logicalOr(result, other) : logicalAnd(result, other);
    }
    return result;
  }
  default:
    return make(ExprKind::Not, ExprType::Bool, a);
  }
}

/// And or Or of truth values: a sorted set.
Expr ExprTable::junction(ExprKind kind, Expr a, Expr b) {
  if (!a || !b || a.getType() != ExprType::Bool ||
      b.getType() != ExprType::Bool) {
    return {};
  }
  bool isAnd = kind == ExprKind::And;
  SmallVector<Expr> operands;
  flatten(a, kind, operands);
  flatten(b, kind, operands);
  llvm::sort(operands, isBefore);
  operands.erase(llvm::unique(operands), operands.end());
  if (operands.size() > kMaxOperands) {
    return {};
  }
  for (Expr operand : operands) {
    if (isAnd ? operand.isFalse() : operand.isTrue()) {
      return operand;
    }
    bool canDeny =
        operand.is(ExprKind::Not) || operand.is(ExprKind::IsNonNegative);
    if (canDeny && llvm::is_contained(operands, logicalNot(operand))) {
      return truth(!isAnd);
    }
  }
  llvm::erase_if(operands, [&](Expr operand) {
    return operand.is(ExprKind::Constant);
  });
  if (operands.empty()) {
    return truth(isAnd);
  }
  return operands.size() == 1 ? operands.front()
                              : make(kind, ExprType::Bool, operands);
}

Expr ExprTable::logicalAnd(Expr a, Expr b) {
  return junction(ExprKind::And, a, b);
}

Expr ExprTable::logicalOr(Expr a, Expr b) {
  return junction(ExprKind::Or, a, b);
}

/// The branch for an index above 0, where it gives the other one at 0; or null.
Expr ExprTable::selectAtFirst(Expr condition, Expr a, Expr b) {
  if (!condition.is(ExprKind::IsNonNegative)) {
    return {};
  }
  Expr index = negate(condition.getOperand(0));
  bool isFirst = index && index.is(ExprKind::Index);
  if (!isFirst) {
    index = add(condition.getOperand(0), integer(1));
    if (!index || !index.is(ExprKind::Index)) {
      return {};
    }
  }
  Expr first = isFirst ? a : b, rest = isFirst ? b : a;
  Expr atFirst = substitute(rest, [&](Expr leaf) {
    return leaf == index ? integer(0) : Expr();
  });
  return atFirst == first ? rest : Expr();
}

Expr ExprTable::select(Expr condition, Expr a, Expr b) {
  if (!condition || !a || !b || condition.getType() != ExprType::Bool ||
      a.getType() != b.getType()) {
    return {};
  }
  if (condition.is(ExprKind::Not)) {
    return select(condition.getOperand(0), b, a);
  }
  // What the condition says holds inside of the branches.
  if (a.is(ExprKind::Select) && a.getOperand(0) == condition) {
    a = a.getOperand(1);
  }
  if (b.is(ExprKind::Select) && b.getOperand(0) == condition) {
    b = b.getOperand(2);
  }
  Expr opposite = logicalNot(condition);
  if (a.is(ExprKind::Select) && a.getOperand(0) == opposite) {
    a = a.getOperand(2);
  }
  if (b.is(ExprKind::Select) && b.getOperand(0) == opposite) {
    b = b.getOperand(1);
  }
  if (condition.isTrue() || a == b) {
    return a;
  }
  if (condition.isFalse()) {
    return b;
  }
  if (Expr rest = selectAtFirst(condition, a, b)) {
    return rest;
  }
  if (a.getType() == ExprType::Bool) {
    return logicalOr(logicalAnd(condition, a),
                     logicalAnd(logicalNot(condition), b));
  }
  return make(ExprKind::Select, a.getType(), {condition, a, b});
}
