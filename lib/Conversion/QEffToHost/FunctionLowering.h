// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One specialized function on its way to launches.
#ifndef QEFF_LIB_CONVERSION_QEFFTOHOST_FUNCTIONLOWERING_H
#define QEFF_LIB_CONVERSION_QEFFTOHOST_FUNCTIONLOWERING_H

#include "AdapterTable.h"
#include "OperatorKernels.h"
#include "StateTable.h"
#include "WeightPlacer.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Target/Host/Kernels.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace qeff::host {

/// Where a value lives. In the arena, `index` numbers a buffer that the planner
/// places; elsewhere it is an offset.
struct Place {
  Segment segment;
  int64_t index;

  bool operator==(const Place &other) const {
    return segment == other.segment && index == other.index;
  }
};

struct PendingLaunch {
  Location loc;
  Kernel kernel;
  SmallVector<Place, 6> operands;
  int64_t bytes;
  StringAttr scope;
};

/// Tensors [B, H, S, D] are kept in the order [B, S, H, D], so that splitting
/// and merging heads is a view. All others, the bias of attention among them,
/// are row-major.
class FunctionLowering {
public:
  FunctionLowering(mlir::func::FuncOp function, KernelLibrary &kernels,
                   OperatorKernels &operators, WeightPlacer &weights,
                   const StateTable &states, const AdapterTable &adapters)
      : function(function), kernels(kernels), operators(operators),
        weights(weights), states(states), adapters(adapters) {}

  /// Lowers every op.
  LogicalResult run();
  /// Plans the arena and creates the `qeff_host.function`.
  LogicalResult emit(DictionaryAttr dims, OpBuilder &builder);

private:
  // Inputs, outputs, state.
  LogicalResult placeInputs();
  LogicalResult placeOutputs();
  FailureOr<IOAttr> placeIO(StringAttr name, Value value, StringRef what);

  // Lifetimes.
  void findLastUses();
  Value getRoot(Value value) const {
    auto found = roots.find(value);
    return found == roots.end() ? value : found->second;
  }

  // Ops.
  LogicalResult lowerOp(Operation *op);
  LogicalResult lower(EmbeddingOp op);
  LogicalResult lower(LinearOp op);
  LogicalResult lower(LoRAOp op);
  LogicalResult lower(RMSNormOp op);
  LogicalResult lower(LayerNormOp op);
  LogicalResult lower(RopeOp op);
  LogicalResult lower(AttentionOp op);
  LogicalResult lower(IotaOp op);
  LogicalResult lower(MaskPositionsOp op);
  LogicalResult lower(PoolOp op);
  LogicalResult lower(MulOp op);
  LogicalResult lower(ScaleOp op);
  LogicalResult lower(OffsetOp op);
  LogicalResult lower(SoftcapOp op);
  LogicalResult lower(AddOp op);
  LogicalResult lower(ActivateOp op);
  LogicalResult lower(GateOp op);
  LogicalResult lower(ClipOp op);
  LogicalResult lower(LogitsSelectOp op);
  LogicalResult lower(CacheWriteOp op);
  LogicalResult lower(MergeHeadsOp op);
  LogicalResult lowerOperator(Operation *op);
  /// Copies to the outputs that are inputs, weights or other outputs, too.
  LogicalResult copyOutputs();

  // Attention.
  bool readsCaches(AttentionOp op);
  /// Puts the operands of the keys' and values' memory and of the positions
  /// behind the query's.
  LogicalResult addCaches(AttentionOp op, SmallVectorImpl<Place> &operands);
  LogicalResult addOwnKeys(AttentionOp op, SmallVectorImpl<Place> &operands);
  FailureOr<Place> getBias(AttentionOp op);
  LogicalResult addScoreTerms(AttentionOp op,
                              SmallVectorImpl<Place> &operands);
  /// One input, one output of the same size, in place where that is possible.
  LogicalResult launchMap(Operation *op, Kernel kernel);

  /// Where `value` can be read: an activation, an input or a state, or a weight
  /// in f32.
  FailureOr<Place> get(Value value, Operation *user);
  /// The same for an operator: row-major, of any type.
  FailureOr<Place> getStored(Value value, Operation *user);
  /// `value`, which is at `place`, with its heads and positions swapped.
  Place swapHeads(Value value, Place place, Operation *user);
  Place addBuffer(int64_t bytes);
  /// Where the result of `op` goes: an output, the place of one of `reusable`
  /// that nothing reads any more, or a new buffer.
  Place getDestination(Operation *op, ValueRange reusable = {});
  /// The offset in weights.bin of a linear weight or table of three float
  /// types, checked.
  LogicalResult checkTable(Value weight, Operation *user);
  FailureOr<Place> placeF32(Value weight, Operation *user);
  /// The cache that `read` reads, where it is the newest value of a state.
  FailureOr<Place> getCache(CacheReadOp read, Operation *user);
  void launch(Operation *op, Kernel kernel, ArrayRef<Place> operands,
              int64_t bytes);

  mlir::func::FuncOp function;
  KernelLibrary &kernels;
  OperatorKernels &operators;
  WeightPlacer &weights;
  const StateTable &states;
  const AdapterTable &adapters;

  llvm::DenseMap<Value, Place> places;
  llvm::DenseMap<Value, Value> roots;
  llvm::DenseMap<Value, int64_t> lastUses;
  llvm::DenseMap<Value, int64_t> ropePositions;
  /// The products of an input and the A of a target, which is told by its
  /// offset.
  llvm::DenseMap<std::pair<Value, int64_t>, Place> shrunk;
  SmallVector<int64_t> bufferBytes;
  std::vector<PendingLaunch> launches;
  /// Outputs that are copied, and their offsets.
  SmallVector<std::pair<Value, int64_t>> copiedOutputs;
  SmallVector<Attribute> inputs;
  SmallVector<Attribute> outputs;
  int64_t ioBytes = 0;
  int64_t step = 0;
};

/// `op` is an ONNX operator, not a constant or what is left out.
bool isOperator(Operation *op);
/// The operand whose memory the result of an operator is, or null.
Value getOperatorView(Operation *op);
/// `value` [B, H, S, D] is in memory as [B, S, H, D]: an op of `qeff` made it.
bool isHeadsSecond(Value value);

inline RankedTensorType getTensor(Value value) {
  return cast<RankedTensorType>(value.getType());
}

inline int64_t getSize(Value value, unsigned axis) {
  return getTensor(value).getDimSize(axis);
}

inline int64_t getLastSize(Value value) {
  return getTensor(value).getShape().back();
}

/// Product of all axes but the last.
inline int64_t getNumRows(Value value) {
  return getTensor(value).getNumElements() / getLastSize(value);
}

inline int64_t getBytes(Value value) {
  return getDenseBytes(getTensor(value)).value_or(0);
}

} // namespace qeff::host

#endif // QEFF_LIB_CONVERSION_QEFFTOHOST_FUNCTIONLOWERING_H
