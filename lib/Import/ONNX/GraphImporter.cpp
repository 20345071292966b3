// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs of an ONNX model: inputs, initializers, outputs.

#include "ModelImporter.h"

#include "Tensors.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

using namespace qeff;
using namespace qeff::onnxir;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value ModelImporter::lookup(const Scope &scope, StringRef name) {
  for (const Scope *at = &scope; at; at = at->outer) {
    auto found = at->values.find(name);
    if (found != at->values.end()) {
      return found->second;
    }
  }
  return {};
}

LogicalResult ModelImporter::define(Scope &scope, StringRef name,
                                    Value value) {
  if (name.empty()) {
    return emitError() << "expects a name, got an empty one";
  }
  if (lookup(scope, name)) {
    return emitError() << "expects values of different names, got a second "
                       << quote(name);
  }
  scope.values[name] = value;
  return success();
}

FailureOr<ValueInfoAttr>
ModelImporter::importInfo(const qeff_onnx::ValueInfoProto &proto,
                          StringRef what) {
  Place here(*this, what, proto.name());
  return decodeValueInfo(context, proto, [&] { return emitError(); });
}

//===----------------------------------------------------------------------===//
// Inputs and initializers
//===----------------------------------------------------------------------===//

LogicalResult ModelImporter::importInputs(const qeff_onnx::GraphProto &graph,
                                          Scope &scope, GraphParts &parts) {
  llvm::StringSet<> initializers;
  for (const qeff_onnx::TensorProto &tensor : graph.initializer()) {
    initializers.insert(tensor.name());
  }
  for (auto [i, input] : llvm::enumerate(graph.input())) {
    FailureOr<ValueInfoAttr> info = importInfo(input, "input");
    if (failed(info)) {
      return failure();
    }
    Place here(*this, "input", input.name());
    if (initializers.contains(input.name())) {
      if (!parts.overridable
               .try_emplace(input.name(), static_cast<int64_t>(i), *info)
               .second) {
        return emitError() << "expects inputs of different names";
      }
      continue;
    }
    parts.inputs.push_back(*info);
    if (failed(define(scope, input.name(),
                      scope.block->addArgument(info->getType(), loc)))) {
      return failure();
    }
  }
  return success();
}

FailureOr<Attribute> ModelImporter::importTensor(qeff_onnx::TensorProto &proto,
                                                 EmitErrorFn emit) {
  if (failed(payloads.embedSmall(proto, emit))) {
    return failure();
  }
  if (!Payloads::isStored(proto)) {
    FailureOr<TypedAttr> value = decodeTensor(context, proto, emit);
    return failed(value) ? FailureOr<Attribute>(failure())
                         : FailureOr<Attribute>(*value);
  }
  FailureOr<StoredTensor> stored = payloads.declare(proto, emit);
  if (failed(stored)) {
    return failure();
  }
  if (!stored->isEmbedded) {
    // The stub tells where the exporter is to put it.
    proto.set_data_location(qeff_onnx::TensorProto::EXTERNAL);
  }
  return Attribute(StoredAttr::get(context, stored->type, stored->weight));
}

LogicalResult ModelImporter::importInitializer(qeff_onnx::TensorProto &proto,
                                               Scope &scope,
                                               const GraphParts &parts) {
  Place here(*this, "initializer", proto.name());
  auto emit = [&] { return emitError(); };
  std::string name = proto.name();
  auto nameAttr = builder.getStringAttr(name);
  ValueInfoAttr input;
  IntegerAttr position;
  if (auto found = parts.overridable.find(name);
      found != parts.overridable.end()) {
    position = builder.getI64IntegerAttr(found->second.first);
    input = found->second.second;
  }
  if (failed(payloads.embedSmall(proto, emit))) {
    return failure();
  }
  if (Payloads::isStored(proto)) {
    FailureOr<StoredTensor> stored = payloads.declare(proto, emit);
    if (failed(stored)) {
      return failure();
    }
    proto.clear_name();
    Value source = WeightRefOp::create(builder, loc,
                                       getStorageType(stored->type),
                                       stored->weight);
    auto op = onnxir::WeightOp::create(
        builder, loc, stored->type, nameAttr, source, StringAttr(),
        stored->isEmbedded ? builder.getUnitAttr() : UnitAttr(), input,
        position, serializeMessage(context, proto));
    return define(scope, name, op);
  }
  FailureOr<TypedAttr> value = decodeTensor(context, proto, emit);
  if (failed(value)) {
    return failure();
  }
  proto.clear_name();
  auto op = InitializerOp::create(builder, loc, value->getType(), nameAttr,
                                  *value, input, position,
                                  serializeMessage(context, proto));
  return define(scope, name, op);
}

LogicalResult ModelImporter::importSparse(qeff_onnx::SparseTensorProto &proto,
                                          Scope &scope) {
  std::string name = proto.values().name();
  Place here(*this, "sparse initializer", name);
  // Checked like a dense tensor of its dims.
  qeff_onnx::TensorProto dense;
  *dense.mutable_dims() = proto.dims();
  dense.set_data_type(proto.values().data_type());
  FailureOr<RankedTensorType> type =
      decodeTensorType(context, dense, [&] { return emitError(); });
  if (failed(type)) {
    return failure();
  }
  StringAttr data = serializeMessage(context, proto);
  auto op = SparseInitializerOp::create(builder, loc, *type,
                                        builder.getStringAttr(name), data);
  return define(scope, name, op);
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

LogicalResult ModelImporter::importResults(Scope &scope, GraphParts &parts) {
  for (Attribute output : parts.outputs) {
    auto info = cast<ValueInfoAttr>(output);
    StringAttr name = info.getName();
    Value value = lookup(scope, name.getValue());
    if (!value) {
      return emitError() << "expects output " << quote(name)
                         << " to be made by a node";
    }
    if (!areCompatible(info.getType(), value.getType())) {
      return emitError() << "expects output " << quote(name) << " of type "
                         << value.getType() << ", as its value is, got "
                         << info.getType();
    }
    parts.results.push_back(value);
  }
  return success();
}

/// Keeps what the graph says beside its nodes.
void ModelImporter::takeRest(qeff_onnx::GraphProto &graph, const Scope &scope,
                             ArrayRef<Attribute> infos, GraphParts &parts) {
  graph.clear_node();
  graph.clear_initializer();
  graph.clear_sparse_initializer();
  graph.clear_input();
  graph.clear_output();
  graph.clear_value_info();
  llvm::StringMap<unsigned> counts;
  for (Attribute info : infos) {
    ++counts[cast<ValueInfoAttr>(info).getName().getValue()];
  }
  SmallVector<Attribute> kept;
  for (Attribute info : infos) {
    auto about = cast<ValueInfoAttr>(info);
    auto value = scope.values.find(about.getName().getValue());
    if (value != scope.values.end() && counts[value->getKey()] == 1 &&
        areCompatible(about.getType(), value->second.getType())) {
      kept.push_back(info);
    } else {
      // About no value of the graph, of another type, or said twice.
      (void)encodeValueInfo(about, *graph.add_value_info(),
                            [&] { return emitError(); });
    }
  }
  if (!kept.empty()) {
    parts.valueInfo = builder.getArrayAttr(kept);
  }
  if (graph.has_name()) {
    parts.name = builder.getStringAttr(graph.name());
    graph.clear_name();
  }
  parts.proto = serializeMessage(context, graph);
}

LogicalResult ModelImporter::importGraph(qeff_onnx::GraphProto &graph,
                                         Scope &scope, GraphParts &parts) {
  SmallVector<Attribute> infos;
  auto addInfos = [&](const ValueInfos &protos, StringRef what,
                      SmallVectorImpl<Attribute> &attributes) {
    for (const qeff_onnx::ValueInfoProto &proto : protos) {
      FailureOr<ValueInfoAttr> info = importInfo(proto, what);
      if (failed(info)) {
        return failure();
      }
      attributes.push_back(*info);
      if (!isa<AnyType>(info->getType())) {
        scope.types.try_emplace(proto.name(), info->getType());
      }
    }
    return success();
  };
  if (failed(addInfos(graph.output(), "output", parts.outputs)) ||
      failed(addInfos(graph.value_info(), "value info", infos)) ||
      failed(importInputs(graph, scope, parts))) {
    return failure();
  }
  for (qeff_onnx::TensorProto &tensor : *graph.mutable_initializer()) {
    if (failed(importInitializer(tensor, scope, parts))) {
      return failure();
    }
  }
  for (qeff_onnx::SparseTensorProto &tensor :
       *graph.mutable_sparse_initializer()) {
    if (failed(importSparse(tensor, scope))) {
      return failure();
    }
  }
  if (failed(importNodes(*graph.mutable_node(), scope)) ||
      failed(importResults(scope, parts))) {
    return failure();
  }
  takeRest(graph, scope, infos, parts);
  return success();
}
