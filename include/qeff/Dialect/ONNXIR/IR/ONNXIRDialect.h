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

/// The version that `imports` gives `domain`, or nothing.
std::optional<int64_t> lookupOpset(ArrayAttr imports, StringRef domain);

/// The ONNX kind of an attribute of a node, or nothing where `value` is no
/// encoding of one.
std::optional<AttrKind> getAttrKind(Attribute value);

/// TensorProto.DataType of an element type, or nothing where there is none.
std::optional<int64_t> getDataType(Type elementType);

} // namespace qeff::onnxir

#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIRDIALECT_H
