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
      return emitError() << "expects a name and a domain, got '"
                         << function.domain() << "' and '" << function.name()
                         << "'";
    }
    if (StringRef(function.name()).contains("::")) {
      return emitError() << "expects a name without '::'";
    }
    if (!symbols.take(getFunctionSymbol(function.domain(), function.name(),
                                        function.overload()))) {
      return emitError() << "expects a name of its own in domain '"
                         << function.domain() << "'";
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
                                   : " of different names, got two of '" +
                                         name + "'");
      return failure();
    }
    texts.push_back(StringAttr::get(context, name));
  }
  names.Clear();
  return ArrayAttr::get(context, texts);
}

LogicalResult ModelImporter::importFunction(qeff_onnx::FunctionProto &function) {
  Place here(*this, "function", function.name());
  auto emit = [&] { return emitError(); };
  std::string symbol = getFunctionSymbol(function.domain(), function.name(),
                                         function.overload());
  StringAttr overload;
  if (!function.overload().empty()) {
    overload = builder.getStringAttr(function.overload());
    function.clear_overload();
  }
  function.clear_domain();
  function.clear_name();
  FailureOr<ArrayAttr> inputs =
      importNames(context, *function.mutable_input(), "inputs", emit);
  FailureOr<ArrayAttr> outputs =
      importNames(context, *function.mutable_output(), "outputs", emit);
  FailureOr<ArrayAttr> attributes =
      importNames(context, *function.mutable_attribute(), "attributes", emit);
  FailureOr<ArrayAttr> opsets = importOpsets(*function.mutable_opset_import());
  NamedAttrList defaults;
  SmallVector<Subgraph> subgraphs;
  if (failed(inputs) || failed(outputs) || failed(attributes) ||
      failed(opsets) ||
      failed(importAttributes(*function.mutable_attribute_proto(), defaults,
                              subgraphs))) {
    return failure();
  }
  if (!subgraphs.empty()) {
    return emitError() << "expects attributes without graphs, got '"
                       << subgraphs.front().first << "'";
  }
  auto op = FunctionOp::create(
      symbolBuilder, loc, symbol, StringAttr(), *inputs, *outputs, *attributes,
      *opsets,
      defaults.empty() ? DictionaryAttr() : defaults.getDictionary(context),
      overload, StringAttr());
  dropPlainStubs(*function.mutable_attribute_proto());
  if (failed(importFunctionBody(*function.mutable_node(), op))) {
    return failure();
  }
  function.clear_node();
  op.setProtoAttr(serializeMessage(context, function));
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
  if (failed(importNodes(nodes, scope))) {
    return failure();
  }
  SmallVector<Value> results;
  for (StringAttr output : op.getOutputNames().getAsRange<StringAttr>()) {
    results.push_back(lookup(scope, output.getValue()));
    if (!results.back()) {
      return emitError() << "expects output " << output
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
                            "got '"
                         << found << "'";
    }
  }
  return success();
}
