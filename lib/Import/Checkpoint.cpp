// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What all checkpoint readers share: stored types and located errors.

#include "qeff/Import/Checkpoint.h"
#include "qeff/Dialect/QEff/IR/BlockFormat.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/CheckedArithmetic.h"

using namespace qeff;

std::optional<BlockEncoding> qeff::getEncoding(StoredType type) {
  switch (type) {
  case StoredType::Q8_0:
    return BlockEncoding::Q8_0;
  case StoredType::Q4_0:
    return BlockEncoding::Q4_0;
  case StoredType::Q4_1:
    return BlockEncoding::Q4_1;
  default:
    return std::nullopt;
  }
}

std::optional<uint64_t> qeff::getStoredBytes(StoredType type,
                                             uint64_t elements) {
  if (std::optional<BlockEncoding> encoding = getEncoding(type)) {
    if (elements % kBlockLength != 0) {
      return std::nullopt;
    }
    return llvm::checkedMulUnsigned<uint64_t>(elements / kBlockLength,
                                              getBlockBytes(*encoding));
  }
  if (type == StoredType::Other) {
    return std::nullopt;
  }
  uint64_t size = type == StoredType::F32 ? 4 : 2;
  return llvm::checkedMulUnsigned(elements, size);
}

Location qeff::getFileLocation(MLIRContext *context, StringRef path) {
  return mlir::FileLineColLoc::get(context, path, 0, 0);
}

LogicalResult qeff::emitImportError(MLIRContext *context, StringRef path,
                                    llvm::Error error) {
  return mlir::emitError(getFileLocation(context, path))
         << llvm::toString(std::move(error));
}
