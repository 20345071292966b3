// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Collects what weights.bin holds: each distinct value once, in the form that
// the kernels read.
#ifndef QEFF_LIB_CONVERSION_QEFFTOHOST_WEIGHTPLACER_H
#define QEFF_LIB_CONVERSION_QEFFTOHOST_WEIGHTPLACER_H

#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace qeff::host {

/// Hashes and compares ops by name, attributes, operands and result types.
struct StructuralOpInfo : llvm::DenseMapInfo<Operation *> {
  static unsigned getHashValue(const Operation *op);
  static bool isEqual(const Operation *a, const Operation *b);
};

/// Values of weights in a `qeff_host.weights`. An expression that occurs in
/// several functions, or several times in one, is one value there.
class WeightPlacer {
public:
  /// Elements of linear weights and embedding tables; null is as stored.
  WeightPlacer(ModuleOp module, FloatType elementType);

  /// `value` is computed from stored weights and constants alone.
  bool isWeight(Value value);

  /// The same, or a constant of an ONNX graph.
  bool isStored(Value value);

  /// The value of a weight expression inside the `qeff_host.weights`.
  Value import(Value value);

  /// Notes that a linear layer reads `weight`, so that an embedding shares its
  /// panels.
  void noteLinear(Value weight) { linearWeights.insert(import(weight)); }
  bool isLinear(Value weight) { return linearWeights.contains(import(weight)); }

  /// Element type of a linear weight or embedding table as it is placed.
  FloatType getElementType(Value weight) const;

  /// The offset of the panels of `weight` [N, K].
  FailureOr<int64_t> placePanels(Value weight, Location user);
  /// The offset of the rows of `table` [V, C].
  FailureOr<int64_t> placeRows(Value table, Location user);
  /// The offset of the f32 form of a small weight.
  FailureOr<int64_t> placeF32(Value weight, Location user);
  /// The offset of any stored value, as it is.
  FailureOr<int64_t> placeStored(Value value, Location user);
  /// The offset of a rope table.
  FailureOr<int64_t> placeRopeTable(double theta, int64_t maxPosition,
                                    RopeScalingAttr scaling, int64_t positions,
                                    int64_t rotaryDim, Location user);

  /// Removes what was imported and is not placed.
  void finish();

private:
  /// `op`, or the op that was there first and computes the same.
  Operation *unique(Operation *op);
  Value castTo(Value value, FloatType type);
  FailureOr<int64_t> place(Value value, Location user);

  WeightsOp weights;
  OpBuilder builder;
  FloatType elementType;
  llvm::DenseMap<Value, bool> weightness;
  llvm::DenseMap<Value, Value> imported;
  llvm::DenseSet<Operation *, StructuralOpInfo> known;
  llvm::DenseSet<Value> linearWeights;
  llvm::DenseMap<Value, int64_t> offsets;
  int64_t end = 0;
};

} // namespace qeff::host

#endif // QEFF_LIB_CONVERSION_QEFFTOHOST_WEIGHTPLACER_H
