// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnxir-inline-functions: replaces calls of model-local functions by their
// nodes.

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace qeff::onnxir {
#define GEN_PASS_DEF_INLINEFUNCTIONSPASS
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h.inc"
} // namespace qeff::onnxir

using namespace qeff;
using namespace qeff::onnxir;
using mlir::func::FuncOp;

/// Nodes that calls may expand to.
static constexpr int64_t kMaxNodes = 10'000'000;

static bool isDefaultDomain(StringAttr domain) {
  return domain.empty() || domain == "ai.onnx";
}

namespace {
class Inliner {
public:
  Inliner(ModuleOp module, ArrayRef<std::string> keep);
  /// Refuses functions that call themselves.
  LogicalResult checkRecursion();
  LogicalResult run(FuncOp main);
  /// Removes functions that are called from nowhere.
  void removeUnused();

private:
  FunctionOp getCallee(NodeOp node) const;
  SmallVector<FunctionOp> getCallees(Operation *root) const;
  LogicalResult checkCall(NodeOp call, FunctionOp callee);
  void copyBody(NodeOp call, FunctionOp callee, IRMapping &mapping);
  void instantiate(NodeOp node, NodeOp call, FunctionOp callee);
  void rename(NodeOp node, NodeOp call);
  void raiseOpsets(FuncOp main);

  ModuleOp module;
  llvm::StringMap<FunctionOp> functions;
  std::vector<NodeOp> calls;
  llvm::DenseMap<Operation *, int64_t> sizes; ///< nodes in a function
  int64_t numNodes = 0;
  bool changed = false;
};
} // namespace

Inliner::Inliner(ModuleOp module, ArrayRef<std::string> keep)
    : module(module) {
  for (FunctionOp function : module.getOps<FunctionOp>()) {
    if (!llvm::is_contained(keep, function.getDomain())) {
      functions.try_emplace(function.getSymName(), function);
    }
  }
}

FunctionOp Inliner::getCallee(NodeOp node) const {
  return functions.lookup(getFunctionSymbol(
      node.getDomain(), node.getOpType(), node.getOverload().value_or("")));
}

SmallVector<FunctionOp> Inliner::getCallees(Operation *root) const {
  SmallVector<FunctionOp> callees;
  root->walk([&](NodeOp node) {
    if (FunctionOp callee = getCallee(node)) {
      callees.push_back(callee);
    }
  });
  return callees;
}

LogicalResult Inliner::checkRecursion() {
  // Depth first; a function is open while its callees are visited.
  llvm::DenseMap<Operation *, bool> isOpen;
  std::vector<std::pair<FunctionOp, SmallVector<FunctionOp>>> stack;
  auto enter = [&](FunctionOp function) -> LogicalResult {
    auto [entry, isNew] = isOpen.try_emplace(function, true);
    if (isNew) {
      stack.emplace_back(function, getCallees(function));
    } else if (entry->second) {
      return function.emitOpError(
                 "expects functions that do not call themselves, got '")
             << function.getSymName() << "'";
    }
    return success();
  };
  for (FunctionOp function : module.getOps<FunctionOp>()) {
    if (failed(enter(function))) {
      return failure();
    }
    while (!stack.empty()) {
      if (stack.back().second.empty()) {
        isOpen[stack.back().first] = false;
        stack.pop_back();
      } else if (failed(enter(stack.back().second.pop_back_val()))) {
        return failure();
      }
    }
  }
  return success();
}

/// The value of an attribute in a call of `callee`: `value` itself, or what it
/// refers to, or null.
static Attribute resolve(Attribute value, NodeOp call, FunctionOp callee) {
  auto ref = dyn_cast<RefAttr>(value);
  if (!ref) {
    return value;
  }
  DictionaryAttr given = call.getOnnxAttrsAttr();
  Attribute found = given ? given.get(ref.getName()) : Attribute();
  DictionaryAttr defaults = callee.getAttrDefaultsAttr();
  return found || !defaults ? found : defaults.get(ref.getName());
}

/// Replaces references to attributes, and says the opset of the node.
void Inliner::instantiate(NodeOp node, NodeOp call, FunctionOp callee) {
  SmallVector<NamedAttribute> attributes;
  DictionaryAttr before = node.getOnnxAttrsAttr();
  for (NamedAttribute attribute :
       before ? before.getValue() : ArrayRef<NamedAttribute>()) {
    Attribute value = resolve(attribute.getValue(), call, callee);
    if (value) {
      attributes.emplace_back(attribute.getName(), value);
    }
  }
  if (before) {
    node.setOnnxAttrsAttr(
        attributes.empty()
            ? DictionaryAttr()
            : DictionaryAttr::get(node.getContext(), attributes));
  }
  std::optional<int64_t> version =
      lookupOpset(callee.getOpsetImports(), node.getDomain());
  if (!node.getSinceVersion() && version) {
    node.setSinceVersion(*version);
  }
}

/// Puts the name of the call in front of the names of a copied node.
void Inliner::rename(NodeOp node, NodeOp call) {
  mlir::Builder builder(node.getContext());
  std::string prefix =
      (call.getName() ? *call.getName() : call.getOpType()).str() + "/";
  StringRef own = node.getName() ? *node.getName() : node.getOpType();
  node.setName(prefix + own.str());
  if (!node.getMetadataAttr() && call.getMetadataAttr()) {
    node.setMetadataAttr(call.getMetadataAttr());
  }
  ArrayAttr outputs = node.getOutputNamesAttr();
  if (!outputs) {
    return;
  }
  SmallVector<Attribute> names;
  for (StringAttr name : outputs.getAsRange<StringAttr>()) {
    names.push_back(name.empty()
                        ? name
                        : builder.getStringAttr(prefix + name.str()));
  }
  node.setOutputNamesAttr(builder.getArrayAttr(names));
}

void Inliner::copyBody(NodeOp call, FunctionOp callee, IRMapping &mapping) {
  OpBuilder builder(call);
  Block &body = callee.getBody().front();
  Value none;
  for (auto [i, argument] : llvm::enumerate(body.getArguments())) {
    if (i >= call.getInputs().size() && !none) {
      none = NoneOp::create(builder, call.getLoc(), builder.getNoneType());
    }
    mapping.map(argument, i < call.getInputs().size() ? call.getInputs()[i]
                                                      : none);
  }
  for (Operation &op : body.without_terminator()) {
    Operation *copy = builder.clone(op, mapping);
    copy->walk([&](NodeOp node) {
      rename(node, call);
      instantiate(node, call, callee);
      if (getCallee(node)) {
        calls.push_back(node);
      }
    });
  }
}

/// Gives `value`, the result of a copied node, the name and type that `result`
/// of a call has.
static void adopt(Value value, mlir::OpResult result) {
  if (isa<AnyType>(value.getType())) {
    value.setType(result.getType());
  }
  auto node = value.getDefiningOp<NodeOp>();
  auto call = cast<NodeOp>(result.getOwner());
  ArrayAttr names = call.getOutputNamesAttr();
  if (!names || !node.getOutputNamesAttr()) {
    return;
  }
  SmallVector<Attribute> changed(node.getOutputNamesAttr().getValue());
  changed[cast<mlir::OpResult>(value).getResultNumber()] =
      names[result.getResultNumber()];
  node.setOutputNamesAttr(ArrayAttr::get(node.getContext(), changed));
}

LogicalResult Inliner::checkCall(NodeOp call, FunctionOp callee) {
  Block &body = callee.getBody().front();
  ValueRange results = body.getTerminator()->getOperands();
  if (call.getInputs().size() > body.getNumArguments() ||
      call.getNumResults() > results.size()) {
    return call.emitOpError()
           << "expects at most " << body.getNumArguments() << " operands and "
           << results.size() << " results, got " << call.getInputs().size()
           << " and " << call.getNumResults();
  }
  if (!call.getBodies().empty()) {
    return call.emitOpError()
           << "expects calls without graphs as attributes, got "
           << call.getSubgraphsAttr();
  }
  int64_t &size = sizes[callee];
  if (size == 0) {
    callee.walk([&](NodeOp) { ++size; });
  }
  numNodes += size;
  if (numNodes > kMaxNodes) {
    return call.emitOpError() << "expects functions that expand to at most "
                              << kMaxNodes << " nodes";
  }
  return success();
}

LogicalResult Inliner::run(FuncOp main) {
  main.walk([&](NodeOp node) {
    if (getCallee(node)) {
      calls.push_back(node);
    }
  });
  changed |= !calls.empty();
  while (!calls.empty()) {
    NodeOp call = calls.back();
    calls.pop_back();
    FunctionOp callee = getCallee(call);
    if (failed(checkCall(call, callee))) {
      return failure();
    }
    IRMapping mapping;
    copyBody(call, callee, mapping);
    ValueRange values = callee.getBody().front().getTerminator()->getOperands();
    for (auto [result, value] : llvm::zip(call.getResults(), values)) {
      Value copy = mapping.lookup(value);
      if (value.getDefiningOp<NodeOp>() &&
          !isa<mlir::NoneType>(result.getType())) {
        adopt(copy, result);
      }
      result.replaceAllUsesWith(copy);
    }
    call.erase();
  }
  if (changed) {
    raiseOpsets(main);
  }
  return success();
}

/// Imports what the copied nodes need; nodes that were there before say the
/// opset that they are of.
void Inliner::raiseOpsets(FuncOp main) {
  auto imports = module->getAttrOfType<ArrayAttr>(kOpsetImportsAttr);
  if (!imports) {
    return;
  }
  llvm::MapVector<StringAttr, int64_t> versions;
  for (OpsetAttr opset : imports.getAsRange<OpsetAttr>()) {
    versions[opset.getDomain()] = opset.getVersion();
  }
  main.walk([&](NodeOp node) {
    std::optional<int64_t> import = lookupOpset(imports, node.getDomain());
    if (!node.getSinceVersion() && import) {
      node.setSinceVersion(*import);
    }
    auto since = static_cast<int64_t>(node.getSinceVersion().value_or(1));
    // The default domain may be imported under its other name.
    StringAttr domain = node.getDomainAttr();
    for (const auto &entry : versions) {
      if (isDefaultDomain(domain) && isDefaultDomain(entry.first)) {
        domain = entry.first;
      }
    }
    int64_t &version = versions[domain];
    version = std::max(version, since);
  });
  SmallVector<Attribute> raised;
  for (auto [domain, version] : versions) {
    raised.push_back(OpsetAttr::get(domain.getContext(), domain, version));
  }
  module->setAttr(kOpsetImportsAttr,
                  ArrayAttr::get(module.getContext(), raised));
}

void Inliner::removeUnused() {
  llvm::DenseSet<Operation *> used;
  SmallVector<Operation *> open;
  for (Operation &op : module.getBody()->getOperations()) {
    if (!isa<FunctionOp>(op) ||
        !functions.contains(cast<FunctionOp>(op).getSymName())) {
      open.push_back(&op);
    }
  }
  while (!open.empty()) {
    for (FunctionOp callee : getCallees(open.pop_back_val())) {
      if (used.insert(callee).second) {
        open.push_back(callee);
      }
    }
  }
  for (auto &entry : functions) {
    if (!used.contains(entry.second)) {
      entry.second.erase();
    }
  }
}

namespace {
struct InlineFunctionsPass
    : public onnxir::impl::InlineFunctionsPassBase<InlineFunctionsPass> {
  using InlineFunctionsPassBase::InlineFunctionsPassBase;

  void runOnOperation() override {
    SmallVector<std::string> kept(keep.begin(), keep.end());
    Inliner inliner(getOperation(), kept);
    if (failed(inliner.checkRecursion())) {
      return signalPassFailure();
    }
    for (FuncOp function : getOperation().getOps<FuncOp>()) {
      if (failed(inliner.run(function))) {
        return signalPassFailure();
      }
    }
    inliner.removeUnused();
  }
};
} // namespace
