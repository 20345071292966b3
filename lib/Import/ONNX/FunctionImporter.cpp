// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Model-local functions of an ONNX model.

#include "ModelImporter.h"

using namespace qeff;
using namespace qeff::onnxir;

LogicalResult
ModelImporter::takeFunctionSymbols(const qeff_onnx::ModelProto &model) {
  for (const qeff_onnx::FunctionProto &function : model.functions()) {
    Place here(*this, "function", function.name());
    if (function.name().empty() || function.domain().empty()) {
      return emitError() << "expects a name and a domain, got "
                         << quote(function.domain()) << " and "
                         << quote(function.name());
    }
    if (StringRef(function.name()).contains("::") ||
        StringRef(function.name()).starts_with(":")) {
      return emitError() << "expects a name without '::' and ':' in front";
    }
    if (!symbols.take(getFunctionSymbol(function.domain(), function.name(),
                                        function.overload()))) {
      return emitError() << "expects a name of its own in domain "
                         << quote(function.domain());
    }
  }
  return success();
}

/// An array of texts, which must differ.
static FailureOr<ArrayAttr>
importNames(MLIRContext *context,
            google::protobuf::RepeatedPtrField<std::string> &names,
            StringRef what, EmitErrorFn emitError) {
  SmallVector<Attribute> texts;
  llvm::StringSet<> seen;
  for (const std::string &name : names) {
    if (name.empty() || !seen.insert(name).second) {
      emitError() << "expects " << what
                  << (name.empty() ? " with names, got an empty one"
                                   : " of different names, got two of " +
                                         quote(name));
      return failure();
    }
    texts.push_back(StringAttr::get(context, name));
  }
  names.Clear();
  return ArrayAttr::get(context, texts);
}

LogicalResult ModelImporter::importFunction(qeff_onnx::FunctionProto &proto) {
  Place here(*this, "function", proto.name());
  auto emit = [&] { return emitError(); };
  std::string symbol = getFunctionSymbol(proto.domain(), proto.name(),
                                         proto.overload());
  StringAttr overload;
  if (!proto.overload().empty()) {
    overload = builder.getStringAttr(proto.overload());
    proto.clear_overload();
  }
  proto.clear_domain();
  proto.clear_name();
  FailureOr<ArrayAttr> inputs, outputs, attributes, opsets;
  NamedAttrList defaults;
  SmallVector<Subgraph> subgraphs;
  if (failed(inputs = importNames(context, *proto.mutable_input(), "inputs",
                                  emit)) ||
      failed(outputs = importNames(context, *proto.mutable_output(),
                                   "outputs", emit)) ||
      failed(attributes = importNames(context, *proto.mutable_attribute(),
                                      "attributes", emit)) ||
      failed(opsets = importOpsets(*proto.mutable_opset_import())) ||
      failed(importAttributes(*proto.mutable_attribute_proto(), defaults,
                              subgraphs))) {
    return failure();
  }
  if (!subgraphs.empty()) {
    return emitError() << "expects attributes without graphs, got "
                       << quote(subgraphs.front().first);
  }
  auto op = FunctionOp::create(
      symbolBuilder, loc, symbol, StringAttr(), *inputs, *outputs, *attributes,
      *opsets,
      defaults.empty() ? DictionaryAttr() : defaults.getDictionary(context),
      overload, StringAttr());
  dropPlainStubs(*proto.mutable_attribute_proto());
  if (failed(importFunctionBody(*proto.mutable_node(), op))) {
    return failure();
  }
  proto.clear_node();
  op.setProtoAttr(serializeMessage(context, proto));
  return success();
}

LogicalResult ModelImporter::importFunctionBody(Nodes &nodes, FunctionOp op) {
  Block &block = op.getBody().emplaceBlock();
  Scope scope{nullptr, &block, op.getOpsetImports(), {}, {}, {}};
  for (StringAttr input : op.getInputNames().getAsRange<StringAttr>()) {
    Value value = block.addArgument(AnyType::get(context), loc);
    if (failed(define(scope, input.getValue(), value))) {
      return failure();
    }
  }
  builder.setInsertionPointToEnd(&block);
  function = op;
  if (failed(importNodes(nodes, scope))) {
    return failure();
  }
  function = {};
  SmallVector<Value> results;
  for (StringAttr output : op.getOutputNames().getAsRange<StringAttr>()) {
    results.push_back(lookup(scope, output.getValue()));
    if (!results.back()) {
      return emitError() << "expects output " << quote(output)
                         << " to be made by a node";
    }
  }
  builder.setInsertionPointToEnd(&block);
  ReturnOp::create(builder, loc, results);
  return success();
}

namespace {
using CallGraph = llvm::StringMap<SmallVector<std::string>>;
enum class State { Open, Done };
} // namespace

/// A function that calls itself, found from `root` on, or "".
static std::string findRecursion(StringRef root, CallGraph &calls,
                                 llvm::StringMap<State> &states) {
  // Depth first; a function is open while its callees are visited.
  std::vector<std::pair<std::string, size_t>> stack;
  stack.emplace_back(root.str(), 0);
  states[root] = State::Open;
  while (!stack.empty()) {
    auto &[name, next] = stack.back();
    ArrayRef<std::string> callees = calls[name];
    if (next == callees.size()) {
      states[name] = State::Done;
      stack.pop_back();
      continue;
    }
    const std::string &callee = callees[next++];
    auto [state, isNew] = states.try_emplace(callee, State::Open);
    if (isNew) {
      stack.emplace_back(callee, 0);
    } else if (state->second == State::Open) {
      return callee;
    }
  }
  return "";
}

/// Refuses functions that call themselves.
LogicalResult ModelImporter::checkRecursion() {
  CallGraph calls;
  for (FunctionOp function : module->getOps<FunctionOp>()) {
    calls.try_emplace(function.getSymName());
  }
  for (FunctionOp function : module->getOps<FunctionOp>()) {
    function.walk([&](NodeOp node) {
      std::string callee =
          getFunctionSymbol(node.getDomain(), node.getOpType(),
                            node.getOverload().value_or(""));
      if (calls.contains(callee)) {
        calls[function.getSymName()].push_back(callee);
      }
    });
  }
  llvm::StringMap<State> states;
  for (FunctionOp function : module->getOps<FunctionOp>()) {
    if (states.contains(function.getSymName())) {
      continue;
    }
    std::string found = findRecursion(function.getSymName(), calls, states);
    if (!found.empty()) {
      return emitError() << "expects functions that do not call themselves, "
                            "got "
                         << quote(found);
    }
  }
  return success();
}
