// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a ModelProto to a module: the model, its main graph, its functions.

#include "ModelImporter.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/IR/Verifier.h"

using namespace qeff;
using namespace qeff::onnxir;

ModelImporter::ModelImporter(MLIRContext *context, StringRef path,
                             uint64_t fileSize,
                             const std::vector<Payload> &payloads)
    : context(context),
      loc(mlir::FileLineColLoc::get(context, path, 0, 0)),
      module(ModuleOp::create(loc)),
      main(mlir::func::FuncOp::create(
          loc, "main", mlir::FunctionType::get(context, {}, {}))),
      symbolBuilder(context), builder(context),
      payloads(path, fileSize, payloads, symbols, [&] {
        module->push_back(main);
        symbolBuilder.setInsertionPoint(main);
        return symbolBuilder;
      }()) {}

void ModelImporter::Place::print(InFlightDiagnostic &error) const {
  if (outer) {
    outer->print(error);
  }
  error << what;
  if (index >= 0) {
    error << " " << index;
  }
  if (!name.empty()) {
    error << " " << quote(name);
  }
  if (!type.empty()) {
    error << " (" << StringRef(quote(type)).drop_front().drop_back() << ")";
  }
  error << ": ";
}

InFlightDiagnostic ModelImporter::emitError() {
  InFlightDiagnostic error = mlir::emitError(loc);
  if (place) {
    place->print(error);
  }
  return error;
}

//===----------------------------------------------------------------------===//
// Model
//===----------------------------------------------------------------------===//

FailureOr<ArrayAttr> ModelImporter::importOpsets(
    google::protobuf::RepeatedPtrField<qeff_onnx::OperatorSetIdProto> &opsets) {
  SmallVector<Attribute> attributes;
  llvm::StringSet<> domains;
  bool isPlain = true;
  for (const qeff_onnx::OperatorSetIdProto &opset : opsets) {
    if (opset.version() < 1) {
      return emitError() << "expects opset versions >= 1, got "
                         << opset.version() << " of domain "
                         << quote(opset.domain());
    }
    if (!domains.insert(opset.domain()).second) {
      return emitError() << "expects one opset import per domain, got two of "
                         << quote(opset.domain());
    }
    isPlain &= opset.has_domain() && opset.has_version() &&
               opset.unknown_fields().empty();
    attributes.push_back(OpsetAttr::get(
        context, StringAttr::get(context, opset.domain()), opset.version()));
  }
  if (isPlain) {
    opsets.Clear();
  }
  return ArrayAttr::get(context, attributes);
}

LogicalResult ModelImporter::importProperties(qeff_onnx::ModelProto &model) {
  if (model.ir_version() < 1) {
    return emitError() << "expects an IR version >= 1, got "
                       << model.ir_version();
  }
  NamedAttrList properties;
  auto add = [&](bool isPresent, StringRef name, const std::string &text) {
    if (isPresent) {
      properties.set(name, StringAttr::get(context, text));
    }
  };
  add(model.has_producer_name(), "producer_name", model.producer_name());
  add(model.has_producer_version(), "producer_version",
      model.producer_version());
  add(model.has_domain(), "domain", model.domain());
  add(model.has_doc_string(), "doc_string", model.doc_string());
  if (model.has_model_version()) {
    properties.set("model_version",
                   builder.getI64IntegerAttr(model.model_version()));
  }
  if (ArrayAttr metadata = decodeMetadata(context, model.metadata_props());
      metadata && !metadata.empty()) {
    properties.set("metadata", metadata);
    model.clear_metadata_props();
  }
  (*module)->setAttr(kIRVersionAttr,
                     builder.getI64IntegerAttr(model.ir_version()));
  (*module)->setAttr(kModelAttr, properties.getDictionary(context));
  model.clear_ir_version();
  model.clear_producer_name();
  model.clear_producer_version();
  model.clear_domain();
  model.clear_doc_string();
  model.clear_model_version();
  return success();
}

FailureOr<OwningOpRef<ModuleOp>>
ModelImporter::run(qeff_onnx::ModelProto &model) {
  if (failed(importProperties(model))) {
    return failure();
  }
  FailureOr<ArrayAttr> opsets = importOpsets(*model.mutable_opset_import());
  if (failed(opsets)) {
    return failure();
  }
  if (!model.has_graph()) {
    return emitError() << "expects a graph, got none";
  }
  setPhase(*module, Phase::Imported);
  (*module)->setAttr(kOpsetImportsAttr, *opsets);
  if (failed(takeFunctionSymbols(model)) ||
      failed(importMain(*model.mutable_graph(), *opsets))) {
    return failure();
  }
  model.clear_graph();
  for (qeff_onnx::FunctionProto &function : *model.mutable_functions()) {
    if (failed(importFunction(function))) {
      return failure();
    }
  }
  model.clear_functions();
  if (StringAttr rest = serializeMessage(context, model)) {
    (*module)->setAttr(kProtoAttr, rest);
  }
  main.setSymName(symbols.takeLike("main"));
  if (failed(checkRecursion()) || failed(mlir::verify(*module))) {
    return failure();
  }
  return std::move(module);
}

//===----------------------------------------------------------------------===//
// Main graph
//===----------------------------------------------------------------------===//

/// Declares the names of sizes of a graph's inputs and outputs. One that is a
/// function's symbol stays undeclared.
LogicalResult ModelImporter::declareDims(const ValueInfos &infos) {
  for (const qeff_onnx::ValueInfoProto &proto : infos) {
    FailureOr<ValueInfoAttr> info = importInfo(proto, "value");
    if (failed(info)) {
      return failure();
    }
    if (!info->getDims()) {
      continue;
    }
    for (Attribute dim : info->getDims()) {
      auto name = dyn_cast<StringAttr>(dim);
      if (name && symbols.take(name.getValue())) {
        dims.insert(name.getValue());
        DimOp::create(symbolBuilder, loc, name.getValue(), StringAttr(),
                      /*min=*/0, /*max=*/IntegerAttr());
      }
    }
  }
  return success();
}

/// The attributes of an argument or result of the main function.
DictionaryAttr ModelImporter::makeIOAttrs(ValueInfoAttr info, Type type) {
  NamedAttrList attributes;
  attributes.set(kNameAttr, info.getName());
  bool isExact = !info.getProto() && info.getType() == type;
  if (info.getDims() && info.getType() == type) {
    SmallVector<Attribute> converted;
    for (Attribute dim : info.getDims()) {
      auto name = dyn_cast<StringAttr>(dim);
      if (name && !dims.contains(name.getValue())) {
        isExact = false;
        dim = builder.getUnitAttr();
      } else if (name) {
        dim = FlatSymbolRefAttr::get(name);
      }
      converted.push_back(dim);
    }
    attributes.set(kDimsAttr, builder.getArrayAttr(converted));
  }
  if (!isExact) {
    qeff_onnx::ValueInfoProto proto;
    (void)encodeValueInfo(info, proto, [&] { return emitError(); });
    attributes.set(kProtoAttr, serializeMessage(context, proto));
  }
  return attributes.getDictionary(context);
}

LogicalResult ModelImporter::importMain(qeff_onnx::GraphProto &graph,
                                        ArrayAttr opsets) {
  Block *block = main.addEntryBlock();
  Scope scope{nullptr, block, opsets, {}, {}, {}};
  GraphParts parts;
  builder.setInsertionPointToEnd(block);
  if (failed(declareDims(graph.input())) ||
      failed(declareDims(graph.output())) ||
      failed(importGraph(graph, scope, parts))) {
    return failure();
  }
  builder.setInsertionPointToEnd(block);
  mlir::func::ReturnOp::create(builder, loc, parts.results);
  SmallVector<DictionaryAttr> arguments, results;
  for (auto [info, value] : llvm::zip(parts.inputs, block->getArguments())) {
    arguments.push_back(
        makeIOAttrs(cast<ValueInfoAttr>(info), value.getType()));
  }
  for (auto [info, value] : llvm::zip(parts.outputs, parts.results)) {
    results.push_back(makeIOAttrs(cast<ValueInfoAttr>(info), value.getType()));
  }
  main.setType(builder.getFunctionType(block->getArgumentTypes(),
                                       ValueRange(parts.results).getTypes()));
  main.setAllArgAttrs(arguments);
  main.setAllResultAttrs(results);
  main->setAttr(kGraphAttr,
                GraphAttr::get(context, parts.name, ArrayAttr(), ArrayAttr(),
                               parts.valueInfo, parts.proto));
  return success();
}
