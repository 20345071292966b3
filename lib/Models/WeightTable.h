// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weights of a module under construction: declares what is asked for,
// brings it into the layout that ops read, and checks it on the way.
#ifndef QEFF_LIB_MODELS_WEIGHTTABLE_H
#define QEFF_LIB_MODELS_WEIGHTTABLE_H

#include "qeff/Models/Decoder.h"

#include "llvm/ADT/StringSet.h"

namespace qeff {

/// After the first error, which is emitted, every weight is a reference of the
/// shape asked for; the module is to be dropped then (`hasFailed`).
class WeightTable {
public:
  /// Declares files and weights before `anchor`; references are created by
  /// `builder`. `base` is the prefix that checkpoints of a bare model omit.
  WeightTable(const Checkpoint &checkpoint, StringRef base, OpBuilder &builder,
              Operation *anchor);

  bool hasFailed() const { return failedOnce; }

  /// Whether the checkpoint has `name`.
  bool has(StringRef name) const { return find(name) != nullptr; }

  /// The vector [size] of `name`.
  Value getVector(StringRef name, int64_t size);

  /// Elements [offset, offset + part) of the vector [size] of `name`.
  Value getVectorPart(StringRef name, int64_t size, int64_t offset,
                      int64_t part);

  /// The table [rows, columns] of `name`.
  Value getTable(StringRef name, int64_t rows, int64_t columns);

  /// The matrix [out, in] of the linear layer `name`.
  Value getMatrix(StringRef name, int64_t out, int64_t in,
                  LinearLayout layout);

  /// Rows [offset, offset + part) of that matrix.
  Value getMatrixPart(StringRef name, int64_t out, int64_t in,
                      LinearLayout layout, int64_t offset, int64_t part);

  /// Tensors of the checkpoint that nothing asked for, sorted.
  std::vector<StringRef> getUnused() const;

private:
  using Entry = llvm::StringMapEntry<StoredTensor>;

  const Entry *find(StringRef name) const;
  /// `name` in quotes for a message, with the files' own name where it differs.
  std::string showName(StringRef name) const;
  /// A reference to `name`, whose shape in Hugging Face's layout is `shape`, as
  /// it is stored; sets `stored` to the tensor.
  Value getStored(StringRef name, ArrayRef<int64_t> shape,
                  const StoredTensor *&stored);
  Value reference(StringRef name, RankedTensorType type);
  void declare(StringRef name, const StoredTensor &tensor,
               RankedTensorType type);
  Value deinterleave(Value value, const StoredTensor *stored);
  void fail(StringRef path, const Twine &message);

  const Checkpoint &checkpoint;
  StringRef base;
  OpBuilder &builder;
  OpBuilder symbols;
  std::vector<StringAttr> files; ///< symbol by file index, null: not declared
  llvm::StringMap<Value> references;
  llvm::StringSet<> used; ///< names in the checkpoint
  bool failedOnce = false;
};

} // namespace qeff

#endif // QEFF_LIB_MODELS_WEIGHTTABLE_H
