// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors, from messages and to messages.
#ifndef QEFF_LIB_ONNXFORMAT_TENSORS_H
#define QEFF_LIB_ONNXFORMAT_TENSORS_H

#include "Types.h"

namespace qeff::onnxir {

/// The type of `proto`, whose payload has a size that fits 64 bits (strings:
/// a count that does).
FailureOr<RankedTensorType>
decodeTensorType(MLIRContext *context, const qeff_onnx::TensorProto &proto,
                 EmitErrorFn emitError);

/// Whether `proto` has a payload in itself.
bool hasPayload(const qeff_onnx::TensorProto &proto);

/// Brings the payload that `proto` has in itself to raw_data, or checks that it
/// is there: complete, of the field that its type has, and in range. Strings
/// stay in string_data.
LogicalResult normalizePayload(RankedTensorType type,
                               qeff_onnx::TensorProto &proto,
                               EmitErrorFn emitError);

/// The value of a tensor with its payload in itself: dense elements or
/// `#onnxir.tensor`. What the value says is taken out of `proto`.
FailureOr<TypedAttr> decodeTensor(MLIRContext *context,
                                  qeff_onnx::TensorProto &proto,
                                  EmitErrorFn emitError);

/// Takes dims and element type out of `proto`, or puts them in.
void clearTensorType(qeff_onnx::TensorProto &proto);
LogicalResult encodeTensorType(RankedTensorType type,
                               qeff_onnx::TensorProto &proto,
                               EmitErrorFn emitError);

/// Adds dense elements or an `#onnxir.tensor` to `proto`.
LogicalResult encodeTensor(Attribute value, qeff_onnx::TensorProto &proto,
                           EmitErrorFn emitError);

} // namespace qeff::onnxir

#endif // QEFF_LIB_ONNXFORMAT_TENSORS_H
