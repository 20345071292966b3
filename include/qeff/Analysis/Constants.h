// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The values of constants, those that are in files too: tables of positions,
// angles and masks that exporters store.
#ifndef QEFF_ANALYSIS_CONSTANTS_H
#define QEFF_ANALYSIS_CONSTANTS_H

#include "qeff/Analysis/SymbolicExpr.h"
#include "qeff/Weights/Evaluator.h"

#include "mlir/IR/BuiltinOps.h"

#include "llvm/ADT/DenseMap.h"

namespace qeff {

/// The elements of a constant, row-major: floats, integers of whole bytes, or
/// truth values in a byte each.
class ConstantTensor {
public:
  ConstantTensor(RankedTensorType type, std::vector<char> bytes)
      : type(type), bytes(std::move(bytes)) {}

  RankedTensorType getType() const { return type; }
  int64_t getNumElements() const { return type.getNumElements(); }
  /// Bytes that an element of `type` takes here, or 0 where it is none of the
  /// above.
  static int64_t getElementBytes(Type type);

  /// Element `i`, 0 <= i < getNumElements(); null for integers above int64_t.
  Expr getElement(ExprTable &table, int64_t i) const;
  /// Element `i` of floats.
  double getFloat(int64_t i) const;
  /// Whether elements `i` and `j` are the same bits.
  bool areEqual(int64_t i, int64_t j) const;

private:
  llvm::APInt getBits(int64_t i) const;

  RankedTensorType type;
  std::vector<char> bytes;
};

/// Sets `options.roots` by texts NAME=DIR, where %XX stands for a byte of DIR;
/// "model" is the working directory unless it is given. A text that is not that
/// is an error.
LogicalResult parseRoots(mlir::MLIRContext *context,
                         ArrayRef<std::string> texts,
                         EvaluatorOptions &options);

/// Such a text for a root.
std::string printRoot(StringRef name, StringRef directory);

class ConstantReader {
public:
  /// Files of `module` are found by `options.roots`.
  ConstantReader(ModuleOp module, EvaluatorOptions options)
      : module(module), options(std::move(options)) {}

  /// The elements of `value`, or null: it is no constant, has no element or
  /// more than 64 MiB, or cannot be read.
  std::shared_ptr<const ConstantTensor> read(Value value);

  /// Why a file could not be read for the first time, or nothing.
  StringRef getError() const { return error; }

private:
  using Key = std::pair<const void *, Type>;
  std::shared_ptr<const ConstantTensor> readWeight(Value source,
                                                   RankedTensorType type);

  ModuleOp module;
  EvaluatorOptions options;
  /// What was read, by the weight's symbol or the attribute, and the type.
  llvm::DenseMap<Key, std::shared_ptr<const ConstantTensor>> known;
  int64_t knownBytes = 0;
  std::string error;
};

} // namespace qeff

#endif // QEFF_ANALYSIS_CONSTANTS_H
