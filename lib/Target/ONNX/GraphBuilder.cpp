// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs, subgraphs and nodes of a model.

#include "ModelBuilder.h"

#include "Types.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace qeff;
using namespace qeff::onnxir;

//===----------------------------------------------------------------------===//
// Value infos
//===----------------------------------------------------------------------===//

LogicalResult ModelBuilder::buildInfo(Operation *op, ValueInfoAttr about,
                                      Type type,
                                      qeff_onnx::ValueInfoProto &info) {
  auto emitError = [&] { return op->emitOpError(); };
  if (about && about.getType() && areCompatible(about.getType(), type)) {
    return encodeValueInfo(about, info, emitError);
  }
  StringAttr name = about ? about.getName() : StringAttr();
  return encodeValueInfo(
      ValueInfoAttr::get(op->getContext(),
                         name ? name : StringAttr::get(op->getContext()), type,
                         {}, {}),
      info, emitError);
}

LogicalResult ModelBuilder::buildValueInfos(Operation *op, GraphAttr about,
                                            Block &block, Body body) {
  if (!about || !about.getValueInfo()) {
    return success();
  }
  llvm::StringMap<Type> types;
  auto add = [&](ValueRange values) {
    for (Value value : values) {
      types.try_emplace(body.names.lookup(value), value.getType());
    }
  };
  add(block.getArguments());
  for (Operation &inner : block) {
    add(inner.getResults());
  }
  for (auto info : about.getValueInfo().getAsRange<ValueInfoAttr>()) {
    auto type = types.find(info.getName().getValue());
    if (type != types.end() &&
        failed(buildInfo(op, info, type->second,
                         *body.graph->add_value_info()))) {
      return failure();
    }
  }
  return success();
}

LogicalResult ModelBuilder::buildInputs(Block &block, ValueInfos &arguments,
                                        Body body) {
  // Initializers that a caller may override stand among the arguments.
  std::vector<std::pair<int64_t, qeff_onnx::ValueInfoProto>> overrides;
  auto add = [&](auto op) -> LogicalResult {
    if (!op.getInputAttr()) {
      return success();
    }
    overrides.emplace_back(op.getInputPositionAttr().getInt(),
                           qeff_onnx::ValueInfoProto());
    qeff_onnx::ValueInfoProto &info = overrides.back().second;
    LogicalResult result = encodeValueInfo(
        op.getInputAttr(), info, [&] { return op.emitOpError(); });
    info.set_name(op.getName().str());
    return result;
  };
  for (Operation &op : block) {
    auto initializer = dyn_cast<InitializerOp>(op);
    auto weight = dyn_cast<onnxir::WeightOp>(op);
    if ((initializer && failed(add(initializer))) ||
        (weight && failed(add(weight)))) {
      return failure();
    }
  }
  llvm::sort(overrides, llvm::less_first());
  auto next = overrides.begin();
  int argument = 0;
  for (int64_t position = 0;
       argument < arguments.size() || next != overrides.end(); ++position) {
    bool isOverride =
        next != overrides.end() &&
        (next->first <= position || argument == arguments.size());
    qeff_onnx::ValueInfoProto &info = isOverride
                                          ? (next++)->second
                                          : *arguments.Mutable(argument++);
    *body.graph->add_input() = std::move(info);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

LogicalResult qeff::emitTwice(Operation *op, StringRef name) {
  return op->emitOpError() << "expects unique names, got two of '" << name
                           << "'";
}

LogicalResult ModelBuilder::defineArguments(Operation *op, Block &block,
                                            ValueInfos &arguments,
                                            ValueNames &names) {
  for (auto [argument, info] : llvm::zip(block.getArguments(), arguments)) {
    if (info.name().empty()) {
      info.set_name(names.assign(
          argument, "argument_" + Twine(argument.getArgNumber())));
      continue;
    }
    if (!names.define(info.name())) {
      return emitTwice(op, info.name());
    }
    names.set(argument, info.name());
  }
  return success();
}

LogicalResult ModelBuilder::defineInitializers(Block &block,
                                               ValueNames &names) {
  for (Operation &op : block) {
    StringAttr name;
    if (auto initializer = dyn_cast<InitializerOp>(op)) {
      name = initializer.getNameAttr();
    } else if (auto weight = dyn_cast<onnxir::WeightOp>(op)) {
      name = weight.getNameAttr();
    } else if (auto sparse = dyn_cast<SparseInitializerOp>(op)) {
      name = sparse.getNameAttr();
    }
    if (!name) {
      continue;
    }
    if (!names.define(name.getValue())) {
      return op.emitOpError() << "expects a name of its own, got " << name;
    }
    names.set(op.getResult(0), name.getValue());
  }
  return success();
}

/// Results that nodes make take the results' names; the others go to `copies`.
void ModelBuilder::bindResults(Block &block, ValueInfos &results,
                               ValueNames &names,
                               SmallVectorImpl<Copy> &copies) {
  ValueRange values = block.getTerminator()->getOperands();
  for (auto [i, value] : llvm::enumerate(values)) {
    StringRef name = results.Get(static_cast<int>(i)).name();
    StringRef own = names.lookup(value);
    bool isInside = value.getParentBlock() == &block;
    if (!own.empty() && (own == name || (name.empty() && isInside))) {
      continue;
    }
    if (!own.empty() || !isInside ||
        !isa_and_present<NodeOp, OperatorOpInterface>(
            value.getDefiningOp())) {
      copies.emplace_back(value, static_cast<int>(i));
    } else if (!name.empty()) {
      names.set(value, name);
      names.promise(name);
    }
  }
}

LogicalResult ModelBuilder::buildCopies(Operation *op, Block &block,
                                        ArrayRef<Copy> copies,
                                        ValueInfos &results, Body body) {
  for (auto [value, index] : copies) {
    StringRef source = body.names.lookup(value);
    qeff_onnx::ValueInfoProto &info = *results.Mutable(index);
    if (source.empty()) {
      return op->emitOpError()
             << "expects results from ONNX nodes, got " << value;
    }
    if (info.name().empty()) {
      info.set_name(body.names.makeName(source + "_copy"));
    } else if (!body.names.define(info.name())) {
      return emitTwice(op, info.name());
    }
    qeff_onnx::NodeProto &node = *body.nodes.Add();
    node.set_op_type("Identity");
    node.set_name("/" + info.name() + "/Identity");
    node.add_input(source.str());
    node.add_output(info.name());
  }
  for (auto [value, info] :
       llvm::zip(block.getTerminator()->getOperands(), results)) {
    if (info.name().empty()) {
      info.set_name(body.names.lookup(value).str());
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

LogicalResult ModelBuilder::buildInitializers(Operation &op, Body body) {
  if (auto initializer = dyn_cast<InitializerOp>(op)) {
    return buildInitializer(initializer, *body.graph->add_initializer());
  }
  if (auto weight = dyn_cast<onnxir::WeightOp>(op)) {
    return buildWeight(weight, *body.graph->add_initializer());
  }
  auto sparse = cast<SparseInitializerOp>(op);
  return parseMessage(sparse.getDataAttr(),
                      *body.graph->add_sparse_initializer(),
                      [&] { return sparse.emitOpError(); });
}

LogicalResult ModelBuilder::buildNodes(Block &block, Body body) {
  for (Operation &op : block.without_terminator()) {
    if (auto node = dyn_cast<NodeOp>(op)) {
      if (failed(buildNode(node, body))) {
        return failure();
      }
    } else if (auto typed = dyn_cast<OperatorOpInterface>(op)) {
      if (failed(buildOperator(typed, body))) {
        return failure();
      }
    } else if (isa<InitializerOp, onnxir::WeightOp, SparseInitializerOp>(op) &&
               body.graph) {
      if (failed(buildInitializers(op, body))) {
        return failure();
      }
    } else if (!isa<NoneOp>(op) && !mlir::isPure(&op)) {
      return op.emitOpError() << "expects ops of the dialect onnxir only";
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

LogicalResult ModelBuilder::buildGraph(Operation *op, GraphAttr about,
                                       Block &block, ValueInfos arguments,
                                       ValueInfos results, Body body) {
  ValueNames::Scope scope(body.names);
  SmallVector<Copy> copies;
  if (failed(defineArguments(op, block, arguments, body.names)) ||
      failed(defineInitializers(block, body.names))) {
    return failure();
  }
  bindResults(block, results, body.names, copies);
  if (about && failed(parseMessage(about.getProto(), *body.graph,
                                   [&] { return op->emitOpError(); }))) {
    return failure();
  }
  if (about && about.getName()) {
    body.graph->set_name(about.getName().str());
  }
  if (failed(buildInputs(block, arguments, body)) ||
      failed(buildNodes(block, body)) ||
      failed(buildCopies(op, block, copies, results, body)) ||
      failed(buildValueInfos(op, about, block, body))) {
    return failure();
  }
  body.graph->mutable_output()->Swap(&results);
  return success();
}

LogicalResult ModelBuilder::buildSubgraph(NodeOp op, unsigned index, Body outer,
                                          qeff_onnx::GraphProto &graph) {
  Block &block = op.getBodies()[index].front();
  auto end = block.empty() ? ReturnOp() : dyn_cast<ReturnOp>(block.back());
  if (!end) {
    return op.emitOpError() << "expects subgraphs that end in onnxir.return";
  }
  GraphAttr about;
  if (ArrayAttr graphs = op.getGraphsAttr()) {
    about = cast<GraphAttr>(graphs[index]);
  } else {
    graph.set_name(cast<StringAttr>(op.getSubgraphsAttr()[index]).str());
  }
  auto build = [&](ValueRange values, ArrayAttr infos,
                   ValueInfos &protos) -> LogicalResult {
    for (auto [i, value] : llvm::enumerate(values)) {
      auto info = infos && i < infos.size() ? cast<ValueInfoAttr>(infos[i])
                                            : ValueInfoAttr();
      if (failed(buildInfo(op, info, value.getType(), *protos.Add()))) {
        return failure();
      }
    }
    return success();
  };
  ValueInfos arguments, results;
  ArrayAttr inputs = about ? about.getInputs() : ArrayAttr();
  ArrayAttr outputs = about ? about.getOutputs() : ArrayAttr();
  if (failed(build(block.getArguments(), inputs, arguments)) ||
      failed(build(end.getValues(), outputs, results))) {
    return failure();
  }
  Body body{outer.names, outer.opsets, *graph.mutable_node(), &graph};
  return buildGraph(op, about, block, std::move(arguments), std::move(results),
                    body);
}
