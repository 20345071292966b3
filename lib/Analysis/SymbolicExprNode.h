// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an expression is made of.
#ifndef QEFF_LIB_ANALYSIS_SYMBOLICEXPRNODE_H
#define QEFF_LIB_ANALYSIS_SYMBOLICEXPRNODE_H

#include "qeff/Analysis/SymbolicExpr.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Allocator.h"

namespace qeff {

class ExprNode {
public:
  ExprKind kind;
  ExprType type;
  /// In the order of creation.
  uint32_t id = 0;
  unsigned hash = 0;
  /// Sum: the atoms of all terms, term after term.
  ArrayRef<Expr> operands;
  /// Constant: the integer or the float's bits. Index: its number. Sum: for
  /// each term its coefficient and its number of atoms.
  ArrayRef<int64_t> numbers;
  /// Load: the value. Dim: the name's data.
  const void *payload = nullptr;
  /// Dim: the name.
  StringRef name;

  static uint32_t getId(Expr expr) { return expr.node->id; }
  static const ExprNode *get(Expr expr) { return expr.node; }
};

/// What a node is made of; two nodes of one table never have the same.
struct ExprKey {
  ExprKind kind;
  ExprType type;
  ArrayRef<Expr> operands;
  ArrayRef<int64_t> numbers;
  const void *payload;
  unsigned hash;

  ExprKey(ExprKind kind, ExprType type, ArrayRef<Expr> operands,
          ArrayRef<int64_t> numbers, const void *payload)
      : kind(kind), type(type), operands(operands), numbers(numbers),
        payload(payload),
        hash(static_cast<unsigned>(llvm::hash_combine(
            kind, type, llvm::hash_combine_range(operands),
            llvm::hash_combine_range(numbers), payload))) {}
};

/// Looks nodes up by what they are made of.
struct ExprNodeInfo : llvm::DenseMapInfo<ExprNode *> {
  static unsigned getHashValue(const ExprNode *node) { return node->hash; }
  static unsigned getHashValue(const ExprKey &key) { return key.hash; }
  using llvm::DenseMapInfo<ExprNode *>::isEqual;
  static bool isEqual(const ExprKey &key, const ExprNode *node) {
    return node != getEmptyKey() && node != getTombstoneKey() &&
           key.hash == node->hash && key.kind == node->kind &&
           key.type == node->type && key.payload == node->payload &&
           key.operands == node->operands && key.numbers == node->numbers;
  }
};

struct ExprTable::Storage {
  llvm::BumpPtrAllocator allocator;
  llvm::DenseSet<ExprNode *, ExprNodeInfo> nodes;
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
