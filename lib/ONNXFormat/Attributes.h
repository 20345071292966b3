// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes of nodes, from messages and to messages.
//
// What the IR says of an attribute is taken out of its message; what is left is
// its stub: the name, and whatever the IR has no place for (a doc string, the
// name of a tensor). A `type` that is left says that the message had no value,
// which means zero or an empty one.
#ifndef QEFF_LIB_ONNXFORMAT_ATTRIBUTES_H
#define QEFF_LIB_ONNXFORMAT_ATTRIBUTES_H

#include "Types.h"

namespace qeff::onnxir {

/// Turns a tensor into an attribute and takes that out of the message.
using DecodeTensorFn = llvm::function_ref<FailureOr<Attribute>(
    qeff_onnx::TensorProto &, EmitErrorFn)>;

/// Adds a tensor's attribute to the message.
using EncodeTensorFn = llvm::function_ref<LogicalResult(
    Attribute, qeff_onnx::TensorProto &)>;

/// The value of an attribute that is no graph; `proto` becomes the stub.
FailureOr<Attribute> decodeAttribute(MLIRContext *context,
                                     qeff_onnx::AttributeProto &proto,
                                     DecodeTensorFn decodeTensor,
                                     EmitErrorFn emitError);

/// Adds `value` to the stub `proto`.
LogicalResult encodeAttribute(Attribute value,
                              qeff_onnx::AttributeProto &proto,
                              EncodeTensorFn encodeTensor,
                              EmitErrorFn emitError);

/// Whether the stub says no more than the attribute's name.
bool isPlainStub(const qeff_onnx::AttributeProto &proto);

} // namespace qeff::onnxir

#endif // QEFF_LIB_ONNXFORMAT_ATTRIBUTES_H
