// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration, attributes, types and bytecode version of `onnxir`.

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"

#include "mlir/Bytecode/BytecodeImplementation.h"
#include "mlir/IR/DialectImplementation.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace qeff;
using namespace qeff::onnxir;

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.cpp.inc"
#include "qeff/Dialect/ONNXIR/IR/ONNXIREnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "qeff/Dialect/ONNXIR/IR/ONNXIRAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "qeff/Dialect/ONNXIR/IR/ONNXIRTypes.cpp.inc"

namespace {
struct ONNXIRVersion : mlir::DialectVersion {
  explicit ONNXIRVersion(uint64_t version) : version(version) {}
  uint64_t version;
};

/// Writes the dialect's version; attributes and types use their textual form.
struct ONNXIRBytecodeInterface : mlir::BytecodeDialectInterface {
  explicit ONNXIRBytecodeInterface(mlir::Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(mlir::DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(onnxir::kBytecodeVersion);
  }

  std::unique_ptr<mlir::DialectVersion>
  readVersion(mlir::DialectBytecodeReader &reader) const override {
    uint64_t version = 0;
    if (failed(reader.readVarInt(version))) {
      return nullptr;
    }
    if (version > onnxir::kBytecodeVersion) {
      reader.emitError() << "expects version " << onnxir::kBytecodeVersion
                         << " or older of the dialect 'onnxir', got "
                         << version;
      return nullptr;
    }
    return std::make_unique<ONNXIRVersion>(version);
  }
};
} // namespace

void ONNXIRDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "qeff/Dialect/ONNXIR/IR/ONNXIRAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "qeff/Dialect/ONNXIR/IR/ONNXIRTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "qeff/Dialect/ONNXIR/IR/ONNXIROps.cpp.inc"
      >();
  addInterfaces<ONNXIRBytecodeInterface>();
}

LogicalResult
OpsetAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                  StringAttr domain, int64_t version) {
  if (version < 1) {
    return emitError() << "expects a version of 1 or more for domain '"
                       << domain.getValue() << "', got " << version;
  }
  return success();
}

LogicalResult
ONNXIRDialect::verifyOperationAttribute(Operation *op,
                                        NamedAttribute attribute) {
  StringRef name = attribute.getName().getValue();
  Attribute value = attribute.getValue();
  if (name == kIRVersionAttr) {
    auto number = dyn_cast<IntegerAttr>(value);
    if (!number || !number.getType().isSignlessInteger(64) ||
        number.getInt() < 1) {
      return op->emitOpError() << "expects '" << name
                               << "' to be a positive i64, got " << value;
    }
  }
  if (name == kOpsetImportsAttr) {
    auto array = dyn_cast<ArrayAttr>(value);
    if (!array || !llvm::all_of(array, llvm::IsaPred<OpsetAttr>)) {
      return op->emitOpError() << "expects '" << name
                               << "' to be an array of #onnxir.opset, got "
                               << value;
    }
    llvm::StringSet<> seen;
    for (OpsetAttr opset : array.getAsRange<OpsetAttr>()) {
      if (!seen.insert(opset.getDomain().getValue()).second) {
        return op->emitOpError()
               << "expects one version per domain, got two of '"
               << opset.getDomain().getValue() << "'";
      }
    }
  }
  return success();
}

std::optional<int64_t> onnxir::lookupOpset(ArrayAttr imports,
                                           StringRef domain) {
  for (OpsetAttr opset : imports.getAsRange<OpsetAttr>()) {
    if (opset.getDomain().getValue() == domain) {
      return opset.getVersion();
    }
  }
  return std::nullopt;
}

std::optional<int64_t> onnxir::getDataType(Type elementType) {
  if (auto integer = dyn_cast<IntegerType>(elementType)) {
    bool isUnsigned = integer.isUnsigned();
    switch (integer.getWidth()) {
    case 1:
      return 9;
    case 8:
      return isUnsigned ? 2 : 3;
    case 16:
      return isUnsigned ? 4 : 5;
    case 32:
      return isUnsigned ? 12 : 6;
    case 64:
      return isUnsigned ? 13 : 7;
    default:
      return std::nullopt;
    }
  }
  return llvm::TypeSwitch<Type, std::optional<int64_t>>(elementType)
      .Case([](mlir::Float32Type) { return 1; })
      .Case([](mlir::Float16Type) { return 10; })
      .Case([](mlir::Float64Type) { return 11; })
      .Case([](mlir::BFloat16Type) { return 16; })
      .Default([](Type) { return std::nullopt; });
}
