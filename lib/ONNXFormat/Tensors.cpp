// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors, from messages and to messages.

#include "Tensors.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace qeff;
using namespace qeff::onnxir;
using qeff_onnx::TensorProto;

/// A constant inside the model; larger ones belong into the data file.
static constexpr int64_t kMaxConstantBytes = int64_t(64) << 20;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

FailureOr<RankedTensorType>
onnxir::decodeTensorType(MLIRContext *context, const TensorProto &proto,
                         EmitErrorFn emitError) {
  Type element = getElementType(context, proto.data_type());
  if (!element) {
    emitError() << "expects an element type that ONNX has, got data type "
                << proto.data_type();
    return failure();
  }
  int64_t count = llvm::is_contained(proto.dims(), 0) ? 0 : 1;
  bool overflows = false;
  for (int64_t size : proto.dims()) {
    if (size < 0) {
      emitError() << "expects sizes >= 0 in a tensor's dims, got " << size;
      return failure();
    }
    overflows |= llvm::MulOverflow(count, size, count);
  }
  if (overflows) {
    emitError() << "expects a tensor whose size fits 64 bits";
    return failure();
  }
  auto type = RankedTensorType::get(
      ArrayRef<int64_t>(proto.dims().data(), proto.dims_size()), element);
  if (!isa<onnxir::StringType>(element) && !getPayloadBytes(type)) {
    emitError() << "expects a tensor whose size fits 64 bits, got " << type;
    return failure();
  }
  return type;
}

void onnxir::clearTensorType(TensorProto &proto) {
  proto.clear_dims();
  proto.clear_data_type();
}

LogicalResult onnxir::encodeTensorType(RankedTensorType type,
                                       TensorProto &proto,
                                       EmitErrorFn emitError) {
  std::optional<int64_t> dataType = getDataType(type.getElementType());
  if (!dataType) {
    return emitError() << "expects an element type that ONNX has, got "
                       << type.getElementType();
  }
  proto.set_data_type(static_cast<int32_t>(*dataType));
  for (int64_t size : type.getShape()) {
    proto.add_dims(size);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Payloads
//===----------------------------------------------------------------------===//

namespace {
/// The fields that hold elements.
enum class Field { Raw, Float, Int32, Int64, Double, UInt64, String };
} // namespace

static StringRef stringifyField(Field field) {
  static const StringRef names[] = {"raw_data",    "float_data", "int32_data",
                                    "int64_data",  "double_data",
                                    "uint64_data", "string_data"};
  return names[static_cast<int>(field)];
}

static SmallVector<Field> getFields(const TensorProto &proto) {
  SmallVector<Field> fields;
  auto add = [&](bool isPresent, Field field) {
    if (isPresent) {
      fields.push_back(field);
    }
  };
  add(!proto.raw_data().empty(), Field::Raw);
  add(proto.float_data_size() > 0, Field::Float);
  add(proto.int32_data_size() > 0, Field::Int32);
  add(proto.int64_data_size() > 0, Field::Int64);
  add(proto.double_data_size() > 0, Field::Double);
  add(proto.uint64_data_size() > 0, Field::UInt64);
  add(proto.string_data_size() > 0, Field::String);
  return fields;
}

bool onnxir::hasPayload(const TensorProto &proto) {
  return !getFields(proto).empty();
}

/// The field that elements of a type are in where they are not raw.
static Field getTypedField(Type element) {
  if (isa<onnxir::StringType>(element)) {
    return Field::String;
  }
  Type part = element;
  if (auto complex = dyn_cast<mlir::ComplexType>(element)) {
    part = complex.getElementType();
  }
  if (part.isF32() || part.isF64()) {
    return part.isF32() ? Field::Float : Field::Double;
  }
  if (element.isInteger(64) && !element.isUnsignedInteger()) {
    return Field::Int64;
  }
  if (element.isUnsignedInteger(32) || element.isUnsignedInteger(64)) {
    return Field::UInt64;
  }
  return Field::Int32;
}

/// Appends the low `bytes` bytes of `value`, little-endian.
static void appendLittle(std::string &out, uint64_t value, int64_t bytes) {
  char buffer[8];
  llvm::support::endian::write64le(buffer, value);
  out.append(buffer, bytes);
}

/// Appends integers of `bits` bits each; fails at one that is out of range.
template <typename Values>
static LogicalResult appendIntegers(std::string &out, const Values &values,
                                    unsigned bits, bool isSigned,
                                    EmitErrorFn emitError) {
  for (auto value : values) {
    auto wide = static_cast<int64_t>(value);
    bool fits = bits == 64 || (isSigned ? llvm::isIntN(bits, wide)
                                        : llvm::isUIntN(bits, value));
    if (!fits) {
      return emitError() << "expects elements of " << bits << " bits, got "
                         << wide;
    }
    appendLittle(out, static_cast<uint64_t>(wide), bits / 8);
  }
  return success();
}

template <typename Values>
static void appendFloats(std::string &out, const Values &values) {
  out.append(reinterpret_cast<const char *>(values.data()),
             values.size() * sizeof(*values.data()));
}

/// The elements of the typed `field` as raw bytes.
static LogicalResult makeRaw(RankedTensorType type, Field field,
                             const TensorProto &proto, std::string &raw,
                             EmitErrorFn emitError) {
  Type element = type.getElementType();
  switch (field) {
  case Field::Float:
    appendFloats(raw, proto.float_data());
    return success();
  case Field::Double:
    appendFloats(raw, proto.double_data());
    return success();
  case Field::Int64:
    return appendIntegers(raw, proto.int64_data(), 64, true, emitError);
  case Field::UInt64:
    return appendIntegers(raw, proto.uint64_data(),
                          element.getIntOrFloatBitWidth(), false, emitError);
  case Field::Int32: {
    // Elements of less than a byte come packed, a byte per number.
    unsigned bits = std::max<int64_t>(*getElementBits(element), 8);
    bool isSigned = element.isSignlessInteger() &&
                    element.getIntOrFloatBitWidth() >= 8;
    return appendIntegers(raw, proto.int32_data(), bits, isSigned, emitError);
  }
  case Field::Raw:
  case Field::String:
    break;
  }
  return success();
}

LogicalResult onnxir::normalizePayload(RankedTensorType type,
                                       TensorProto &proto,
                                       EmitErrorFn emitError) {
  Field typed = getTypedField(type.getElementType());
  SmallVector<Field> fields = getFields(proto);
  if (fields.size() > 1) {
    return emitError() << "expects a tensor's elements in one field, got "
                       << stringifyField(fields[0]) << " and "
                       << stringifyField(fields[1]);
  }
  bool isString = typed == Field::String;
  if (!fields.empty() && fields.front() != typed &&
      (isString || fields.front() != Field::Raw)) {
    return emitError() << "expects elements of type " << type.getElementType()
                       << " in " << stringifyField(typed) << ", got "
                       << stringifyField(fields.front());
  }
  if (isString) {
    int64_t count = llvm::is_contained(type.getShape(), 0)
                        ? 0
                        : type.getNumElements();
    if (proto.string_data_size() != count) {
      return emitError() << "expects " << count << " strings, got "
                         << proto.string_data_size();
    }
    return success();
  }
  if (!fields.empty() && fields.front() != Field::Raw) {
    std::string raw;
    if (failed(makeRaw(type, typed, proto, raw, emitError))) {
      return failure();
    }
    proto.clear_float_data();
    proto.clear_int32_data();
    proto.clear_int64_data();
    proto.clear_double_data();
    proto.clear_uint64_data();
    proto.set_raw_data(std::move(raw));
  }
  std::optional<int64_t> bytes = getPayloadBytes(type);
  if (static_cast<int64_t>(proto.raw_data().size()) != bytes) {
    return emitError() << "expects " << bytes.value_or(0)
                       << " bytes of elements for " << type << ", got "
                       << proto.raw_data().size();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static TypedAttr makeStrings(RankedTensorType type, const TensorProto &proto) {
  SmallVector<StringRef> texts;
  for (const std::string &text : proto.string_data()) {
    texts.push_back(text);
  }
  return mlir::DenseStringElementsAttr::get(type, texts);
}

/// The attribute that holds `bytes`, the payload of `type`, exactly.
static TypedAttr makeValue(RankedTensorType type, const std::string &bytes) {
  Type element = type.getElementType();
  bool isWhole = isa<mlir::ComplexType>(element) ||
                 element.getIntOrFloatBitWidth() % 8 == 0;
  if (element.isInteger(1) &&
      llvm::all_of(bytes, [](char byte) { return byte == 0 || byte == 1; })) {
    SmallVector<bool> bits(llvm::map_range(
        bytes, [](char byte) { return byte != 0; }));
    return DenseElementsAttr::get(type, ArrayRef<bool>(bits));
  }
  if (!isWhole || bytes.empty()) {
    return onnxir::TensorAttr::get(
        type.getContext(), type, StringAttr::get(type.getContext(), bytes));
  }
  return DenseElementsAttr::getFromRawBuffer(
      type, ArrayRef<char>(bytes.data(), bytes.size()));
}

FailureOr<TypedAttr> onnxir::decodeTensor(MLIRContext *context,
                                          TensorProto &proto,
                                          EmitErrorFn emitError) {
  FailureOr<RankedTensorType> type =
      decodeTensorType(context, proto, emitError);
  if (failed(type) || failed(normalizePayload(*type, proto, emitError))) {
    return failure();
  }
  bool isString = isa<onnxir::StringType>(type->getElementType());
  TypedAttr value = isString ? makeStrings(*type, proto)
                             : makeValue(*type, proto.raw_data());
  if (!proto.raw_data().empty()) {
    proto.clear_raw_data();
  }
  proto.clear_string_data();
  clearTensorType(proto);
  return value;
}

/// The bytes of dense elements as ONNX stores them.
static void appendDense(mlir::DenseIntOrFPElementsAttr dense,
                        std::string &raw) {
  if (dense.getElementType().isInteger(1)) {
    for (bool bit : dense.getValues<bool>()) {
      raw.push_back(bit ? 1 : 0);
    }
    return;
  }
  ArrayRef<char> data = dense.getRawData();
  int64_t copies = dense.isSplat() ? dense.getNumElements() : 1;
  for (int64_t i = 0; i < copies; ++i) {
    raw.append(data.data(), data.size());
  }
}

LogicalResult onnxir::encodeTensor(Attribute value, TensorProto &proto,
                                   EmitErrorFn emitError) {
  auto typed = dyn_cast<TypedAttr>(value);
  auto type = typed ? dyn_cast<RankedTensorType>(typed.getType())
                    : RankedTensorType();
  if (!type) {
    return emitError() << "expects a tensor, got " << value;
  }
  if (failed(encodeTensorType(type, proto, emitError))) {
    return failure();
  }
  if (auto strings = dyn_cast<mlir::DenseStringElementsAttr>(value)) {
    for (StringRef text : strings.getValues<StringRef>()) {
      proto.add_string_data(text.str());
    }
    return success();
  }
  std::optional<int64_t> bytes = getPayloadBytes(type);
  if (!bytes || *bytes > kMaxConstantBytes) {
    return emitError() << "expects a constant of at most " << kMaxConstantBytes
                       << " bytes, got " << type;
  }
  if (auto tensor = dyn_cast<onnxir::TensorAttr>(value)) {
    if (*bytes > 0) {
      proto.set_raw_data(tensor.getData().str());
    }
    return success();
  }
  auto dense = dyn_cast<mlir::DenseIntOrFPElementsAttr>(value);
  if (!dense || *getElementBits(type.getElementType()) % 8 != 0) {
    return emitError() << "expects dense numbers of whole bytes, got " << value;
  }
  if (*bytes > 0) {
    appendDense(dense, *proto.mutable_raw_data());
  }
  return success();
}
