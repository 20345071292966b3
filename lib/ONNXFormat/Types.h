// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types and value infos, from messages and to messages.
#ifndef QEFF_LIB_ONNXFORMAT_TYPES_H
#define QEFF_LIB_ONNXFORMAT_TYPES_H

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"

#include "qeff_onnx.pb.h"

namespace qeff::onnxir {

/// Begins an error at the place that is read or written.
using EmitErrorFn = llvm::function_ref<InFlightDiagnostic()>;

/// `text` of a file for an error: between quotes, on one line, not too long.
std::string quote(StringRef text);

/// The info of a value. Its type is `!onnxir.any` where the message has none or
/// one that is unknown here; a size of -1 is dynamic. Fails at sizes below -1.
FailureOr<ValueInfoAttr>
decodeValueInfo(MLIRContext *context, const qeff_onnx::ValueInfoProto &proto,
                EmitErrorFn emitError);

/// The message of `info`: its `proto` where there is one that can be parsed and
/// names the value, else what name, type and dims say.
LogicalResult encodeValueInfo(ValueInfoAttr info,
                              qeff_onnx::ValueInfoProto &proto,
                              EmitErrorFn emitError);

/// The message of `type`; none for `!onnxir.any`. `dims` are as in
/// `#onnxir.value_info`, or null.
LogicalResult encodeType(Type type, ArrayAttr dims,
                         qeff_onnx::TypeProto &proto, EmitErrorFn emitError);

/// Whether a value of type `b` may be called one of type `a`: sizes and ranks
/// that are not known agree with any.
bool areCompatible(Type a, Type b);

/// A serialized message as an attribute, or null for an empty one.
StringAttr serializeMessage(MLIRContext *context,
                            const google::protobuf::MessageLite &message);

/// Parses bytes that `serializeMessage` made, or that stand in a module.
LogicalResult parseMessage(StringAttr bytes,
                           google::protobuf::MessageLite &message,
                           EmitErrorFn emitError);

/// Metadata as a list of keys and values in turn; null where the entries are
/// not just that.
ArrayAttr decodeMetadata(
    MLIRContext *context,
    const google::protobuf::RepeatedPtrField<
        qeff_onnx::StringStringEntryProto> &entries);

void encodeMetadata(ArrayAttr metadata,
                    google::protobuf::RepeatedPtrField<
                        qeff_onnx::StringStringEntryProto> &entries);

} // namespace qeff::onnxir

#endif // QEFF_LIB_ONNXFORMAT_TYPES_H
