// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Polynomials of integers: sums, products, division, ranges, comparisons.

#include "SymbolicExprNode.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace qeff;

static constexpr size_t kMaxTerms = 64;
static constexpr size_t kMaxAtoms = 8;

//===----------------------------------------------------------------------===//
// Terms
//===----------------------------------------------------------------------===//

/// Terms of more atoms first, the constant last; else in the atoms' order.
static bool isTermBefore(const ExprTerm &a, const ExprTerm &b) {
  if (a.atoms.size() != b.atoms.size()) {
    return a.atoms.size() > b.atoms.size();
  }
  return std::lexicographical_compare(a.atoms.begin(), a.atoms.end(),
                                      b.atoms.begin(), b.atoms.end(),
                                      isBefore);
}

Expr ExprTable::fromTerms(SmallVector<ExprTerm> terms) {
  for (ExprTerm &term : terms) {
    llvm::sort(term.atoms, isBefore);
  }
  llvm::stable_sort(terms, isTermBefore);
  SmallVector<ExprTerm> merged;
  for (ExprTerm &term : terms) {
    if (merged.empty() || merged.back().atoms != term.atoms) {
      merged.push_back(std::move(term));
    } else if (llvm::AddOverflow(merged.back().coefficient, term.coefficient,
                                 merged.back().coefficient)) {
      return {};
    }
  }
  llvm::erase_if(merged,
                 [](const ExprTerm &term) { return term.coefficient == 0; });
  if (merged.empty()) {
    return integer(0);
  }
  if (merged.size() > kMaxTerms || !storage->takeStep()) {
    return {};
  }
  if (merged.size() == 1) {
    const ExprTerm &only = merged.front();
    if (only.atoms.empty()) {
      return integer(only.coefficient);
    }
    if (only.atoms.size() == 1 && only.coefficient == 1) {
      return only.atoms.front();
    }
  }
  SmallVector<Expr> atoms;
  SmallVector<int64_t> numbers;
  for (const ExprTerm &term : merged) {
    if (term.atoms.size() > kMaxAtoms) {
      return {};
    }
    llvm::append_range(atoms, term.atoms);
    numbers.push_back(term.coefficient);
    numbers.push_back(static_cast<int64_t>(term.atoms.size()));
  }
  return Expr(storage->get(ExprKind::Sum, ExprType::Integer, atoms, numbers));
}

/// `a`·`b`, or nothing where it overflows.
static std::optional<ExprTerm> multiply(const ExprTerm &a, const ExprTerm &b) {
  ExprTerm result = a;
  if (llvm::MulOverflow(a.coefficient, b.coefficient, result.coefficient)) {
    return std::nullopt;
  }
  llvm::append_range(result.atoms, b.atoms);
  return result;
}

/// `a` / `b` where that leaves no rest, else nothing.
static std::optional<ExprTerm> divide(const ExprTerm &a, const ExprTerm &b) {
  if (b.coefficient == 0 || b.coefficient == -1 ||
      a.coefficient % b.coefficient != 0) {
    return std::nullopt;
  }
  ExprTerm result{a.coefficient / b.coefficient, a.atoms};
  for (Expr atom : b.atoms) {
    auto *found = llvm::find(result.atoms, atom);
    if (found == result.atoms.end()) {
      return std::nullopt;
    }
    result.atoms.erase(found);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Division
//===----------------------------------------------------------------------===//

Expr ExprTable::exactDiv(Expr a, Expr b) {
  if (!a || !b) {
    return {};
  }
  SmallVector<ExprTerm> divisor = getTerms(b);
  if (divisor.empty()) {
    return {};
  }
  Expr quotient = integer(0);
  Expr rest = a;
  for (size_t step = 0; step < kMaxTerms; ++step) {
    SmallVector<ExprTerm> terms = rest ? getTerms(rest)
                                       : SmallVector<ExprTerm>();
    if (!rest || terms.empty()) {
      return rest ? quotient : Expr();
    }
    std::optional<ExprTerm> leading = divide(terms[0], divisor[0]);
    if (!leading) {
      return {};
    }
    Expr part = fromTerms({*leading});
    quotient = add(quotient, part);
    rest = sub(rest, mul(part, b));
  }
  return {};
}

Expr ExprTable::floorDiv(Expr a, Expr b) {
  if (!a || !b || b.getInteger() == 0) {
    return {};
  }
  if (b.getInteger() == 1) {
    return a;
  }
  // What divides leaves the rest to the remainder.
  SmallVector<ExprTerm> divisor = getTerms(b);
  SmallVector<ExprTerm> quotient, rest;
  for (const ExprTerm &term : getTerms(a)) {
    std::optional<ExprTerm> part;
    if (divisor.size() == 1) {
      part = divide(term, divisor[0]);
    }
    (part ? quotient : rest).push_back(part ? *part : term);
  }
  Expr whole = fromTerms(quotient);
  Expr remainder = fromTerms(rest);
  if (isKnownInRange(remainder, b)) {
    return whole;
  }
  if (Expr exact = exactDiv(remainder, b)) {
    return add(whole, exact);
  }
  std::optional<int64_t> by = b.getInteger();
  if (by && *by > 0) {
    // The constant term of the rest may hold whole parts of its own.
    SmallVector<ExprTerm> terms = getTerms(remainder);
    if (!terms.empty() && terms.back().atoms.empty()) {
      int64_t constant = terms.back().coefficient;
      int64_t parts = llvm::divideFloorSigned(constant, *by);
      whole = add(whole, integer(parts));
      terms.back().coefficient = constant - parts * *by;
      remainder = fromTerms(terms);
      if (isKnownInRange(remainder, b)) {
        return whole;
      }
    }
  }
  return add(whole, make(ExprKind::FloorDiv, ExprType::Integer,
                         {remainder, b}));
}

Expr ExprTable::mod(Expr a, Expr b) {
  Expr quotient = floorDiv(a, b);
  if (!quotient) {
    return {};
  }
  Expr rest = sub(a, mul(b, quotient));
  bool isOpen = llvm::any_of(getTerms(quotient), [&](const ExprTerm &term) {
    return llvm::any_of(term.atoms, [](Expr atom) {
      return atom.is(ExprKind::FloorDiv);
    });
  });
  return isOpen ? make(ExprKind::Mod, ExprType::Integer, {a, b}) : rest;
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

/// Whether an atom is never negative.
static bool isNonNegativeAtom(Expr atom) {
  switch (atom.getKind()) {
  case ExprKind::Dim:
  case ExprKind::Index:
    return true;
  case ExprKind::Mod: {
    std::optional<int64_t> by = atom.getOperand(1).getInteger();
    return by && *by > 0;
  }
  default:
    return false;
  }
}

/// A lower bound of `a` without index variables, or null.
Expr ExprTable::replaceIndices(Expr a) {
  for (size_t step = 0; a && step < kMaxAtoms; ++step) {
    bool changed = false;
    Expr sum = integer(0);
    for (const ExprTerm &term : getTerms(a)) {
      auto *index = llvm::find_if(term.atoms, [](Expr atom) {
        return atom.is(ExprKind::Index);
      });
      if (!llvm::all_of(term.atoms, isNonNegativeAtom)) {
        return {};
      }
      if (index == term.atoms.end()) {
        sum = add(sum, fromTerms({term}));
        continue;
      }
      changed = true;
      if (term.coefficient > 0) {
        continue; // at least 0
      }
      if (index->getOperands().empty()) {
        return {};
      }
      ExprTerm others = term;
      others.atoms.erase(others.atoms.begin() + (index - term.atoms.begin()));
      sum = add(sum, mul(fromTerms({others}),
                         sub(index->getOperand(0), integer(1))));
    }
    a = sum;
    if (!changed) {
      return a;
    }
  }
  return {};
}

bool ExprTable::isKnownNonNegative(Expr a) {
  if (!a) {
    return false;
  }
  if (std::optional<int64_t> value = a.getInteger()) {
    return *value >= 0;
  }
  Expr bound = replaceIndices(a);
  return bound && llvm::all_of(getTerms(bound), [](const ExprTerm &term) {
           return term.coefficient >= 0 &&
                  llvm::all_of(term.atoms, isNonNegativeAtom);
         });
}

bool ExprTable::isKnownInRange(Expr a, Expr extent) {
  return isKnownNonNegative(a) &&
         isKnownNonNegative(sub(sub(extent, a), integer(1)));
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Expr ExprTable::pushIntoSelect(
    Expr a, Expr b, llvm::function_ref<Expr(Expr, Expr)> combine) {
  bool left = a.is(ExprKind::Select);
  bool right = b.is(ExprKind::Select);
  if (left && right && a.getOperand(0) == b.getOperand(0)) {
    return select(a.getOperand(0), combine(a.getOperand(1), b.getOperand(1)),
                  combine(a.getOperand(2), b.getOperand(2)));
  }
  if (left && b.is(ExprKind::Constant)) {
    return select(a.getOperand(0), combine(a.getOperand(1), b),
                  combine(a.getOperand(2), b));
  }
  if (right && a.is(ExprKind::Constant)) {
    return select(b.getOperand(0), combine(a, b.getOperand(1)),
                  combine(a, b.getOperand(2)));
  }
  return {};
}

Expr ExprTable::negate(Expr a) {
  if (!a) {
    return {};
  }
  return mul(a, a.getType() == ExprType::Float ? number(-1) : integer(-1));
}

Expr ExprTable::sub(Expr a, Expr b) { return add(a, negate(b)); }

/// The sum of two integers.
static SmallVector<ExprTerm> addTerms(Expr a, Expr b) {
  SmallVector<ExprTerm> terms = ExprTable::getTerms(a);
  llvm::append_range(terms, ExprTable::getTerms(b));
  return terms;
}

/// The product of two integers, or nothing where it overflows.
static std::optional<SmallVector<ExprTerm>> multiplyTerms(Expr a, Expr b) {
  SmallVector<ExprTerm> terms;
  SmallVector<ExprTerm> right = ExprTable::getTerms(b);
  for (const ExprTerm &left : ExprTable::getTerms(a)) {
    for (const ExprTerm &other : right) {
      std::optional<ExprTerm> product = multiply(left, other);
      if (!product) {
        return std::nullopt;
      }
      terms.push_back(std::move(*product));
    }
  }
  return terms;
}

Expr ExprTable::add(Expr a, Expr b) {
  if (!a || !b || a.getType() != b.getType() ||
      a.getType() == ExprType::Bool) {
    return {};
  }
  if (Expr pushed = pushIntoSelect(
          a, b, [&](Expr x, Expr y) { return add(x, y); })) {
    return pushed;
  }
  if (a.getType() == ExprType::Float) {
    return addFloats(a, b);
  }
  return fromTerms(addTerms(a, b));
}

Expr ExprTable::mul(Expr a, Expr b) {
  if (!a || !b || a.getType() != b.getType() ||
      a.getType() == ExprType::Bool) {
    return {};
  }
  if (Expr pushed = pushIntoSelect(
          a, b, [&](Expr x, Expr y) { return mul(x, y); })) {
    return pushed;
  }
  if (a.getType() == ExprType::Float) {
    return multiplyFloats(a, b);
  }
  std::optional<SmallVector<ExprTerm>> terms = multiplyTerms(a, b);
  return terms ? fromTerms(*terms) : Expr();
}

Expr ExprTable::min(Expr a, Expr b) {
  if (!a || !b) {
    return {};
  }
  if (a.getType() == ExprType::Integer) {
    return select(lessEqual(a, b), a, b);
  }
  return binary(ExprKind::Min, a, b);
}

Expr ExprTable::max(Expr a, Expr b) {
  if (!a || !b) {
    return {};
  }
  if (a.getType() == ExprType::Integer) {
    return select(lessEqual(a, b), b, a);
  }
  return binary(ExprKind::Max, a, b);
}

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

Expr ExprTable::isNonNegative(Expr a) {
  if (!a) {
    return {};
  }
  if (a.is(ExprKind::Select)) {
    return select(a.getOperand(0), isNonNegative(a.getOperand(1)),
                  isNonNegative(a.getOperand(2)));
  }
  if (isKnownNonNegative(a)) {
    return truth(true);
  }
  if (isKnownNonNegative(sub(integer(-1), a))) {
    return truth(false);
  }
  return make(ExprKind::IsNonNegative, ExprType::Bool, a);
}

Expr ExprTable::isZero(Expr a) {
  if (!a) {
    return {};
  }
  if (a.is(ExprKind::Select)) {
    return select(a.getOperand(0), isZero(a.getOperand(1)),
                  isZero(a.getOperand(2)));
  }
  if (std::optional<int64_t> value = a.getInteger()) {
    return truth(*value == 0);
  }
  if (isKnownNonNegative(sub(a, integer(1))) ||
      isKnownNonNegative(sub(integer(-1), a))) {
    return truth(false);
  }
  // One form for a and −a.
  if (getTerms(a).front().coefficient < 0) {
    a = negate(a);
  }
  return make(ExprKind::IsZero, ExprType::Bool, a);
}

Expr ExprTable::lessEqual(Expr a, Expr b) {
  if (!a || !b || a.getType() != b.getType()) {
    return {};
  }
  if (a.getType() == ExprType::Integer) {
    return isNonNegative(sub(b, a));
  }
  return logicalNot(less(b, a));
}

Expr ExprTable::less(Expr a, Expr b) {
  if (!a || !b || a.getType() != b.getType()) {
    return {};
  }
  if (a.getType() == ExprType::Integer) {
    return isNonNegative(sub(sub(b, a), integer(1)));
  }
  return compareFloats(ExprKind::Less, a, b);
}

Expr ExprTable::equal(Expr a, Expr b) {
  if (!a || !b || a.getType() != b.getType()) {
    return {};
  }
  if (a.getType() == ExprType::Integer) {
    return isZero(sub(a, b));
  }
  if (a.getType() == ExprType::Bool) {
    return select(a, b, logicalNot(b));
  }
  return compareFloats(ExprKind::Equal, a, b);
}
