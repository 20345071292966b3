// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nodes of an ONNX model, with their attributes and subgraphs.

#include "ModelImporter.h"

#include "Attributes.h"

using namespace qeff;
using namespace qeff::onnxir;
using qeff_onnx::AttributeProto;

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// Takes the graphs of an attribute; they are cleared when they are imported.
static LogicalResult
takeGraphs(AttributeProto &proto, EmitErrorFn emitError,
           SmallVectorImpl<std::pair<StringRef, qeff_onnx::GraphProto *>>
               &subgraphs) {
  if (proto.type() == AttributeProto::GRAPH) {
    if (!proto.has_g()) {
      return emitError() << "expects a graph, got none";
    }
    subgraphs.emplace_back(proto.name(), proto.mutable_g());
    return success();
  }
  for (qeff_onnx::GraphProto &graph : *proto.mutable_graphs()) {
    subgraphs.emplace_back(proto.name(), &graph);
  }
  return success();
}

/// Whether `proto` holds tensors or graphs that are not its value. Payloads may
/// have been cut out of them, so that they cannot be kept as bytes.
static bool hasForeignTensors(const AttributeProto &proto) {
  bool isReference = !proto.ref_attr_name().empty();
  auto isForeign = [&](bool isPresent, AttributeProto::AttributeType type) {
    return isPresent && (isReference || proto.type() != type);
  };
  return isForeign(proto.has_t(), AttributeProto::TENSOR) ||
         isForeign(proto.tensors_size() > 0, AttributeProto::TENSORS) ||
         isForeign(proto.has_g(), AttributeProto::GRAPH) ||
         isForeign(proto.graphs_size() > 0, AttributeProto::GRAPHS);
}

LogicalResult
ModelImporter::importAttributes(Attributes &protos, NamedAttrList &attributes,
                                SmallVectorImpl<Subgraph> &subgraphs) {
  llvm::StringSet<> names;
  auto decodeTensor = [&](qeff_onnx::TensorProto &tensor, EmitErrorFn emit) {
    return importTensor(tensor, emit);
  };
  for (AttributeProto &proto : protos) {
    Place here(*this, "attribute", proto.name());
    auto emit = [&] { return emitError(); };
    if (proto.name().empty() || !names.insert(proto.name()).second) {
      return emitError() << "expects attributes of different names";
    }
    if (hasForeignTensors(proto)) {
      return emitError() << "expects no tensors or graphs beside its value";
    }
    bool isGraph = proto.type() == AttributeProto::GRAPH ||
                   proto.type() == AttributeProto::GRAPHS;
    if (isGraph && proto.ref_attr_name().empty()) {
      if (failed(takeGraphs(proto, emit, subgraphs))) {
        return failure();
      }
      continue;
    }
    FailureOr<Attribute> value =
        decodeAttribute(context, proto, decodeTensor, emit);
    if (failed(value)) {
      return failure();
    }
    auto ref = dyn_cast<RefAttr>(*value);
    if (ref && !(function && function.hasAttribute(ref.getName()))) {
      return emitError() << "expects an attribute of its function, got "
                         << quote(ref.getName());
    }
    attributes.append(proto.name(), *value);
  }
  return success();
}

void ModelImporter::dropPlainStubs(Attributes &stubs) {
  bool isSorted = llvm::is_sorted(
      stubs, [](const AttributeProto &a, const AttributeProto &b) {
        return StringRef(a.name()) < StringRef(b.name());
      });
  if (isSorted && llvm::all_of(stubs, isPlainStub)) {
    stubs.Clear();
  }
}

/// Takes the graphs out, which are imported.
static void clearGraphs(
    google::protobuf::RepeatedPtrField<AttributeProto> &stubs) {
  for (AttributeProto &stub : stubs) {
    if (stub.has_g()) {
      stub.clear_g();
      stub.clear_type();
    } else if (stub.graphs_size() > 0) {
      // A list of one is told from a graph by the type.
      if (stub.graphs_size() > 1) {
        stub.clear_type();
      }
      stub.clear_graphs();
    }
  }
}

//===----------------------------------------------------------------------===//
// Subgraphs
//===----------------------------------------------------------------------===//

LogicalResult ModelImporter::importSubgraph(qeff_onnx::GraphProto &graph,
                                            Scope &outer, Region &region,
                                            Attribute &about) {
  OpBuilder::InsertionGuard guard(builder);
  Block &block = region.emplaceBlock();
  Scope scope{&outer, &block, outer.opsets, {}, {}, {}};
  GraphParts parts;
  builder.setInsertionPointToEnd(&block);
  if (failed(importGraph(graph, scope, parts))) {
    return failure();
  }
  builder.setInsertionPointToEnd(&block);
  ReturnOp::create(builder, loc, parts.results);
  about = GraphAttr::get(context, parts.name,
                         builder.getArrayAttr(parts.inputs),
                         builder.getArrayAttr(parts.outputs), parts.valueInfo,
                         parts.proto);
  return success();
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

LogicalResult ModelImporter::importOperands(const qeff_onnx::NodeProto &node,
                                            Scope &scope,
                                            SmallVectorImpl<Value> &operands) {
  for (const std::string &input : node.input()) {
    if (!input.empty()) {
      operands.push_back(lookup(scope, input));
      if (!operands.back()) {
        return emitError() << "expects inputs that are made before it, got "
                           << quote(input);
      }
      continue;
    }
    if (!scope.none) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(scope.block);
      scope.none = NoneOp::create(builder, loc, builder.getNoneType());
    }
    operands.push_back(scope.none);
  }
  return success();
}

/// The texts of a node; empty ones stay in the message.
void ModelImporter::importNodeTexts(qeff_onnx::NodeProto &node,
                                    NodeOp::Properties &properties) {
  properties.op_type = builder.getStringAttr(node.op_type());
  properties.domain = builder.getStringAttr(node.domain());
  node.clear_op_type();
  if (!node.domain().empty()) {
    node.clear_domain();
  }
  if (!node.name().empty()) {
    properties.name = builder.getStringAttr(node.name());
    node.clear_name();
  }
  if (!node.overload().empty()) {
    properties.overload = builder.getStringAttr(node.overload());
    node.clear_overload();
  }
  if (!node.doc_string().empty()) {
    properties.doc = builder.getStringAttr(node.doc_string());
    node.clear_doc_string();
  }
  if (ArrayAttr metadata = decodeMetadata(context, node.metadata_props());
      metadata && !metadata.empty()) {
    properties.metadata = metadata;
    node.clear_metadata_props();
  }
}

/// Imports the graphs of a node into regions.
LogicalResult
ModelImporter::importSubgraphs(ArrayRef<Subgraph> subgraphs, Scope &scope,
                               OperationState &state) {
  if (subgraphs.empty()) {
    return success();
  }
  SmallVector<Attribute> names, graphs;
  for (auto [name, graph] : subgraphs) {
    Place here(*this, "attribute", name);
    names.push_back(builder.getStringAttr(name));
    if (failed(importSubgraph(*graph, scope, *state.addRegion(),
                              graphs.emplace_back()))) {
      return failure();
    }
  }
  auto &properties = state.getOrAddProperties<NodeOp::Properties>();
  properties.subgraphs = builder.getArrayAttr(names);
  properties.graphs = builder.getArrayAttr(graphs);
  return success();
}

/// Creates the op of a node whose operands and subgraphs are in `state`.
LogicalResult ModelImporter::createNode(qeff_onnx::NodeProto &node,
                                        NamedAttrList &attributes, Scope &scope,
                                        OperationState &state) {
  SmallVector<Attribute> names;
  for (const std::string &output : node.output()) {
    auto type = scope.types.find(output);
    state.addTypes(output.empty() ? Type(builder.getNoneType())
                   : type != scope.types.end()
                       ? type->second
                       : Type(AnyType::get(context)));
    names.push_back(builder.getStringAttr(output));
  }
  clearGraphs(*node.mutable_attribute());
  dropPlainStubs(*node.mutable_attribute());
  node.clear_input();
  node.clear_output();
  auto &properties = state.getOrAddProperties<NodeOp::Properties>();
  importNodeTexts(node, properties);
  if (!attributes.empty()) {
    properties.onnx_attrs = attributes.getDictionary(context);
  }
  if (!names.empty()) {
    properties.output_names = builder.getArrayAttr(names);
  }
  properties.proto = serializeMessage(context, node);
  Operation *op = builder.create(state);
  for (auto [name, value] : llvm::zip(names, op->getResults())) {
    StringRef text = cast<StringAttr>(name).getValue();
    if (!text.empty() && failed(define(scope, text, value))) {
      return failure();
    }
  }
  return success();
}

LogicalResult ModelImporter::importNode(qeff_onnx::NodeProto &node,
                                        Scope &scope) {
  if (node.op_type().empty()) {
    return emitError() << "expects an operator's name, got an empty one";
  }
  if (!lookupOpset(scope.opsets, node.domain())) {
    return emitError() << "expects an opset import of domain "
                       << quote(node.domain());
  }
  Location nodeLoc = node.name().empty()
                         ? loc
                         : mlir::NameLoc::get(
                               builder.getStringAttr(node.name()), loc);
  OperationState state(nodeLoc, NodeOp::getOperationName());
  NamedAttrList attributes;
  SmallVector<Subgraph> subgraphs;
  return success(
      succeeded(importOperands(node, scope, state.operands)) &&
      succeeded(importAttributes(*node.mutable_attribute(), attributes,
                                 subgraphs)) &&
      succeeded(importSubgraphs(subgraphs, scope, state)) &&
      succeeded(createNode(node, attributes, scope, state)));
}

LogicalResult ModelImporter::importNodes(Nodes &nodes, Scope &scope) {
  for (auto [i, node] : llvm::enumerate(nodes)) {
    Place here(*this, "node", node.name(), static_cast<int64_t>(i),
               node.op_type());
    if (failed(importNode(node, scope))) {
      return failure();
    }
  }
  return success();
}
