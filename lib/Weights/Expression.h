// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weight expressions ready to run: graphs of nodes with their files open, and
// the computation of one tile.
#ifndef QEFF_LIB_WEIGHTS_EXPRESSION_H
#define QEFF_LIB_WEIGHTS_EXPRESSION_H

#include "Files.h"

#include <deque>
#include <vector>

namespace qeff {

/// The widest elements that chains of elementwise ops are fused for.
inline constexpr int64_t kMaxChainElementBytes = 8;

/// A value of a weight expression.
struct ExpressionNode {
  enum class Kind { Stored, Constant, Op };

  Kind kind;
  RankedTensorType type;
  int64_t elementBytes = 0;

  // Stored: elements, or blocks of `encoding`, from `offset` of `file`.
  const WeightFile *file = nullptr;
  int64_t offset = 0;
  std::optional<BlockEncoding> encoding;

  // Constant: one element or all of them.
  ArrayRef<char> data;
  bool isSplat = false;

  // Op. The chain of an elementwise op holds it and the elementwise ops before
  // it, innermost first; its operand is that of the innermost.
  StreamableOpInterface op;
  SmallVector<const ExpressionNode *, 2> operands;
  SmallVector<StreamableOpInterface, 2> chain;

  ArrayRef<int64_t> getShape() const { return type.getShape(); }
  int64_t getTileBytes(const Tile &tile) const {
    return tile.numElements() * elementBytes;
  }
};

/// Turns values into nodes; values that are used twice become one node.
class ExpressionBuilder {
public:
  ExpressionBuilder(ModuleOp module, FileSet &files)
      : module(module), files(files) {}

  FailureOr<const ExpressionNode *> build(Value value);
  FailureOr<const ExpressionNode *> build(Operation *symbol);
  FailureOr<const ExpressionNode *> build(FlatSymbolRefAttr symbol);

private:
  FailureOr<const ExpressionNode *> buildOp(Operation *op, Value value);
  FailureOr<const ExpressionNode *> buildStored(WeightOp weight);
  FailureOr<const ExpressionNode *> buildConstant(Operation *op, Value value);
  FailureOr<ExpressionNode *> createNode(ExpressionNode::Kind kind, Type type,
                                         Location loc);

  ModuleOp module;
  FileSet &files;
  SymbolTableCollection symbols;
  std::deque<ExpressionNode> nodes;
  llvm::DenseMap<Value, const ExpressionNode *> values;
  llvm::DenseMap<Operation *, const ExpressionNode *> symbolNodes;
  int64_t depth = 0;
};

/// Calls `visit(first, position, count)` for each run of elements that is
/// consecutive both in a tensor of `shape` and in the buffer of `tile`: from
/// element `first` of the tensor, at element `position` of the buffer. Stops at
/// a failure.
LogicalResult forEachRun(
    ArrayRef<int64_t> shape, const Tile &tile,
    llvm::function_ref<LogicalResult(int64_t first, int64_t position,
                                     int64_t count)>
        visit);

/// The number of runs that `forEachRun` visits.
int64_t countRuns(ArrayRef<int64_t> shape, const Tile &tile);

/// The node that holds `tile` of `node` unchanged, and its tile there: walks
/// through ops that forward an operand.
std::pair<const ExpressionNode *, Tile>
resolveForwarded(const ExpressionNode *node, Tile tile);

/// What computing a tile takes, the tile's own buffer excluded.
struct TileCost {
  /// Bytes of buffers alive at once.
  int64_t scratchBytes = 0;
  int64_t readBytes = 0;
  int64_t readRuns = 0;
  /// Bytes that ops write into buffers.
  int64_t computedBytes = 0;
};
TileCost measureTile(const ExpressionNode *node, const Tile &tile);

/// Buffers of one thread, used as a stack and kept for reuse.
class ScratchStack {
public:
  explicit ScratchStack(int64_t budget) : budget(budget) {}
  ScratchStack(const ScratchStack &) = delete;
  ScratchStack &operator=(const ScratchStack &) = delete;
  ~ScratchStack();

  /// A buffer of at least `size` bytes, or null where there is no memory.
  void *push(int64_t size);
  void pop() { --depth; }

private:
  struct Buffer {
    void *data = nullptr;
    int64_t size = 0;
  };
  void release(size_t from);

  int64_t budget;
  int64_t total = 0;
  size_t depth = 0;
  SmallVector<Buffer, 8> buffers;
};

/// Computes `tile` of `node` into `target`, dense and row-major; on failure
/// says why in `error`. Callable from many threads, each with its own scratch.
LogicalResult computeTile(const ExpressionNode *node, const Tile &tile,
                          void *target, ScratchStack &scratch,
                          std::string &error);

} // namespace qeff

#endif // QEFF_LIB_WEIGHTS_EXPRESSION_H
