// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Computes weight expressions: streams values of stored weights, constants and
// chains of `StreamableOpInterface` ops into a file or through a callback, in
// parallel and in bounded memory, with positioned reads and writes only.
#ifndef QEFF_WEIGHTS_EVALUATOR_H
#define QEFF_WEIGHTS_EVALUATOR_H

#include "qeff/Support/LLVM.h"
#include "qeff/Support/Progress.h"
#include "qeff/Weights/Tile.h"

#include "llvm/ADT/StringMap.h"

#include <string>

namespace qeff {

struct EvaluatorOptions {
  /// The folder of each root that `qeff.file` ops name. "model" is the folder
  /// that paths are relative to in a module that was just imported.
  llvm::StringMap<std::string> roots;
  /// Threads that compute and write; 0 is one per CPU.
  unsigned threads = 0;
  /// Bytes of all buffers together. A tile of one element may exceed it.
  int64_t budgetBytes = int64_t(64) << 20;
  /// The name of the file being written, for diagnostics.
  std::string outputName = "the output file";
};

/// A value and where it goes: its elements, row-major and little-endian, from
/// byte `offset` of the file. Give either a value or the symbol of a
/// `qeff.weight` or `qeff.weight_expr`.
struct WeightPlacement {
  WeightPlacement(Value value, int64_t offset)
      : value(value), offset(offset) {}
  WeightPlacement(FlatSymbolRefAttr symbol, int64_t offset)
      : symbol(symbol), offset(offset) {}

  Value value;
  FlatSymbolRefAttr symbol;
  int64_t offset;
};

/// Bytes of a static tensor of byte-sized elements, or failure where the type
/// is none or its size exceeds int64_t.
FailureOr<int64_t> getTensorBytes(Type type);

/// Writes all `placements` to the file descriptor `fd`, which is open for
/// writing at any position. What is written does not depend on the number of
/// threads or the budget. Progress is reported in bytes as stage "weights".
/// Errors (a file that is missing, changed or too short, a value that cannot be
/// streamed, a full disk) give one diagnostic; the file is then incomplete.
LogicalResult writeWeights(ModuleOp module,
                           ArrayRef<WeightPlacement> placements, int fd,
                           const EvaluatorOptions &options,
                           const ProgressFn &progress = {});

/// Refuses a `path` to write to that is one of the files which `module`'s
/// weights are in, by whatever name.
LogicalResult checkIsNoSource(ModuleOp module, StringRef path,
                              const EvaluatorOptions &options);

/// Called with consecutive tiles of a value: their buffers, one after the
/// other, are the value's elements in row-major order.
using TileVisitor = llvm::function_ref<LogicalResult(const ConstTileBuffer &)>;

/// Streams `value` through `visitor` on this thread. A failure of the visitor
/// ends the walk and is returned; the visitor reports it.
LogicalResult visitTiles(ModuleOp module, Value value,
                         const EvaluatorOptions &options, TileVisitor visitor);

/// The same for the value or symbol of `weight`.
LogicalResult visitTiles(ModuleOp module, const WeightPlacement &weight,
                         const EvaluatorOptions &options, TileVisitor visitor);

/// The whole of a small value, row-major; refused above `maxBytes`.
FailureOr<std::vector<char>> readValue(ModuleOp module, Value value,
                                       const EvaluatorOptions &options,
                                       int64_t maxBytes = int64_t(64) << 20);

/// SHA-256 (hexadecimal) over what `value` is computed from: the ops with their
/// attributes and types, constants, and each stored weight's place and its
/// file's path, root, size and header hash. Equal keys mean equal bytes as long
/// as the files are the ones that the module describes. Reads no file.
FailureOr<std::string> getContentKey(Value value);

} // namespace qeff

#endif // QEFF_WEIGHTS_EVALUATOR_H
