// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors of an ONNX model that stay in their files.

#include "Payloads.h"

#include "Tensors.h"
#include "Wire.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace qeff;
using namespace qeff::onnxir;
using qeff_onnx::TensorProto;

/// Most files that a model may name.
static constexpr size_t kMaxFiles = 1 << 16;

std::string SymbolNames::takeLike(StringRef wanted) {
  std::string name = wanted.empty() ? "unnamed" : wanted.str();
  std::string base = name;
  while (!take(name)) {
    name = base + "_" + std::to_string(++counters[base]);
  }
  return name;
}

bool Payloads::isStored(const TensorProto &proto) {
  return proto.data_location() == TensorProto::EXTERNAL ||
         llvm::any_of(proto.external_data(), [](const auto &entry) {
           return entry.key() == wire::kPayloadKey;
         });
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

Payloads::File Payloads::addFile(StringRef name, uint64_t size) {
  std::string symbol =
      symbols.takeLike(llvm::sys::path::filename(name));
  FileOp::create(builder, builder.getUnknownLoc(),
                 builder.getStringAttr(symbol),
                 builder.getStringAttr("private"), builder.getStringAttr(name),
                 builder.getStringAttr("model"),
                 builder.getI64IntegerAttr(static_cast<int64_t>(size)),
                 builder.getI64IntegerAttr(0), StringAttr());
  return {FlatSymbolRefAttr::get(builder.getContext(), symbol), size};
}

/// Whether `location` stays inside the model's folder. A link that the user
/// placed there may point anywhere.
static bool isInside(StringRef location) {
  if (location.empty() || location.contains('\0') ||
      location.contains('\\') || llvm::sys::path::is_absolute(location)) {
    return false;
  }
  return llvm::none_of(
      llvm::make_range(llvm::sys::path::begin(location),
                       llvm::sys::path::end(location)),
      [](StringRef part) { return part == ".."; });
}

LogicalResult Payloads::openFile(StringRef location, EmitErrorFn emitError) {
  if (opened && openedLocation == location) {
    return success();
  }
  if (!isInside(location)) {
    emitError() << "expects external data inside the model's folder, got "
                << quote(location);
    return failure();
  }
  if (files.size() >= kMaxFiles) {
    emitError() << "expects at most " << kMaxFiles
                << " files of external data";
    return failure();
  }
  SmallString<256> place(llvm::sys::path::parent_path(path));
  llvm::sys::path::append(place, location);
  llvm::Expected<InputFile> file = InputFile::open(place);
  if (!file) {
    emitError() << "external data " << quote(location) << ": "
                << llvm::toString(file.takeError());
    return failure();
  }
  opened.emplace(std::move(*file));
  openedLocation = location.str();
  return success();
}

FailureOr<Payloads::File> Payloads::getFile(StringRef location,
                                            EmitErrorFn emitError) {
  auto known = files.find(location);
  if (known != files.end()) {
    return known->second;
  }
  if (failed(openFile(location, emitError))) {
    return failure();
  }
  File file = addFile(location, opened->getSize());
  files.try_emplace(location, file);
  return file;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// The payload that was cut out of `proto`.
FailureOr<Payloads::Range>
Payloads::takeEmbedded(RankedTensorType type, TensorProto &proto,
                       EmitErrorFn emitError) {
  auto entry = llvm::find_if(proto.external_data(), [](const auto &each) {
    return each.key() == wire::kPayloadKey;
  });
  uint64_t index = 0;
  if (StringRef(entry->value()).getAsInteger(10, index) ||
      index >= payloads.size()) {
    emitError() << "expects one of " << payloads.size() << " payloads, got "
                << quote(entry->value());
    return failure();
  }
  proto.mutable_external_data()->erase(entry);
  const Payload &payload = payloads[index];
  Type part = type.getElementType();
  if (auto complex = dyn_cast<mlir::ComplexType>(part)) {
    part = complex.getElementType();
  }
  bool isFloat = payload.field == wire::kFloatData;
  bool isDouble = payload.field == wire::kDoubleData;
  if ((isFloat && !part.isF32()) || (isDouble && !part.isF64())) {
    emitError() << "expects elements of type " << type.getElementType()
                << " in another field than "
                << (isFloat ? "float_data" : "double_data");
    return failure();
  }
  if (!modelFile) {
    modelFile = addFile(llvm::sys::path::filename(path), fileSize);
  }
  return Range{*modelFile, payload.offset, payload.size, ""};
}

/// The payload that external_data tells of.
FailureOr<Payloads::Range> Payloads::takeExternal(TensorProto &proto,
                                                  EmitErrorFn emitError) {
  Range range;
  std::string location;
  google::protobuf::RepeatedPtrField<qeff_onnx::StringStringEntryProto> rest;
  for (qeff_onnx::StringStringEntryProto &entry :
       *proto.mutable_external_data()) {
    StringRef value = entry.value();
    if (entry.key() == "location") {
      location = value.str();
      continue;
    }
    if (entry.key() != "offset" && entry.key() != "length") {
      rest.Add()->Swap(&entry);
      continue;
    }
    uint64_t number = 0;
    if (value.getAsInteger(10, number) || number > INT64_MAX) {
      emitError() << "expects the " << entry.key()
                  << " of external data in bytes, got " << quote(value);
      return failure();
    }
    if (entry.key() == "offset") {
      range.offset = number;
    } else {
      range.size = number;
    }
  }
  proto.mutable_external_data()->Swap(&rest);
  proto.clear_data_location();
  FailureOr<File> file = getFile(location, emitError);
  if (failed(file)) {
    return failure();
  }
  range.file = *file;
  range.location = std::move(location);
  return range;
}

FlatSymbolRefAttr Payloads::addWeight(StringRef name, const Range &range,
                                      RankedTensorType storage) {
  std::string symbol = symbols.takeLike(name);
  qeff::WeightOp::create(
      builder, builder.getUnknownLoc(), builder.getStringAttr(symbol),
      builder.getStringAttr("private"), range.file.symbol,
      builder.getI64IntegerAttr(static_cast<int64_t>(range.offset)),
      BlockEncodingAttr(), StringAttr(), mlir::TypeAttr::get(storage));
  return FlatSymbolRefAttr::get(builder.getContext(), symbol);
}

LogicalResult Payloads::checkRange(const Range &range, uint64_t bytes,
                                   RankedTensorType type,
                                   EmitErrorFn emitError) {
  if (range.size.value_or(bytes) != bytes) {
    return emitError() << "expects " << bytes << " bytes of elements for "
                       << type << ", got " << *range.size;
  }
  if (range.offset > range.file.size ||
      bytes > range.file.size - range.offset) {
    return emitError() << "expects " << bytes << " bytes at offset "
                       << range.offset << ", got a file of "
                       << range.file.size << " bytes";
  }
  return success();
}

LogicalResult Payloads::embedSmall(TensorProto &proto, EmitErrorFn emitError) {
  if (proto.data_location() != TensorProto::EXTERNAL || hasPayload(proto)) {
    return success();
  }
  FailureOr<RankedTensorType> type =
      decodeTensorType(builder.getContext(), proto, emitError);
  if (failed(type)) {
    return failure();
  }
  std::optional<int64_t> bytes = getPayloadBytes(*type);
  if (!getStorageType(*type) || !bytes ||
      *bytes > static_cast<int64_t>(kMaxInlineBytes)) {
    return success();
  }
  FailureOr<Range> range = takeExternal(proto, emitError);
  auto size = static_cast<uint64_t>(*bytes);
  if (failed(range) || failed(checkRange(*range, size, *type, emitError))) {
    return failure();
  }
  if (failed(openFile(range->location, emitError))) {
    return failure();
  }
  llvm::Expected<std::string> data = opened->readString(range->offset, size);
  if (!data) {
    return emitError() << "external data: " << llvm::toString(data.takeError());
  }
  proto.set_raw_data(*data);
  return success();
}

FailureOr<onnxir::StoredTensor> Payloads::declare(TensorProto &proto,
                                                  EmitErrorFn emitError) {
  FailureOr<RankedTensorType> type =
      decodeTensorType(builder.getContext(), proto, emitError);
  if (failed(type)) {
    return failure();
  }
  RankedTensorType storage = getStorageType(*type);
  if (!storage || hasPayload(proto)) {
    emitError() << (storage ? "expects a tensor's elements in one place"
                            : "expects strings in string_data");
    return failure();
  }
  bool isExternal = proto.data_location() == TensorProto::EXTERNAL;
  FailureOr<Range> range = isExternal ? takeExternal(proto, emitError)
                                      : takeEmbedded(*type, proto, emitError);
  if (failed(range)) {
    return failure();
  }
  if (isStored(proto)) {
    return emitError() << "expects a tensor's elements in one place";
  }
  uint64_t bytes = static_cast<uint64_t>(*getPayloadBytes(*type));
  if (failed(checkRange(*range, bytes, *type, emitError))) {
    return failure();
  }
  clearTensorType(proto);
  return onnxir::StoredTensor{*type, addWeight(proto.name(), *range, storage),
                              !isExternal};
}
