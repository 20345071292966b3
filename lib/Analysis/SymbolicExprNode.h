// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an expression is made of.
#ifndef QEFF_LIB_ANALYSIS_SYMBOLICEXPRNODE_H
#define QEFF_LIB_ANALYSIS_SYMBOLICEXPRNODE_H

#include "qeff/Analysis/SymbolicExpr.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Allocator.h"

#include <vector>

namespace qeff {

class ExprNode {
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

  uint64_t getHash() const {
    uint64_t hash = static_cast<uint64_t>(kind) * 8 +
                    static_cast<uint64_t>(type);
    for (Expr operand : operands) {
      hash = mix(hash, ExprNode::getId(operand));
    }
    for (int64_t number : numbers) {
      hash = mix(hash, static_cast<uint64_t>(number));
    }
    return mix(hash, reinterpret_cast<uintptr_t>(payload));
  }
  static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 29);
  }
  bool isOf(const ExprNode &node) const {
    return kind == node.kind && type == node.type && payload == node.payload &&
           operands == node.operands && numbers == node.numbers;
  }
};

/// Finds nodes by what they are made of. Hashes lie beside the pointers, so
/// that nodes are read where they are the ones in question.
class ExprSet {
public:
  /// The place of the node that `key` is: null where there is none yet.
  ExprNode *&find(const ExprKey &key) {
    if (2 * (count + 1) > entries.size()) {
      grow();
    }
    uint64_t hash = key.getHash();
    Entry *entry = &entries[hash & (entries.size() - 1)];
    while (entry->node && (entry->hash != hash || !key.isOf(*entry->node))) {
      entry = entry + 1 == entries.data() + entries.size() ? entries.data()
                                                           : entry + 1;
    }
    count += entry->node ? 0 : 1;
    entry->hash = hash;
    return entry->node;
  }
  /// Nodes, if each new place that was found got one.
  size_t size() const { return count; }

private:
  struct Entry {
    uint64_t hash = 0;
    ExprNode *node = nullptr;
  };

  void grow() {
    std::vector<Entry> before(std::max<size_t>(2 * entries.size(), 1024));
    before.swap(entries);
    for (const Entry &entry : before) {
      if (entry.node) {
        size_t at = entry.hash & (entries.size() - 1);
        while (entries[at].node) {
          at = (at + 1) & (entries.size() - 1);
        }
        entries[at] = entry;
      }
    }
  }

  std::vector<Entry> entries;
  size_t count = 0;
};

struct ExprTable::Storage {
  llvm::BumpPtrAllocator allocator;
  ExprSet nodes;
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
