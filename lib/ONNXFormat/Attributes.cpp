// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes of nodes, from messages and to messages.

#include "Attributes.h"

using namespace qeff;
using namespace qeff::onnxir;
using qeff_onnx::AttributeProto;

bool onnxir::isPlainStub(const AttributeProto &proto) {
  AttributeProto plain;
  plain.set_name(proto.name());
  return plain.ByteSizeLong() == proto.ByteSizeLong();
}

//===----------------------------------------------------------------------===//
// From messages
//===----------------------------------------------------------------------===//

/// Tensors and their stubs; stubs that are all empty are dropped.
static FailureOr<Attribute> decodeTensors(MLIRContext *context,
                                          AttributeProto &proto,
                                          DecodeTensorFn decodeTensor,
                                          EmitErrorFn emitError) {
  SmallVector<Attribute> tensors;
  bool isPlain = true;
  for (qeff_onnx::TensorProto &tensor : *proto.mutable_tensors()) {
    FailureOr<Attribute> value = decodeTensor(tensor, emitError);
    if (failed(value)) {
      return failure();
    }
    tensors.push_back(*value);
    isPlain &= tensor.ByteSizeLong() == 0;
  }
  if (isPlain) {
    proto.clear_tensors();
  }
  return Attribute(ArrayAttr::get(context, tensors));
}

/// An attribute of a kind that has no encoding of its own.
static Attribute decodeMessage(MLIRContext *context, AttributeProto &proto,
                               AttrKind kind) {
  std::string name = proto.name();
  proto.clear_name();
  auto data = StringAttr::get(context, proto.SerializePartialAsString());
  proto.Clear();
  proto.set_name(name);
  return MessageAttr::get(context, kind, data);
}

FailureOr<Attribute> onnxir::decodeAttribute(MLIRContext *context,
                                             AttributeProto &proto,
                                             DecodeTensorFn decodeTensor,
                                             EmitErrorFn emitError) {
  Builder builder(context);
  std::optional<AttrKind> kind = symbolizeAttrKind(proto.type());
  if (!kind) {
    emitError() << "expects a type that ONNX has, got " << proto.type();
    return failure();
  }
  if (!proto.ref_attr_name().empty()) {
    auto name = builder.getStringAttr(proto.ref_attr_name());
    proto.clear_ref_attr_name();
    proto.clear_type();
    return Attribute(RefAttr::get(context, name, *kind));
  }
  // The type stays where there is no value.
  auto take = [&](bool isPresent, Attribute value,
                  void (AttributeProto::*clear)()) -> Attribute {
    if (isPresent) {
      (proto.*clear)();
      proto.clear_type();
    }
    return value;
  };
  switch (*kind) {
  case AttrKind::Float:
    return take(proto.has_f(), builder.getF32FloatAttr(proto.f()),
                &AttributeProto::clear_f);
  case AttrKind::Int:
    return take(proto.has_i(), builder.getI64IntegerAttr(proto.i()),
                &AttributeProto::clear_i);
  case AttrKind::String:
    return take(proto.has_s(), builder.getStringAttr(proto.s()),
                &AttributeProto::clear_s);
  case AttrKind::Tensor: {
    if (!proto.has_t()) {
      emitError() << "expects a tensor, got none";
      return failure();
    }
    FailureOr<Attribute> value = decodeTensor(*proto.mutable_t(), emitError);
    if (proto.t().ByteSizeLong() == 0) {
      proto.clear_t();
    }
    proto.clear_type();
    return value;
  }
  case AttrKind::Floats:
    return take(proto.floats_size() > 0,
                builder.getDenseF32ArrayAttr(ArrayRef<float>(
                    proto.floats().data(), proto.floats_size())),
                &AttributeProto::clear_floats);
  case AttrKind::Ints:
    return take(proto.ints_size() > 0,
                builder.getDenseI64ArrayAttr(ArrayRef<int64_t>(
                    proto.ints().data(), proto.ints_size())),
                &AttributeProto::clear_ints);
  case AttrKind::Strings: {
    SmallVector<Attribute> texts;
    for (const std::string &text : proto.strings()) {
      texts.push_back(builder.getStringAttr(text));
    }
    return take(!texts.empty(), builder.getArrayAttr(texts),
                &AttributeProto::clear_strings);
  }
  case AttrKind::Tensors: {
    if (proto.tensors_size() > 0) {
      proto.clear_type();
    }
    return decodeTensors(context, proto, decodeTensor, emitError);
  }
  case AttrKind::SparseTensor:
  case AttrKind::SparseTensors:
  case AttrKind::TypeProto:
  case AttrKind::TypeProtos:
    return decodeMessage(context, proto, *kind);
  case AttrKind::Graph:
  case AttrKind::Graphs:
    break;
  }
  emitError() << "expects no graph here";
  return failure();
}

//===----------------------------------------------------------------------===//
// To messages
//===----------------------------------------------------------------------===//

/// Whether `value` is what a message of kind `kind` without a value means.
static bool isDefault(Attribute value, AttrKind kind) {
  if (auto number = dyn_cast<FloatAttr>(value)) {
    return kind == AttrKind::Float && number.getValue().isPosZero();
  }
  if (auto number = dyn_cast<IntegerAttr>(value)) {
    return kind == AttrKind::Int && number.getValue().isZero();
  }
  if (auto text = dyn_cast<StringAttr>(value)) {
    return kind == AttrKind::String && text.empty();
  }
  if (auto array = dyn_cast<mlir::DenseArrayAttr>(value)) {
    return array.empty() && (kind == AttrKind::Floats ||
                             kind == AttrKind::Ints) &&
           getAttrKind(value) == kind;
  }
  auto array = dyn_cast<ArrayAttr>(value);
  return array && array.empty() &&
         (kind == AttrKind::Strings || kind == AttrKind::Tensors);
}

static LogicalResult encodeTensors(ArrayAttr tensors, AttributeProto &proto,
                                   EncodeTensorFn encodeTensor) {
  if (proto.tensors_size() != static_cast<int>(tensors.size())) {
    proto.clear_tensors();
  }
  bool hasStubs = proto.tensors_size() > 0;
  for (auto [i, tensor] : llvm::enumerate(tensors)) {
    if (failed(encodeTensor(tensor, hasStubs ? *proto.mutable_tensors(i)
                                             : *proto.add_tensors()))) {
      return failure();
    }
  }
  return success();
}

LogicalResult onnxir::encodeAttribute(Attribute value, AttributeProto &proto,
                                      EncodeTensorFn encodeTensor,
                                      EmitErrorFn emitError) {
  std::optional<AttrKind> kind = getAttrKind(value);
  if (!kind) {
    return emitError() << "expects an ONNX encoding, got " << value;
  }
  if (proto.has_type() &&
      isDefault(value, static_cast<AttrKind>(proto.type()))) {
    return success();
  }
  proto.set_type(static_cast<AttributeProto::AttributeType>(*kind));
  if (auto ref = dyn_cast<RefAttr>(value)) {
    proto.set_ref_attr_name(ref.getName().str());
    return success();
  }
  switch (*kind) {
  case AttrKind::Float:
    proto.set_f(cast<FloatAttr>(value).getValue().convertToFloat());
    return success();
  case AttrKind::Int:
    proto.set_i(cast<IntegerAttr>(value).getInt());
    return success();
  case AttrKind::String:
    proto.set_s(cast<StringAttr>(value).str());
    return success();
  case AttrKind::Tensor:
    return encodeTensor(value, *proto.mutable_t());
  case AttrKind::Floats:
    for (float number : cast<mlir::DenseF32ArrayAttr>(value).asArrayRef()) {
      proto.add_floats(number);
    }
    return success();
  case AttrKind::Ints:
    for (int64_t number : cast<DenseI64ArrayAttr>(value).asArrayRef()) {
      proto.add_ints(number);
    }
    return success();
  case AttrKind::Strings:
    for (auto text : cast<ArrayAttr>(value).getAsRange<StringAttr>()) {
      proto.add_strings(text.str());
    }
    return success();
  case AttrKind::Tensors:
    return encodeTensors(cast<ArrayAttr>(value), proto, encodeTensor);
  case AttrKind::SparseTensor:
  case AttrKind::SparseTensors:
  case AttrKind::TypeProto:
  case AttrKind::TypeProtos: {
    AttributeProto message;
    if (failed(parseMessage(cast<MessageAttr>(value).getData(), message,
                            emitError))) {
      return failure();
    }
    proto.MergeFrom(message);
    return success();
  }
  case AttrKind::Graph:
  case AttrKind::Graphs:
    break;
  }
  return emitError() << "expects subgraphs as regions, got " << value;
}
