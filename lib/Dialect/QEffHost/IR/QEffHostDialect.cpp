// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration, attributes and sizes of the dialect `qeff_host`.

#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"

#include "mlir/Bytecode/BytecodeImplementation.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectImplementation.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace qeff;
using namespace qeff::host;

#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.cpp.inc"
#include "qeff/Dialect/QEffHost/IR/QEffHostEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "qeff/Dialect/QEffHost/IR/QEffHostAttrs.cpp.inc"

namespace {
struct QEffHostVersion : mlir::DialectVersion {
  explicit QEffHostVersion(uint64_t version) : version(version) {}
  uint64_t version;
};

/// Writes the dialect's version; attributes use their textual form.
struct QEffHostBytecodeInterface : mlir::BytecodeDialectInterface {
  explicit QEffHostBytecodeInterface(mlir::Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(mlir::DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(host::kBytecodeVersion);
  }

  std::unique_ptr<mlir::DialectVersion>
  readVersion(mlir::DialectBytecodeReader &reader) const override {
    uint64_t version = 0;
    if (failed(reader.readVarInt(version))) {
      return nullptr;
    }
    if (version > host::kBytecodeVersion) {
      reader.emitError() << "expects version " << host::kBytecodeVersion
                         << " or older of the dialect 'qeff_host', got "
                         << version;
      return nullptr;
    }
    return std::make_unique<QEffHostVersion>(version);
  }
};
} // namespace

void QEffHostDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "qeff/Dialect/QEffHost/IR/QEffHostAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "qeff/Dialect/QEffHost/IR/QEffHostOps.cpp.inc"
      >();
  addInterfaces<QEffHostBytecodeInterface>();
}

LogicalResult
QEffHostDialect::verifyOperationAttribute(Operation *op,
                                          NamedAttribute attribute) {
  StringRef name = attribute.getName().getValue();
  if (name == kKernelAttr) {
    if (!isa<UnitAttr>(attribute.getValue()) || !isa<mlir::func::FuncOp>(op)) {
      return op->emitOpError() << "expects '" << name
                               << "' to be a unit attribute of a func.func";
    }
  }
  if (name == kCPUAttr && !isa<StringAttr>(attribute.getValue())) {
    return op->emitOpError() << "expects '" << name << "' to be a string, got "
                             << attribute.getValue();
  }
  return success();
}

LogicalResult IOAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                             StringAttr name, RankedTensorType type,
                             int64_t offset) {
  if (name.getValue().empty()) {
    return emitError() << "expects the name of an input or output, got an "
                          "empty one";
  }
  if (!getDenseBytes(type)) {
    return emitError() << "expects a static tensor of byte-sized elements, got "
                       << type;
  }
  return success();
}

int64_t IOAttr::getByteSize() const {
  return getDenseBytes(getType()).value_or(0);
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

std::optional<int64_t> host::getDenseBytes(ShapedType type) {
  if (!type.hasStaticShape() || !type.getElementType().isIntOrFloat()) {
    return std::nullopt;
  }
  // A boolean takes a byte.
  unsigned width = type.getElementTypeBitWidth();
  if (width != 1 && width % 8 != 0) {
    return std::nullopt;
  }
  std::optional<int64_t> bytes = llvm::divideCeil(width, 8);
  for (int64_t size : type.getShape()) {
    bytes = llvm::checkedMul<int64_t>(*bytes, size);
    if (!bytes) {
      return std::nullopt;
    }
  }
  // Room for rounding up to the alignment.
  if (*bytes > std::numeric_limits<int64_t>::max() - kAlignment) {
    return std::nullopt;
  }
  return bytes;
}

std::optional<int64_t> host::getStateSize(RankedTensorType type,
                                          StateLayout layout) {
  if (layout == StateLayout::SlotBlocks) {
    SmallVector<int64_t> shape(type.getShape());
    if (shape.size() != 4 || ShapedType::isDynamic(shape[2]) ||
        shape[2] > std::numeric_limits<int64_t>::max() - kSlotBlock) {
      return std::nullopt;
    }
    shape[2] = llvm::divideCeil(shape[2], kSlotBlock) * kSlotBlock;
    type = RankedTensorType::get(shape, type.getElementType());
  }
  return getDenseBytes(type);
}

std::optional<int64_t> host::getAdapterABytes(int64_t capacity, int64_t in) {
  std::optional<int64_t> bytes = llvm::checkedMul<int64_t>(capacity * 4, in);
  return bytes && *bytes <= std::numeric_limits<int64_t>::max() - kAlignment
             ? bytes
             : std::nullopt;
}

std::optional<int64_t> host::getAdapterPartBytes(int64_t capacity,
                                                 int64_t size) {
  return getAdapterABytes(
      capacity,
      static_cast<int64_t>(llvm::divideCeil(size, kPanelWidth)) * kPanelWidth);
}

int64_t host::getWeightsBytes(ModuleOp module) {
  int64_t bytes = 0;
  for (WeightsOp weights : module.getOps<WeightsOp>()) {
    for (PlaceOp place : weights.getOps<PlaceOp>()) {
      bytes = std::max(bytes, place.getOffset() + place.getByteSize());
    }
  }
  return alignBytes(bytes);
}

int64_t host::getStateBytes(ModuleOp module) {
  int64_t bytes = 0;
  for (StateOp state : module.getOps<StateOp>()) {
    bytes = std::max(bytes, state.getOffset() + state.getByteSize());
  }
  return alignBytes(bytes);
}

int64_t host::getAdapterBytes(ModuleOp module) {
  int64_t bytes = 0;
  for (AdapterBlockOp adapter : module.getOps<AdapterBlockOp>()) {
    int64_t capacity = adapter.getCapacity();
    auto extend = [&](int64_t offset, std::optional<int64_t> size) {
      bytes = std::max(bytes, offset + size.value_or(0));
    };
    for (AdapterTargetOp target : adapter.getOps<AdapterTargetOp>()) {
      extend(target.getHeader(), kAdapterHeaderBytes);
      extend(target.getA(), getAdapterABytes(capacity, target.getIn()));
      for (auto part : target.getParts().getAsRange<AdapterPartAttr>()) {
        extend(part.getOffset(), getAdapterPartBytes(capacity, part.getSize()));
      }
    }
  }
  return alignBytes(bytes);
}
