// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights of a module under construction.

#include "WeightTable.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace qeff;

static std::string showShape(ArrayRef<int64_t> shape) {
  std::string text = "[";
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(shape, os);
  os << "]";
  return text;
}

WeightTable::WeightTable(const Checkpoint &checkpoint, StringRef base,
                         OpBuilder &builder, Operation *anchor)
    : checkpoint(checkpoint), base(base), builder(builder), symbols(anchor),
      files(checkpoint.files.size()) {}

void WeightTable::fail(StringRef path, const Twine &message) {
  if (!failedOnce) {
    mlir::emitError(getFileLocation(builder.getContext(), path)) << message;
  }
  failedOnce = true;
}

const WeightTable::Entry *WeightTable::find(StringRef name) const {
  auto entry = checkpoint.tensors.find(name);
  if (entry == checkpoint.tensors.end() && name.consume_front(base)) {
    entry = checkpoint.tensors.find(name);
  }
  return entry == checkpoint.tensors.end() ? nullptr : &*entry;
}

std::string WeightTable::showName(StringRef name) const {
  std::string stored =
      checkpoint.getStoredName ? checkpoint.getStoredName(name) : "";
  return (stored.empty() ? "'" + name + "'"
                         : "'" + stored + "' (" + name + ")")
      .str();
}

/// The element type that ops see, or null for a type that none reads.
static Type getElementType(OpBuilder &builder, StoredType type) {
  switch (type) {
  case StoredType::F16:
    return builder.getF16Type();
  case StoredType::BF16:
    return builder.getBF16Type();
  case StoredType::Other:
    return Type();
  default:
    return builder.getF32Type();
  }
}

void WeightTable::declare(StringRef name, const StoredTensor &tensor,
                          RankedTensorType type) {
  const CheckpointFile &file = checkpoint.files[tensor.file];
  Location loc = symbols.getUnknownLoc();
  StringAttr visibility = symbols.getStringAttr("private");
  StringAttr &symbol = files[tensor.file];
  if (!symbol) {
    symbol = symbols.getStringAttr("file" + Twine(tensor.file));
    FileOp::create(symbols, loc, symbol, visibility,
                   symbols.getStringAttr(file.path),
                   symbols.getStringAttr("model"),
                   symbols.getI64IntegerAttr(file.size),
                   symbols.getI64IntegerAttr(file.headerSize),
                   symbols.getStringAttr(file.headerSHA256));
  }
  BlockEncodingAttr encoding;
  if (std::optional<BlockEncoding> block = getEncoding(tensor.type)) {
    encoding = BlockEncodingAttr::get(symbols.getContext(), *block);
  }
  WeightOp::create(symbols, loc, symbols.getStringAttr(name), visibility,
                   FlatSymbolRefAttr::get(symbol),
                   symbols.getI64IntegerAttr(tensor.offset), encoding,
                   symbols.getStringAttr(name), mlir::TypeAttr::get(type));
}

Value WeightTable::reference(StringRef name, RankedTensorType type) {
  Location loc =
      mlir::NameLoc::get(builder.getStringAttr(name));
  return WeightRefOp::create(
      builder, loc, type,
      FlatSymbolRefAttr::get(builder.getContext(), name));
}

Value WeightTable::getStored(StringRef name, ArrayRef<int64_t> shape,
                             const StoredTensor *&stored) {
  stored = nullptr;
  std::string shownName = showName(name);
  auto wrong = [&](StringRef path, const Twine &got) {
    fail(path, "expects tensor " + shownName + " of shape " +
                   showShape(shape) + ", got " + got);
    return reference(name, RankedTensorType::get(shape, builder.getF32Type()));
  };
  const Entry *entry = find(name);
  if (!entry) {
    return wrong(checkpoint.path, "none in the checkpoint");
  }
  const StoredTensor &tensor = entry->second;
  SmallString<256> path(checkpoint.directory);
  llvm::sys::path::append(path, checkpoint.files[tensor.file].path);
  SmallVector<int64_t> expected(shape);
  if (tensor.transposed) {
    std::reverse(expected.begin(), expected.end());
  }
  if (ArrayRef<int64_t>(tensor.shape) != ArrayRef<int64_t>(expected)) {
    SmallVector<int64_t> got(tensor.shape.begin(), tensor.shape.end());
    if (tensor.transposed) {
      std::reverse(got.begin(), got.end());
    }
    return wrong(path, "shape " + showShape(got));
  }
  Type elementType = getElementType(builder, tensor.type);
  if (!elementType) {
    fail(path, "expects tensor " + shownName +
                   " of type F32, F16, BF16, or Q8_0, Q4_0, Q4_1 in GGUF, "
                   "got " + tensor.typeName);
    elementType = builder.getF32Type();
  }
  stored = &tensor;
  auto type = RankedTensorType::get(expected, elementType);
  Value &value = references[name];
  if (!value) {
    if (!failedOnce) {
      declare(name, tensor, type);
    }
    used.insert(entry->getKey());
    value = reference(name, type);
  }
  return value;
}

/// Undoes the row order of a tensor whose rows are interleaved rope pairs.
Value WeightTable::deinterleave(Value value, const StoredTensor *stored) {
  if (!stored || stored->ropePairHeads == 0) {
    return value;
  }
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getDimSize(0) % (2 * stored->ropePairHeads) != 0) {
    fail(checkpoint.configPath,
         "expects an even head size, got " + Twine(type.getDimSize(0)) +
             " rows for " + Twine(stored->ropePairHeads) + " heads");
    return value;
  }
  return PermuteRowsOp::create(
      builder, value.getLoc(), type, value,
      builder.getI64IntegerAttr(stored->ropePairHeads),
      RowOrderAttr::get(builder.getContext(), RowOrder::Deinterleave));
}

static Value slice(OpBuilder &builder, Value value, ArrayRef<int64_t> offsets,
                   ArrayRef<int64_t> sizes) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == sizes) {
    return value;
  }
  return SliceOp::create(builder, value.getLoc(), type.clone(sizes), value,
                         builder.getDenseI64ArrayAttr(offsets));
}

Value WeightTable::getVector(StringRef name, int64_t size) {
  return getVectorPart(name, size, 0, size);
}

Value WeightTable::getVectorPart(StringRef name, int64_t size, int64_t offset,
                                 int64_t part) {
  const StoredTensor *stored;
  Value value = getStored(name, {size}, stored);
  return slice(builder, deinterleave(value, stored), {offset}, {part});
}

Value WeightTable::getTable(StringRef name, int64_t rows, int64_t columns) {
  return getMatrix(name, rows, columns, LinearLayout::OutIn);
}

Value WeightTable::getMatrix(StringRef name, int64_t out, int64_t in,
                             LinearLayout layout) {
  return getMatrixPart(name, out, in, layout, 0, out);
}

Value WeightTable::getMatrixPart(StringRef name, int64_t out, int64_t in,
                                 LinearLayout layout, int64_t offset,
                                 int64_t part) {
  bool inOut = layout == LinearLayout::InOut;
  SmallVector<int64_t> shape = {out, in};
  if (inOut) {
    std::swap(shape[0], shape[1]);
  }
  const StoredTensor *stored;
  Value value = getStored(name, shape, stored);
  if (stored && stored->transposed) {
    inOut = !inOut; // the file has the other order than Hugging Face
  }
  if (!inOut) {
    return slice(builder, deinterleave(value, stored), {offset, 0},
                 {part, in});
  }
  value = slice(builder, value, {0, offset}, {in, part});
  auto type = cast<RankedTensorType>(value.getType());
  return TransposeOp::create(builder, value.getLoc(), type.clone({part, in}),
                             value, builder.getDenseI64ArrayAttr({1, 0}));
}

std::vector<StringRef> WeightTable::getUnused() const {
  std::vector<StringRef> names;
  for (const Entry &entry : checkpoint.tensors) {
    if (!used.contains(entry.getKey())) {
      names.push_back(entry.getKey());
    }
  }
  llvm::sort(names);
  return names;
}
