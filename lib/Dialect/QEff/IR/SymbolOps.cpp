// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of dims, files, weights and weight expressions.

#include "qeff/Dialect/QEff/IR/BlockFormat.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"

using namespace qeff;

LogicalResult DimOp::verify() {
  // (C1)
  int64_t min = getMin();
  if (min < 0) {
    return emitOpError("expects min >= 0, got ") << min;
  }
  if (std::optional<uint64_t> max = getMax();
      max && static_cast<int64_t>(*max) < min) {
    return emitOpError("expects min <= max, got ")
           << min << " and " << static_cast<int64_t>(*max);
  }
  return success();
}

LogicalResult FileOp::verify() {
  // (C1)
  StringRef path = getPath();
  if (path.empty() || path.contains('\0') ||
      llvm::sys::path::is_absolute(path)) {
    return emitOpError("expects a relative path, got '") << path << "'";
  }
  for (auto it = llvm::sys::path::begin(path), e = llvm::sys::path::end(path);
       it != e; ++it) {
    if (*it == "..") {
      return emitOpError("expects a path inside its root, got '")
             << path << "'";
    }
  }
  // (C2)
  if (getRoot().empty()) {
    return emitOpError("expects a root's name, got an empty one");
  }
  // (C3)
  int64_t size = getSize();
  int64_t header = getHeaderSize();
  if (size < 0 || header < 0 || header > size) {
    return emitOpError("expects 0 <= header_size <= size, got ")
           << header << " and " << size;
  }
  return success();
}

/// Bytes of `elements` elements, or nothing where that overflows.
static std::optional<int64_t> getStoredBytes(RankedTensorType type,
                                             std::optional<BlockEncoding> encoding) {
  int64_t elements = 1;
  for (int64_t size : type.getShape()) {
    if (llvm::MulOverflow(elements, size, elements)) {
      return std::nullopt;
    }
  }
  int64_t bytes = 0;
  if (encoding) {
    if (llvm::MulOverflow(elements / kBlockLength, getBlockBytes(*encoding),
                          bytes)) {
      return std::nullopt;
    }
    return bytes;
  }
  if (llvm::MulOverflow(
          elements,
          static_cast<int64_t>(type.getElementTypeBitWidth() / 8), bytes)) {
    return std::nullopt;
  }
  return bytes;
}

int64_t WeightOp::getByteSize() {
  return getStoredBytes(getTensorType(), getEncoding()).value_or(0);
}

LogicalResult WeightOp::verify() {
  // (C1)
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || !type.hasStaticShape() ||
      !type.getElementType().isIntOrFloat() ||
      type.getElementTypeBitWidth() % 8 != 0) {
    return emitOpError("expects a static ranked tensor of byte-sized "
                       "elements, got ")
           << getType();
  }
  // (C4)
  if (getEncoding() &&
      (type.getRank() == 0 || type.getShape().back() % kBlockLength != 0)) {
    return emitOpError("expects the last axis to be a multiple of ")
           << kBlockLength << ", got " << type;
  }
  // (C2), the part that needs no file
  std::optional<int64_t> bytes = getStoredBytes(type, getEncoding());
  int64_t offset = getOffset();
  int64_t end = 0;
  if (offset < 0 || !bytes || llvm::AddOverflow(offset, *bytes, end)) {
    return emitOpError("expects offset >= 0 and a size that fits, got offset ")
           << offset << " and " << type;
  }
  return success();
}

LogicalResult
WeightOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  // (C3)
  auto file = symbolTable.lookupNearestSymbolFrom<FileOp>(*this, getFileAttr());
  if (!file) {
    return emitOpError("expects a qeff.file, got ") << getFileAttr();
  }
  // (C2)
  int64_t end = static_cast<int64_t>(getOffset()) + getByteSize();
  if (end > static_cast<int64_t>(file.getSize())) {
    InFlightDiagnostic diagnostic =
        emitOpError("expects to end within its file, got end ") << end;
    diagnostic.attachNote(file.getLoc())
        << "the file has " << file.getSize() << " bytes";
    return diagnostic;
  }
  return success();
}

Value WeightExprOp::getYielded() {
  return cast<YieldOp>(getBody().front().getTerminator()).getValue();
}

LogicalResult WeightExprOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getNumArguments() != 0) {
    return emitOpError("expects a body without arguments");
  }
  // (C1)
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield || yield.getValue().getType() != getType()) {
    return emitOpError("expects its body to yield ") << getType();
  }
  // (C2)
  for (Operation &op : block.without_terminator()) {
    if (!isa<WeightRefOp, StreamableOpInterface>(op) &&
        !op.hasTrait<mlir::OpTrait::ConstantLike>()) {
      return op.emitOpError("expects a streamable op in a weight expression");
    }
  }
  return success();
}
