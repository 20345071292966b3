// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes and tensors of a model.

#include "ModelBuilder.h"

#include "Attributes.h"
#include "Tensors.h"
#include "Wire.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace qeff;
using namespace qeff::onnxir;

// Large tensors begin on a page, so that a reader can map them.
static constexpr int64_t kPage = 4096;
static constexpr int64_t kAlignment = 64;

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

void ModelBuilder::embed(WeightPlacement payload, RankedTensorType type,
                         qeff_onnx::TensorProto &proto) {
  uint64_t size = *getPayloadBytes(type);
  proto.add_external_data()->ParseFromString(
      wire::makePayloadEntry(embedded.size()));
  embedded.push_back({std::move(payload), 0, size});
}

/// Places a payload in the data file.
LogicalResult ModelBuilder::placeOutside(Operation *op, WeightPlacement payload,
                                         RankedTensorType type,
                                         qeff_onnx::TensorProto &proto) {
  int64_t bytes = *getPayloadBytes(type);
  int64_t offset = static_cast<int64_t>(
      llvm::alignTo(result.dataSize, bytes >= kPage ? kPage : kAlignment));
  if (llvm::AddOverflow(offset, bytes, result.dataSize)) {
    return op->emitOpError() << "expects weights whose sum fits, got " << type;
  }
  payload.offset = offset;
  result.weights.push_back(std::move(payload));
  proto.set_data_location(qeff_onnx::TensorProto::EXTERNAL);
  auto add = [&](const char *key, std::string text) {
    qeff_onnx::StringStringEntryProto &entry = *proto.add_external_data();
    entry.set_key(key);
    entry.set_value(std::move(text));
  };
  add("location", dataFileName.str());
  add("offset", std::to_string(offset));
  add("length", std::to_string(bytes));
  return success();
}

LogicalResult ModelBuilder::buildTensor(Operation *op, Attribute value,
                                        qeff_onnx::TensorProto &proto) {
  auto emitError = [&] { return op->emitOpError(); };
  bool isExternal =
      proto.data_location() == qeff_onnx::TensorProto::EXTERNAL;
  auto stored = dyn_cast<StoredAttr>(value);
  if (!stored) {
    if (isExternal) {
      proto.clear_data_location();
    }
    return encodeTensor(value, proto, emitError);
  }
  auto type = cast<RankedTensorType>(stored.getType());
  auto weight = SymbolTable::lookupNearestSymbolFrom<qeff::WeightOp>(
      op, stored.getWeight());
  if (!weight || weight.getTensorType() != getStorageType(type)) {
    return op->emitOpError() << "expects a weight of the tensor's storage "
                                "type, got "
                             << value;
  }
  if (failed(encodeTensorType(type, proto, emitError))) {
    return failure();
  }
  WeightPlacement payload(stored.getWeight(), 0);
  if (isExternal) {
    return placeOutside(op, payload, type, proto);
  }
  embed(payload, type, proto);
  return success();
}

LogicalResult ModelBuilder::buildInitializer(InitializerOp op,
                                             qeff_onnx::TensorProto &proto) {
  auto emitError = [&] { return op.emitOpError(); };
  if (failed(parseMessage(op.getProtoAttr(), proto, emitError))) {
    return failure();
  }
  proto.set_name(op.getName().str());
  return buildTensor(op, op.getValue(), proto);
}

LogicalResult ModelBuilder::buildWeight(onnxir::WeightOp op,
                                        qeff_onnx::TensorProto &proto) {
  auto emitError = [&] { return op.emitOpError(); };
  auto type = cast<RankedTensorType>(op.getType());
  if (failed(parseMessage(op.getProtoAttr(), proto, emitError)) ||
      failed(encodeTensorType(type, proto, emitError))) {
    return failure();
  }
  proto.set_name(op.getName().str());
  if (op.getEmbedded()) {
    embed(WeightPlacement(op.getSource(), 0), type, proto);
    return success();
  }
  return placeOutside(op, WeightPlacement(op.getSource(), 0), type, proto);
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

ModelBuilder::AttributeList::AttributeList(Attributes &attributes)
    : attributes(attributes), numStubs(attributes.size()) {
  for (qeff_onnx::AttributeProto &stub : attributes) {
    protos.try_emplace(stub.name(), &stub);
  }
}

qeff_onnx::AttributeProto &
ModelBuilder::AttributeList::get(StringRef name) {
  auto [entry, isNew] = protos.try_emplace(name, nullptr);
  if (isNew) {
    entry->second = attributes.Add();
    entry->second->set_name(name.str());
  }
  used.insert(entry->second);
  return *entry->second;
}

void ModelBuilder::AttributeList::finish() {
  std::sort(attributes.pointer_begin() + numStubs, attributes.pointer_end(),
            [](const qeff_onnx::AttributeProto *a,
               const qeff_onnx::AttributeProto *b) {
              return StringRef(a->name()) < StringRef(b->name());
            });
  // A list of no graphs has no region.
  auto end = std::stable_partition(
      attributes.pointer_begin(), attributes.pointer_end(),
      [&](qeff_onnx::AttributeProto *proto) {
        return used.contains(proto) ||
               (proto->type() == qeff_onnx::AttributeProto::GRAPHS &&
                proto->graphs_size() == 0);
      });
  int kept = static_cast<int>(end - attributes.pointer_begin());
  attributes.DeleteSubrange(kept, attributes.size() - kept);
}

LogicalResult ModelBuilder::buildAttributes(Operation *op,
                                            DictionaryAttr values,
                                            AttributeList &attributes) {
  for (NamedAttribute value : values) {
    StringRef name = value.getName().getValue();
    auto encode = [&](Attribute tensor, qeff_onnx::TensorProto &message) {
      return buildTensor(op, tensor, message);
    };
    auto emitError = [&] {
      InFlightDiagnostic error = op->emitOpError();
      error << "attribute '" << name << "': ";
      return error;
    };
    if (failed(encodeAttribute(value.getValue(), attributes.get(name), encode,
                               emitError))) {
      return failure();
    }
  }
  return success();
}

LogicalResult ModelBuilder::buildSubgraphs(NodeOp op, Body body,
                                           AttributeList &attributes) {
  llvm::StringMap<unsigned> counts;
  SmallVector<StringRef> names;
  if (ArrayAttr subgraphs = op.getSubgraphsAttr()) {
    for (StringAttr name : subgraphs.getAsRange<StringAttr>()) {
      names.push_back(name.getValue());
      ++counts[name.getValue()];
    }
  }
  for (auto [i, name] : llvm::enumerate(names)) {
    qeff_onnx::AttributeProto &proto = attributes.get(name);
    bool isList = counts[name] > 1 ||
                  proto.type() == qeff_onnx::AttributeProto::GRAPHS;
    proto.set_type(isList ? qeff_onnx::AttributeProto::GRAPHS
                          : qeff_onnx::AttributeProto::GRAPH);
    if (failed(buildSubgraph(op, i, body,
                             isList ? *proto.add_graphs()
                                    : *proto.mutable_g()))) {
      return failure();
    }
  }
  return success();
}
