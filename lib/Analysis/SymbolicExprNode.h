// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an expression is made of.
#ifndef QEFF_LIB_ANALYSIS_SYMBOLICEXPRNODE_H
#define QEFF_LIB_ANALYSIS_SYMBOLICEXPRNODE_H

#include "qeff/Analysis/SymbolicExpr.h"

#include "llvm/ADT/FoldingSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Allocator.h"

namespace qeff {

class ExprNode : public llvm::FoldingSetNode {
public:
  ExprKind kind;
  ExprType type;
  /// In the order of creation.
  uint32_t id = 0;
  /// Sum: the atoms of all terms, term after term.
  ArrayRef<Expr> operands;
  /// Constant: the integer or the float's bits. Index: its number. Sum: for
  /// each term its coefficient and its number of atoms.
  ArrayRef<int64_t> numbers;
  /// Load: the value. Dim: the name's data.
  const void *payload = nullptr;
  /// Dim: the name.
  StringRef name;

  void Profile(llvm::FoldingSetNodeID &key) const {
    profile(key, kind, type, operands, numbers, payload);
  }
  static void profile(llvm::FoldingSetNodeID &key, ExprKind kind,
                      ExprType type, ArrayRef<Expr> operands,
                      ArrayRef<int64_t> numbers, const void *payload) {
    key.AddInteger(static_cast<unsigned>(kind));
    key.AddInteger(static_cast<unsigned>(type));
    for (Expr operand : operands) {
      key.AddPointer(operand.node);
    }
    for (int64_t number : numbers) {
      key.AddInteger(number);
    }
    key.AddPointer(payload);
  }

  static uint32_t getId(Expr expr) { return expr.node->id; }
  static const ExprNode *get(Expr expr) { return expr.node; }
};

struct ExprTable::Storage {
  llvm::BumpPtrAllocator allocator;
  llvm::FoldingSet<ExprNode> nodes;
  llvm::StringMap<char, llvm::BumpPtrAllocator> names;
  uint32_t nextId = 0;
  uint64_t steps = 0;

  /// Whether one more expression may be built: a file can ask for any number.
  bool takeStep() {
    constexpr uint64_t kMaxSteps = uint64_t(1) << 27;
    constexpr unsigned kMaxNodes = 1u << 25;
    return ++steps <= kMaxSteps && nodes.size() < kMaxNodes;
  }

  const ExprNode *get(ExprKind kind, ExprType type, ArrayRef<Expr> operands,
                      ArrayRef<int64_t> numbers = {},
                      const void *payload = nullptr, StringRef name = {});
};

/// Whether `a` comes before `b` in operand lists.
inline bool isBefore(Expr a, Expr b) {
  return ExprNode::getId(a) < ExprNode::getId(b);
}

} // namespace qeff

#endif // QEFF_LIB_ANALYSIS_SYMBOLICEXPRNODE_H
