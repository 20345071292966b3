// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types and value infos, from messages and to messages.

#include "Types.h"

#include "mlir/IR/TypeUtilities.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace qeff;
using namespace qeff::onnxir;
using Dimension = qeff_onnx::TensorShapeProto::Dimension;

std::string onnxir::quote(StringRef text) {
  constexpr size_t kMaxShown = 200;
  std::string result = "'";
  for (char c : text.take_front(kMaxShown)) {
    auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7f) {
      result += "\\x";
      result += llvm::hexdigit(byte >> 4);
      result += llvm::hexdigit(byte & 15);
    } else {
      result += c;
    }
  }
  return result + (text.size() > kMaxShown ? "…'" : "'");
}

//===----------------------------------------------------------------------===//
// Messages as bytes
//===----------------------------------------------------------------------===//

StringAttr
onnxir::serializeMessage(MLIRContext *context,
                         const google::protobuf::MessageLite &message) {
  std::string bytes = message.SerializePartialAsString();
  return bytes.empty() ? StringAttr() : StringAttr::get(context, bytes);
}

LogicalResult onnxir::parseMessage(StringAttr bytes,
                                   google::protobuf::MessageLite &message,
                                   EmitErrorFn emitError) {
  if (bytes && !message.ParseFromArray(bytes.data(),
                                       static_cast<int>(bytes.size()))) {
    return emitError() << "expects 'proto' to be a serialized message, got "
                       << bytes.size() << " other bytes";
  }
  return success();
}

ArrayAttr onnxir::decodeMetadata(
    MLIRContext *context, const google::protobuf::RepeatedPtrField<
                              qeff_onnx::StringStringEntryProto> &entries) {
  SmallVector<Attribute> texts;
  for (const qeff_onnx::StringStringEntryProto &entry : entries) {
    if (!entry.has_key() || !entry.has_value() ||
        !entry.unknown_fields().empty()) {
      return {};
    }
    texts.push_back(StringAttr::get(context, entry.key()));
    texts.push_back(StringAttr::get(context, entry.value()));
  }
  return ArrayAttr::get(context, texts);
}

void onnxir::encodeMetadata(ArrayAttr metadata,
                            google::protobuf::RepeatedPtrField<
                                qeff_onnx::StringStringEntryProto> &entries) {
  for (size_t i = 0; i + 1 < metadata.size(); i += 2) {
    auto key = dyn_cast<StringAttr>(metadata[i]);
    auto value = dyn_cast<StringAttr>(metadata[i + 1]);
    if (key && value) {
      qeff_onnx::StringStringEntryProto &entry = *entries.Add();
      entry.set_key(key.str());
      entry.set_value(value.str());
    }
  }
}

//===----------------------------------------------------------------------===//
// From messages
//===----------------------------------------------------------------------===//

/// The type of `proto`, and in `dims` an entry per axis.
template <typename TensorProto>
static FailureOr<Type> decodeTensor(MLIRContext *context,
                                    const TensorProto &proto,
                                    SmallVectorImpl<Attribute> &dims,
                                    EmitErrorFn emitError) {
  SmallVector<int64_t> shape;
  Builder builder(context);
  for (const Dimension &dim : proto.shape().dim()) {
    bool known = dim.has_dim_value() && dim.dim_value() != -1;
    if (known && dim.dim_value() < 0) {
      emitError() << "expects sizes >= 0 in its shape, got "
                  << dim.dim_value();
      return failure();
    }
    shape.push_back(known ? dim.dim_value() : ShapedType::kDynamic);
    if (known) {
      dims.push_back(builder.getI64IntegerAttr(dim.dim_value()));
    } else if (dim.has_dim_param()) {
      dims.push_back(builder.getStringAttr(dim.dim_param()));
    } else {
      dims.push_back(builder.getUnitAttr());
    }
  }
  Type element = getElementType(context, proto.elem_type());
  if (!element) {
    dims.clear();
    return Type(AnyType::get(context));
  }
  return proto.has_shape()
             ? Type(RankedTensorType::get(shape, element))
             : Type(mlir::UnrankedTensorType::get(element));
}

static FailureOr<Type> decodeType(MLIRContext *context,
                                  const qeff_onnx::TypeProto &proto,
                                  SmallVectorImpl<Attribute> &dims,
                                  EmitErrorFn emitError) {
  SmallVector<Attribute> inner;
  auto nested = [&](const qeff_onnx::TypeProto &element) {
    return decodeType(context, element, inner, emitError);
  };
  switch (proto.value_case()) {
  case qeff_onnx::TypeProto::kTensorType:
    return decodeTensor(context, proto.tensor_type(), dims, emitError);
  case qeff_onnx::TypeProto::kSparseTensorType: {
    FailureOr<Type> type =
        decodeTensor(context, proto.sparse_tensor_type(), inner, emitError);
    auto tensor = succeeded(type) ? dyn_cast<mlir::TensorType>(*type)
                                  : mlir::TensorType();
    return tensor ? FailureOr<Type>(SparseType::get(context, tensor)) : type;
  }
  case qeff_onnx::TypeProto::kSequenceType: {
    FailureOr<Type> type = nested(proto.sequence_type().elem_type());
    return failed(type) ? type
                        : FailureOr<Type>(SequenceType::get(context, *type));
  }
  case qeff_onnx::TypeProto::kOptionalType: {
    FailureOr<Type> type = nested(proto.optional_type().elem_type());
    return failed(type) ? type
                        : FailureOr<Type>(OptionalType::get(context, *type));
  }
  case qeff_onnx::TypeProto::kMapType: {
    FailureOr<Type> type = nested(proto.map_type().value_type());
    Type key = getElementType(context, proto.map_type().key_type());
    if (failed(type) || !key) {
      return failed(type) ? type : FailureOr<Type>(AnyType::get(context));
    }
    return Type(MapType::get(context, key, *type));
  }
  case qeff_onnx::TypeProto::VALUE_NOT_SET:
    break;
  }
  return Type(AnyType::get(context));
}

FailureOr<ValueInfoAttr>
onnxir::decodeValueInfo(MLIRContext *context,
                        const qeff_onnx::ValueInfoProto &proto,
                        EmitErrorFn emitError) {
  SmallVector<Attribute> dims;
  FailureOr<Type> type = decodeType(context, proto.type(), dims, emitError);
  if (failed(type)) {
    return failure();
  }
  ArrayAttr dimsAttr;
  if (!llvm::all_of(dims, llvm::IsaPred<IntegerAttr>)) {
    dimsAttr = ArrayAttr::get(context, dims);
  }
  auto name = StringAttr::get(context, proto.name());
  auto info = ValueInfoAttr::get(context, name, *type, dimsAttr, StringAttr());
  qeff_onnx::ValueInfoProto rebuilt;
  if (failed(encodeValueInfo(info, rebuilt, emitError))) {
    return failure();
  }
  std::string bytes = proto.SerializePartialAsString();
  if (rebuilt.SerializePartialAsString() == bytes) {
    return info;
  }
  return ValueInfoAttr::get(context, name, *type, dimsAttr,
                            StringAttr::get(context, bytes));
}

//===----------------------------------------------------------------------===//
// To messages
//===----------------------------------------------------------------------===//

template <typename TensorProto>
static LogicalResult encodeTensor(mlir::TensorType type, ArrayAttr dims,
                                  TensorProto &proto, EmitErrorFn emitError) {
  std::optional<int64_t> dataType = getDataType(type.getElementType());
  if (!dataType) {
    return emitError() << "expects an element type that ONNX has, got "
                       << type.getElementType();
  }
  proto.set_elem_type(static_cast<int32_t>(*dataType));
  if (!type.hasRank()) {
    return success();
  }
  qeff_onnx::TensorShapeProto &shape = *proto.mutable_shape();
  for (auto [axis, size] : llvm::enumerate(type.getShape())) {
    Dimension &dim = *shape.add_dim();
    StringAttr name;
    if (dims && axis < dims.size()) {
      name = dyn_cast<StringAttr>(dims[axis]);
    }
    if (!ShapedType::isDynamic(size)) {
      dim.set_dim_value(size);
    } else if (name) {
      dim.set_dim_param(name.str());
    }
  }
  return success();
}

LogicalResult onnxir::encodeType(Type type, ArrayAttr dims,
                                 qeff_onnx::TypeProto &proto,
                                 EmitErrorFn emitError) {
  return llvm::TypeSwitch<Type, LogicalResult>(type)
      .Case([&](AnyType) { return success(); })
      .Case([&](mlir::TensorType tensor) {
        return encodeTensor(tensor, dims, *proto.mutable_tensor_type(),
                            emitError);
      })
      .Case([&](SparseType sparse) {
        return encodeTensor(sparse.getTensorType(), dims,
                            *proto.mutable_sparse_tensor_type(), emitError);
      })
      .Case([&](SequenceType sequence) {
        return encodeType(sequence.getElementType(), {},
                          *proto.mutable_sequence_type()->mutable_elem_type(),
                          emitError);
      })
      .Case([&](OptionalType optional) {
        return encodeType(optional.getElementType(), {},
                          *proto.mutable_optional_type()->mutable_elem_type(),
                          emitError);
      })
      .Case([&](MapType map) -> LogicalResult {
        std::optional<int64_t> key = getDataType(map.getKeyType());
        if (!key) {
          return emitError() << "expects a key type that ONNX has, got "
                             << map.getKeyType();
        }
        proto.mutable_map_type()->set_key_type(static_cast<int32_t>(*key));
        return encodeType(map.getValueType(), {},
                          *proto.mutable_map_type()->mutable_value_type(),
                          emitError);
      })
      .Default([&](Type) -> LogicalResult {
        return emitError() << "expects a type that ONNX has, got " << type;
      });
}

LogicalResult onnxir::encodeValueInfo(ValueInfoAttr info,
                                      qeff_onnx::ValueInfoProto &proto,
                                      EmitErrorFn emitError) {
  if (info.getProto()) {
    return parseMessage(info.getProto(), proto, emitError);
  }
  proto.set_name(info.getName().str());
  if (!info.getType() || isa<AnyType>(info.getType())) {
    return success();
  }
  return encodeType(info.getType(), info.getDims(), *proto.mutable_type(),
                    emitError);
}

bool onnxir::areCompatible(Type a, Type b) {
  if (a == b || isa<AnyType>(a) || isa<AnyType>(b)) {
    return true;
  }
  if (a.getTypeID() != b.getTypeID() && !isa<mlir::TensorType>(a)) {
    return false;
  }
  if (auto sequence = dyn_cast<SequenceType>(a)) {
    return areCompatible(sequence.getElementType(),
                         cast<SequenceType>(b).getElementType());
  }
  if (auto optional = dyn_cast<OptionalType>(a)) {
    return areCompatible(optional.getElementType(),
                         cast<OptionalType>(b).getElementType());
  }
  if (auto map = dyn_cast<MapType>(a)) {
    return map.getKeyType() == cast<MapType>(b).getKeyType() &&
           areCompatible(map.getValueType(), cast<MapType>(b).getValueType());
  }
  if (auto sparse = dyn_cast<SparseType>(a)) {
    return areCompatible(sparse.getTensorType(),
                         cast<SparseType>(b).getTensorType());
  }
  auto first = dyn_cast<mlir::TensorType>(a);
  auto second = dyn_cast<mlir::TensorType>(b);
  if (!first || !second ||
      first.getElementType() != second.getElementType()) {
    return false;
  }
  return !first.hasRank() || !second.hasRank() ||
         succeeded(mlir::verifyCompatibleShape(a, b));
}
