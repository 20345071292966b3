// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a module to a ModelProto: the model, its main graph, its functions.

#include "ModelBuilder.h"

#include "Types.h"

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Support/Version.h"

using namespace qeff;
using namespace qeff::onnxir;
using mlir::func::FuncOp;

/// Keeps made-up names away from every name that is given below `root`.
static void avoidGivenNames(Operation *root, ValueNames &names) {
  auto avoid = [&](Attribute attribute) {
    if (auto name = dyn_cast_if_present<StringAttr>(attribute)) {
      names.avoid(name.getValue());
    }
  };
  auto avoidAll = [&](ArrayAttr array) {
    for (Attribute entry : array ? array.getValue() : ArrayRef<Attribute>()) {
      auto info = dyn_cast<ValueInfoAttr>(entry);
      avoid(info ? Attribute(info.getName()) : entry);
    }
  };
  root->walk([&](Operation *op) {
    if (auto node = dyn_cast<NodeOp>(op)) {
      avoidAll(node.getOutputNamesAttr());
      for (Attribute graph : node.getGraphsAttr()
                                 ? node.getGraphsAttr().getValue()
                                 : ArrayRef<Attribute>()) {
        avoidAll(cast<GraphAttr>(graph).getInputs());
        avoidAll(cast<GraphAttr>(graph).getOutputs());
      }
    } else if (isa<InitializerOp, onnxir::WeightOp, SparseInitializerOp>(op)) {
      avoid(*op->getInherentAttr("name"));
    } else if (auto function = dyn_cast<FuncOp>(op)) {
      for (unsigned i = 0; i < function.getNumArguments(); ++i) {
        avoid(function.getArgAttr(i, kNameAttr));
      }
      for (unsigned i = 0; i < function.getNumResults(); ++i) {
        avoid(function.getResultAttr(i, kNameAttr));
      }
    } else if (auto function = dyn_cast<FunctionOp>(op)) {
      avoidAll(function.getInputNames());
      avoidAll(function.getOutputNames());
    }
  });
}

/// Writes opset imports; `imports` keeps the form it has where it says the
/// same.
static void
buildOpsets(ArrayAttr opsets, google::protobuf::RepeatedPtrField<
                                  qeff_onnx::OperatorSetIdProto> &imports) {
  bool isSame = static_cast<size_t>(imports.size()) == opsets.size();
  for (auto [opset, import] :
       llvm::zip(opsets.getAsRange<OpsetAttr>(), imports)) {
    isSame &= opset.getDomain().getValue() == import.domain() &&
              opset.getVersion() == import.version();
  }
  if (isSame) {
    return;
  }
  imports.Clear();
  for (OpsetAttr opset : opsets.getAsRange<OpsetAttr>()) {
    qeff_onnx::OperatorSetIdProto &import = *imports.Add();
    import.set_domain(opset.getDomain().str());
    import.set_version(opset.getVersion());
  }
}

//===----------------------------------------------------------------------===//
// Main graph
//===----------------------------------------------------------------------===//

/// `qeff.dims` as `#onnxir.value_info` has them.
static ArrayAttr convertDims(Attribute value) {
  auto dims = dyn_cast_if_present<ArrayAttr>(value);
  if (!dims) {
    return {};
  }
  SmallVector<Attribute> converted;
  for (Attribute dim : dims) {
    auto symbol = dyn_cast<FlatSymbolRefAttr>(dim);
    converted.push_back(symbol ? Attribute(symbol.getAttr()) : dim);
  }
  return ArrayAttr::get(value.getContext(), converted);
}

LogicalResult ModelBuilder::buildIO(FuncOp function, unsigned index,
                                    bool isResult,
                                    qeff_onnx::ValueInfoProto &info) {
  auto get = [&](StringRef attribute) -> Attribute {
    return isResult ? function.getResultAttr(index, attribute)
                    : function.getArgAttr(index, attribute);
  };
  auto emitError = [&] { return function.emitOpError(); };
  StringRef what = isResult ? "result" : "argument";
  Type type = isResult ? function.getResultTypes()[index]
                       : function.getArgumentTypes()[index];
  auto name = dyn_cast_if_present<StringAttr>(get(kNameAttr));
  if (!name) {
    return emitError() << "expects a qeff.name at " << what << " " << index;
  }
  if (auto proto = dyn_cast_if_present<StringAttr>(get(kProtoAttr))) {
    if (failed(parseMessage(proto, info, emitError))) {
      return failure();
    }
    FailureOr<ValueInfoAttr> about =
        decodeValueInfo(module.getContext(), info, emitError);
    if (failed(about) || (info.name() == name.getValue() &&
                          areCompatible(about->getType(), type))) {
      return about;
    }
    info.Clear();
  }
  return encodeValueInfo(
      ValueInfoAttr::get(module.getContext(), name, type,
                         convertDims(get(kDimsAttr)), StringAttr()),
      info, emitError);
}

LogicalResult ModelBuilder::buildMain(FuncOp function,
                                      qeff_onnx::GraphProto &graph) {
  ValueInfos arguments, results;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    if (failed(buildIO(function, i, /*isResult=*/false, *arguments.Add()))) {
      return failure();
    }
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    if (failed(buildIO(function, i, /*isResult=*/true, *results.Add()))) {
      return failure();
    }
  }
  auto about = function->getAttrOfType<GraphAttr>(kGraphAttr);
  if (!about) {
    graph.set_name(function.getSymName().str());
  }
  ValueNames names;
  avoidGivenNames(function, names);
  Body body{names, module->getAttrOfType<ArrayAttr>(kOpsetImportsAttr),
            *graph.mutable_node(), &graph};
  return buildGraph(function, about, function.getBody().front(),
                    std::move(arguments), std::move(results), body);
}

//===----------------------------------------------------------------------===//
// Functions, model
//===----------------------------------------------------------------------===//

LogicalResult ModelBuilder::buildFunction(FunctionOp function,
                                          qeff_onnx::FunctionProto &proto) {
  auto emitError = [&] { return function.emitOpError(); };
  if (failed(parseMessage(function.getProtoAttr(), proto, emitError))) {
    return failure();
  }
  proto.set_domain(function.getDomain().str());
  proto.set_name(function.getOperatorName().str());
  if (function.getOverload() && !function.getOverload()->empty()) {
    proto.set_overload(function.getOverload()->str());
  }
  ValueInfos arguments, results;
  for (StringAttr name : function.getInputNames().getAsRange<StringAttr>()) {
    proto.add_input(name.str());
    arguments.Add()->set_name(name.str());
  }
  for (StringAttr name : function.getOutputNames().getAsRange<StringAttr>()) {
    proto.add_output(name.str());
    results.Add()->set_name(name.str());
  }
  for (StringAttr name : function.getAttrNames().getAsRange<StringAttr>()) {
    proto.add_attribute(name.str());
  }
  AttributeList defaults(*proto.mutable_attribute_proto());
  if (function.getAttrDefaultsAttr() &&
      failed(buildAttributes(function, function.getAttrDefaultsAttr(),
                             defaults))) {
    return failure();
  }
  defaults.finish();
  buildOpsets(function.getOpsetImports(), *proto.mutable_opset_import());

  ValueNames names;
  avoidGivenNames(function, names);
  ValueNames::Scope scope(names);
  SmallVector<Copy> copies;
  Block &block = function.getBody().front();
  Body body{names, function.getOpsetImports(), *proto.mutable_node(), nullptr};
  if (failed(defineArguments(function, block, arguments, names))) {
    return failure();
  }
  bindResults(block, results, names, copies);
  return success(succeeded(buildNodes(block, body)) &&
                 succeeded(buildCopies(function, block, copies, results,
                                       body)));
}

/// What a model says about itself: that of the file which it came from, or that
/// we made it.
LogicalResult ModelBuilder::buildProperties(qeff_onnx::ModelProto &model) {
  if (failed(parseMessage(module->getAttrOfType<StringAttr>(kProtoAttr), model,
                          [&] { return module.emitError(); }))) {
    return failure();
  }
  auto properties = module->getAttrOfType<DictionaryAttr>(kModelAttr);
  if (!properties) {
    model.set_producer_name("qeff");
    model.set_producer_version(kVersion);
    return success();
  }
  auto set = [&](StringRef name, auto apply) {
    if (auto text = properties.getAs<StringAttr>(name)) {
      apply(text.str());
    }
  };
  set("producer_name", [&](std::string v) { model.set_producer_name(v); });
  set("producer_version",
      [&](std::string v) { model.set_producer_version(v); });
  set("domain", [&](std::string v) { model.set_domain(v); });
  set("doc_string", [&](std::string v) { model.set_doc_string(v); });
  if (auto version = properties.getAs<IntegerAttr>("model_version")) {
    model.set_model_version(version.getInt());
  }
  if (auto metadata = properties.getAs<ArrayAttr>("metadata")) {
    encodeMetadata(metadata, *model.mutable_metadata_props());
  }
  return success();
}

LogicalResult ModelBuilder::build(qeff_onnx::ModelProto &model) {
  auto opsets = module->getAttrOfType<ArrayAttr>(kOpsetImportsAttr);
  auto version = module->getAttrOfType<IntegerAttr>(kIRVersionAttr);
  if (!opsets || !version) {
    return module.emitError() << "expects a module with '" << kOpsetImportsAttr
                              << "' and '" << kIRVersionAttr
                              << "'; convert-qeff-to-onnxir makes one";
  }
  if (failed(buildProperties(model))) {
    return failure();
  }
  model.set_ir_version(version.getInt());
  buildOpsets(opsets, *model.mutable_opset_import());
  FailureOr<FuncOp> main = findMainFunction(module);
  if (failed(main) || failed(buildMain(*main, *model.mutable_graph()))) {
    return failure();
  }
  for (FunctionOp function : module.getOps<FunctionOp>()) {
    if (failed(buildFunction(function, *model.add_functions()))) {
      return failure();
    }
  }
  return success();
}
