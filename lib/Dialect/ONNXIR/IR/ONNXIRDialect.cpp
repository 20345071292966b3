// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration, attributes, types and bytecode version of `onnxir`.

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"

#include "mlir/Bytecode/BytecodeImplementation.h"
#include "mlir/IR/DialectImplementation.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

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
  addOperators();
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
onnxir::TensorAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                           Type type, StringAttr data) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  std::optional<int64_t> bytes =
      tensor && tensor.hasStaticShape() ? getPayloadBytes(tensor)
                                        : std::nullopt;
  if (!bytes || *bytes != static_cast<int64_t>(data.size())) {
    return emitError() << "expects a static tensor of " << data.size()
                       << " bytes, got " << type;
  }
  return success();
}

LogicalResult
StoredAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                   Type type, FlatSymbolRefAttr weight) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !getStorageType(tensor)) {
    return emitError() << "expects a static tensor of numbers, got " << type;
  }
  return success();
}

LogicalResult
ValueInfoAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                      StringAttr name, Type type, ArrayAttr dims,
                      StringAttr proto) {
  if (!dims) {
    return success();
  }
  auto tensor = dyn_cast_if_present<RankedTensorType>(type);
  if (!tensor || tensor.getRank() != static_cast<int64_t>(dims.size())) {
    return emitError() << "expects a dim per axis, got " << dims;
  }
  for (auto [dim, size] : llvm::zip(dims, tensor.getShape())) {
    auto number = dyn_cast<IntegerAttr>(dim);
    bool fits = number ? number.getType().isSignlessInteger(64) &&
                             number.getInt() == size
                       : ShapedType::isDynamic(size) &&
                             isa<StringAttr, UnitAttr>(dim);
    if (!fits) {
      return emitError() << "expects dims that agree with " << type << ", got "
                         << dim;
    }
  }
  return success();
}

LogicalResult
GraphAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                  StringAttr name, ArrayAttr inputs, ArrayAttr outputs,
                  ArrayAttr valueInfo, StringAttr proto) {
  for (ArrayAttr infos : {inputs, outputs, valueInfo}) {
    if (infos && !llvm::all_of(infos, llvm::IsaPred<ValueInfoAttr>)) {
      return emitError() << "expects an array of #onnxir.value_info, got "
                         << infos;
    }
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
  if (name == kProtoAttr && !isa<StringAttr>(value)) {
    return op->emitOpError() << "expects '" << name << "' to be bytes, got "
                             << value;
  }
  if (name == kGraphAttr && !isa<GraphAttr>(value)) {
    return op->emitOpError() << "expects '" << name
                             << "' to be #onnxir.graph, got " << value;
  }
  if (name == kModelAttr && !isa<DictionaryAttr>(value)) {
    return op->emitOpError() << "expects '" << name
                             << "' to be a dictionary, got " << value;
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
  auto normalize = [](StringRef name) {
    return name == "ai.onnx" ? StringRef() : name;
  };
  for (OpsetAttr opset : imports.getAsRange<OpsetAttr>()) {
    if (normalize(opset.getDomain().getValue()) == normalize(domain)) {
      return opset.getVersion();
    }
  }
  return std::nullopt;
}

std::string onnxir::getFunctionSymbol(StringRef domain, StringRef name,
                                      StringRef overload) {
  std::string symbol = (domain + "::" + name).str();
  return overload.empty() ? symbol : symbol + ":" + overload.str();
}

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

std::optional<int64_t> onnxir::getDataType(Type elementType) {
  for (int64_t dataType = 1; dataType <= 26; ++dataType) {
    if (getElementType(elementType.getContext(), dataType) == elementType) {
      return dataType;
    }
  }
  return std::nullopt;
}

Type onnxir::getElementType(MLIRContext *context, int64_t dataType) {
  auto integer = [&](unsigned width, bool isUnsigned = false) -> Type {
    return IntegerType::get(context, width,
                            isUnsigned ? IntegerType::Unsigned
                                       : IntegerType::Signless);
  };
  // TensorProto.DataType, in its order.
  switch (dataType) {
  case 1: return mlir::Float32Type::get(context);
  case 2: return integer(8, /*isUnsigned=*/true);
  case 3: return integer(8);
  case 4: return integer(16, /*isUnsigned=*/true);
  case 5: return integer(16);
  case 6: return integer(32);
  case 7: return integer(64);
  case 8: return StringType::get(context);
  case 9: return integer(1);
  case 10: return mlir::Float16Type::get(context);
  case 11: return mlir::Float64Type::get(context);
  case 12: return integer(32, /*isUnsigned=*/true);
  case 13: return integer(64, /*isUnsigned=*/true);
  case 14: return mlir::ComplexType::get(mlir::Float32Type::get(context));
  case 15: return mlir::ComplexType::get(mlir::Float64Type::get(context));
  case 16: return mlir::BFloat16Type::get(context);
  case 17: return mlir::Float8E4M3FNType::get(context);
  case 18: return mlir::Float8E4M3FNUZType::get(context);
  case 19: return mlir::Float8E5M2Type::get(context);
  case 20: return mlir::Float8E5M2FNUZType::get(context);
  case 21: return integer(4, /*isUnsigned=*/true);
  case 22: return integer(4);
  case 23: return mlir::Float4E2M1FNType::get(context);
  case 24: return mlir::Float8E8M0FNUType::get(context);
  case 25: return integer(2, /*isUnsigned=*/true);
  case 26: return integer(2);
  default: return Type();
  }
}

std::optional<int64_t> onnxir::getElementBits(Type elementType) {
  if (auto complex = dyn_cast<mlir::ComplexType>(elementType)) {
    return 2 * complex.getElementType().getIntOrFloatBitWidth();
  }
  if (!getDataType(elementType) || !elementType.isIntOrFloat()) {
    return std::nullopt;
  }
  // A boolean takes a byte.
  return elementType.isInteger(1) ? 8 : elementType.getIntOrFloatBitWidth();
}

std::optional<int64_t> onnxir::getPayloadBytes(ShapedType type) {
  std::optional<int64_t> bits = getElementBits(type.getElementType());
  if (!bits) {
    return std::nullopt;
  }
  if (llvm::is_contained(type.getShape(), 0)) {
    return 0;
  }
  for (int64_t size : type.getShape()) {
    if (llvm::MulOverflow(*bits, size, *bits)) {
      return std::nullopt;
    }
  }
  return llvm::divideCeil(*bits, 8);
}

/// Most axes that weights are computed with.
static constexpr int64_t kMaxStoredRank = 16;

RankedTensorType onnxir::getStorageType(RankedTensorType type) {
  std::optional<int64_t> bytes =
      type.hasStaticShape() ? getPayloadBytes(type) : std::nullopt;
  if (!bytes) {
    return {};
  }
  Type element = type.getElementType();
  MLIRContext *context = type.getContext();
  if (!element.isIntOrFloat() || element.getIntOrFloatBitWidth() % 8 != 0 ||
      type.getRank() > kMaxStoredRank) {
    return RankedTensorType::get({*bytes}, IntegerType::get(context, 8));
  }
  if (element.isUnsignedInteger()) {
    return RankedTensorType::get(
        type.getShape(),
        IntegerType::get(context, element.getIntOrFloatBitWidth()));
  }
  return type;
}
