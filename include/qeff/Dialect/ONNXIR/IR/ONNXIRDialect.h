// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `onnxir`, its attributes, types and ops.
#ifndef QEFF_DIALECT_ONNXIR_IR_ONNXIRDIALECT_H
#define QEFF_DIALECT_ONNXIR_IR_ONNXIRDIALECT_H

#include "qeff/Support/LLVM.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIREnums.h.inc"

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "qeff/Dialect/ONNXIR/IR/ONNXIRAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "qeff/Dialect/ONNXIR/IR/ONNXIRTypes.h.inc"

#define GET_OP_CLASSES
#include "qeff/Dialect/ONNXIR/IR/ONNXIROps.h.inc"

namespace qeff::onnxir {

/// Version of the dialect in bytecode.
inline constexpr uint64_t kBytecodeVersion = 1;

// Module attributes.
inline constexpr StringRef kIRVersionAttr = "onnxir.ir_version";
inline constexpr StringRef kOpsetImportsAttr = "onnxir.opset_imports";
inline constexpr StringRef kModelAttr = "onnxir.model";

/// What the dialect's description says of modules, functions, arguments and
/// results.
inline constexpr StringRef kProtoAttr = "onnxir.proto";
inline constexpr StringRef kGraphAttr = "onnxir.graph";

/// The version that `imports` gives `domain`, or nothing. "ai.onnx" is another
/// name of the default domain.
std::optional<int64_t> lookupOpset(ArrayAttr imports, StringRef domain);

/// The ONNX kind of an attribute of a node, or nothing where `value` is no
/// encoding of one.
std::optional<AttrKind> getAttrKind(Attribute value);

/// TensorProto.DataType of an element type, or nothing where there is none.
std::optional<int64_t> getDataType(Type elementType);

/// The element type of a TensorProto.DataType, or null where there is none.
Type getElementType(MLIRContext *context, int64_t dataType);

/// Bits that ONNX stores per element, or nothing for strings and types that it
/// has not. Elements of less than 8 bits are packed.
std::optional<int64_t> getElementBits(Type elementType);

/// Bytes of the payload of a static tensor, or nothing where that overflows or
/// the elements have no fixed size.
std::optional<int64_t> getPayloadBytes(ShapedType type);

/// The type in which a `qeff.weight` holds the payload of a tensor of `type`,
/// see `onnxir.weight`; null where it has none.
RankedTensorType getStorageType(RankedTensorType type);

/// The symbol of the model-local function `domain`, `name`, `overload`.
std::string getFunctionSymbol(StringRef domain, StringRef name,
                              StringRef overload);

} // namespace qeff::onnxir

#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIRDIALECT_H
