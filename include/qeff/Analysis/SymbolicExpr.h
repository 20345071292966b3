// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Symbolic expressions: what a tensor's size is, and what its element at some
// index is. Integers are polynomials over named dims, index variables and
// elements of opaque values; comparisons, selections and float arithmetic are
// built on them. Expressions are simplified when they are built, and equal ones
// are one node: `a == b` compares pointers.
#ifndef QEFF_ANALYSIS_SYMBOLICEXPR_H
#define QEFF_ANALYSIS_SYMBOLICEXPR_H

#include "qeff/Support/LLVM.h"

#include "llvm/ADT/DenseMapInfo.h"

#include <memory>
#include <optional>

namespace qeff {

class ExprNode;

enum class ExprKind : uint8_t {
  Constant,  ///< a number or a truth value
  Dim,       ///< a named size, at least 0
  Index,     ///< an index variable, from 0 to below its extent
  Load,      ///< an element of an IR value; operands: its index
  Sum,       ///< a polynomial of integers
  FloorDiv,  ///< of integers, rounded down
  Mod,       ///< of integers, with the sign of the divisor
  ToFloat,   ///< an integer as a float
  Add, Mul, Div, Pow, Min, Max,            ///< of floats
  Sqrt, Exp, Log, Tanh, Sin, Cos, Erf,     ///< of a float
  IsNonNegative, ///< of an integer
  IsZero,        ///< of an integer
  Less, Equal,   ///< of floats
  Not, And, Or,  ///< of truth values
  Select         ///< condition, value where true, value where false
};

enum class ExprType : uint8_t { Integer, Float, Bool };

/// An expression, or null: nothing is known. What is built of null is null.
class Expr {
public:
  Expr() = default;
  explicit operator bool() const { return node != nullptr; }
  bool operator==(Expr other) const { return node == other.node; }
  bool operator!=(Expr other) const { return node != other.node; }

  ExprKind getKind() const;
  ExprType getType() const;
  bool is(ExprKind kind) const { return node && getKind() == kind; }
  ArrayRef<Expr> getOperands() const;
  Expr getOperand(unsigned i) const { return getOperands()[i]; }

  /// The integer (or, as 0 and 1, truth value) that this is, or nothing.
  std::optional<int64_t> getInteger() const;
  /// The float that this is, or nothing.
  std::optional<double> getFloat() const;
  bool isTrue() const;
  bool isFalse() const;
  /// The value that a Load reads.
  Value getSource() const;
  /// The number of an Index.
  int64_t getIndexNumber() const;
  /// The name of a Dim.
  StringRef getName() const;

  /// Whether `holds` for this or for something that it is made of, each looked
  /// at once; extents of indices are not looked at.
  bool any(llvm::function_ref<bool(Expr)> holds) const;

  void print(raw_ostream &os) const;
  std::string str() const;

private:
  friend class ExprTable;
  friend class ExprNode;
  friend struct llvm::DenseMapInfo<Expr>;
  explicit Expr(const ExprNode *node) : node(node) {}
  const ExprNode *node = nullptr;
  friend llvm::hash_code hash_value(Expr expr) {
    return llvm::hash_value(expr.node);
  }
};

raw_ostream &operator<<(raw_ostream &os, Expr expr);

/// A product of integer atoms with its coefficient; no atoms: the constant term.
struct ExprTerm {
  int64_t coefficient;
  SmallVector<Expr, 2> atoms;
};

/// Makes expressions and owns them. Integers that would overflow, and
/// polynomials of more than 64 terms, are null.
class ExprTable {
public:
  ExprTable();
  ~ExprTable();
  ExprTable(const ExprTable &) = delete;
  ExprTable &operator=(const ExprTable &) = delete;

  Expr integer(int64_t value);
  Expr number(double value);
  Expr truth(bool value);
  Expr dim(StringRef name);
  /// The index variable `number` of a size: 0 <= index < extent. An extent of
  /// null leaves the upper end open.
  Expr index(int64_t number, Expr extent);
  /// Element `indices` of `source`; null where an index is.
  Expr load(Value source, ArrayRef<Expr> indices);

  // Of two integers or two floats.
  Expr add(Expr a, Expr b);
  Expr sub(Expr a, Expr b);
  Expr mul(Expr a, Expr b);
  Expr min(Expr a, Expr b);
  Expr max(Expr a, Expr b);
  Expr negate(Expr a);
  Expr less(Expr a, Expr b);
  Expr lessEqual(Expr a, Expr b);
  Expr equal(Expr a, Expr b);

  // Of integers.
  Expr floorDiv(Expr a, Expr b);
  Expr mod(Expr a, Expr b);
  /// `a` = `b`·quotient exactly, or null.
  Expr exactDiv(Expr a, Expr b);

  // Of floats; `kind` is one of Div, Pow, or of Sqrt … Erf.
  Expr binary(ExprKind kind, Expr a, Expr b);
  Expr unary(ExprKind kind, Expr a);

  // Of truth values.
  Expr logicalNot(Expr a);
  Expr logicalAnd(Expr a, Expr b);
  Expr logicalOr(Expr a, Expr b);
  Expr select(Expr condition, Expr a, Expr b);

  /// `a` as an expression of `type`: truth values become 0 and 1, numbers
  /// whether they are not 0, floats integers only where they are integers.
  Expr cast(Expr a, ExprType type);

  /// `a` with each Load and Index for which `map` gives an expression replaced
  /// by it.
  Expr substitute(Expr a, llvm::function_ref<Expr(Expr leaf)> map);

  /// Whether `a`, an integer, is at least 0, whatever dims and indices are.
  bool isKnownNonNegative(Expr a);
  /// Whether 0 <= `a` < `extent`.
  bool isKnownInRange(Expr a, Expr extent);

  /// Expressions that were made.
  size_t size() const;

  /// The terms of an integer.
  static SmallVector<ExprTerm> getTerms(Expr a);

private:
  Expr make(ExprKind kind, ExprType type, ArrayRef<Expr> operands);
  Expr fromTerms(SmallVector<ExprTerm> terms);
  Expr replaceIndices(Expr a);
  Expr isNonNegative(Expr a);
  Expr isZero(Expr a);
  Expr addFloats(Expr a, Expr b);
  Expr multiplyFloats(Expr a, Expr b);
  Expr compareFloats(ExprKind kind, Expr a, Expr b);
  Expr pushIntoSelect(Expr a, Expr b,
                      llvm::function_ref<Expr(Expr, Expr)> combine);
  Expr rebuild(Expr a, ArrayRef<Expr> operands);
  Expr selectAtFirst(Expr condition, Expr a, Expr b);
  Expr junction(ExprKind kind, Expr a, Expr b);

  struct Storage;
  std::unique_ptr<Storage> storage;
};

} // namespace qeff

template <>
struct llvm::DenseMapInfo<qeff::Expr> {
  using Pointers = DenseMapInfo<const qeff::ExprNode *>;
  static qeff::Expr getEmptyKey() {
    return qeff::Expr(Pointers::getEmptyKey());
  }
  static qeff::Expr getTombstoneKey() {
    return qeff::Expr(Pointers::getTombstoneKey());
  }
  static unsigned getHashValue(qeff::Expr expr) {
    return Pointers::getHashValue(expr.node);
  }
  static bool isEqual(qeff::Expr a, qeff::Expr b) { return a == b; }
};

#endif // QEFF_ANALYSIS_SYMBOLICEXPR_H
