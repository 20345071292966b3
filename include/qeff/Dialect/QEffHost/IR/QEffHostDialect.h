// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `qeff_host` and its attributes.
#ifndef QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTDIALECT_H
#define QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTDIALECT_H

#include "qeff/Support/LLVM.h"

#include "mlir/IR/Dialect.h"

#include "qeff/Dialect/QEffHost/IR/QEffHostEnums.h.inc"

#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "qeff/Dialect/QEffHost/IR/QEffHostAttrs.h.inc"

namespace qeff::host {

/// Version of the dialect in bytecode.
inline constexpr uint64_t kBytecodeVersion = 1;

/// Unit attribute of kernel functions.
inline constexpr StringRef kKernelAttr = "qeff_host.kernel";
/// Module attribute: the CPU that the kernels were made for.
inline constexpr StringRef kCPUAttr = "qeff_host.cpu";

/// Every offset and segment size is a multiple of this many bytes.
inline constexpr int64_t kAlignment = 64;
/// Slots per block of the layout `bhc_16dc`.
inline constexpr int64_t kSlotBlock = 16;
/// Rows side by side in a panel of a linear layer's weight.
inline constexpr int64_t kPanelWidth = 32;
/// Ranks of an adapter come in steps of this many.
inline constexpr int64_t kLoRARankStep = 8;
/// Bytes of an adapter target's header.
inline constexpr int64_t kAdapterHeaderBytes = 64;
/// The largest rank that an adapter segment may have room for.
inline constexpr int64_t kMaxAdapterRank = 65536;

/// `bytes` rounded up to a multiple of kAlignment.
inline int64_t alignBytes(int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// Bytes of a dense static tensor or memref, or nothing where the type is not
/// static, its elements are not whole bytes, or the size does not fit.
std::optional<int64_t> getDenseBytes(ShapedType type);

/// Bytes of a state in `layout`, padding included, or nothing where the type is
/// no static tensor that the layout can order, or the size does not fit.
std::optional<int64_t> getStateSize(RankedTensorType type, StateLayout layout);

/// Bytes of the A and of a part of the B of an adapter target that has room for
/// `capacity` ranks, or nothing where the size does not fit.
std::optional<int64_t> getAdapterABytes(int64_t capacity, int64_t in);
std::optional<int64_t> getAdapterPartBytes(int64_t capacity, int64_t size);

/// Size of weights.bin: the end of the last placement, aligned.
int64_t getWeightsBytes(ModuleOp module);
/// Size of one session's retained state: the end of the last state, aligned.
int64_t getStateBytes(ModuleOp module);
/// Size of the adapter segment: the end of the last part, aligned.
int64_t getAdapterBytes(ModuleOp module);

} // namespace qeff::host

#endif // QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTDIALECT_H
