// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnxir-upgrade: brings nodes to typed ops, one form per operator.

#include "UpgradeForms.h"

#include "qeff/Dialect/ONNXIR/Transforms/Passes.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"

#include "llvm/ADT/StringMap.h"

namespace qeff::onnxir {
#define GEN_PASS_DEF_UPGRADEPASS
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h.inc"
} // namespace qeff::onnxir

using namespace qeff;
using namespace qeff::onnxir;
using mlir::func::FuncOp;

static bool isDefaultDomain(StringRef domain) {
  return domain.empty() || domain == "ai.onnx";
}

//===----------------------------------------------------------------------===//
// Upgrader
//===----------------------------------------------------------------------===//

namespace {
class Upgrader {
public:
  Upgrader(FuncOp function, ArrayAttr imports)
      : function(function), imports(imports), initializers(function) {
    for (const UpgradeStep &step : getUpgradeSteps()) {
      steps[step.name].push_back(&step);
    }
  }

  void run();
  /// The opset of the default domain that the typed ops need.
  int64_t getNeededVersion() const { return needed; }

private:
  void upgrade(NodeOp node);
  bool replaceCastLike(NodeOp node);
  bool replaceByOther(NodeOp node, int64_t version);
  bool replaceByType(NodeOp node, int64_t version);
  LogicalResult apply(Form &form);
  Operation *create(Form &form, const OperatorInfo &info);
  bool arrangeOperands(Form &form, const OperatorInfo &info);

  FuncOp function;
  ArrayAttr imports;
  InitializerBuilder initializers;
  llvm::StringMap<SmallVector<const UpgradeStep *, 2>> steps;
  int64_t needed = 1;
};
} // namespace

LogicalResult Upgrader::apply(Form &form) {
  auto found = steps.find(form.node.getOpType());
  if (found == steps.end() || !isDefaultDomain(form.node.getDomain())) {
    return success();
  }
  for (const UpgradeStep *step : found->second) {
    if (form.version < step->version) {
      if (failed(step->apply(form))) {
        return failure();
      }
      form.version = step->version;
    }
  }
  return success();
}

/// Whether the attributes are those of the typed op, each of its kind.
static bool haveKinds(const NamedAttrList &attributes,
                      const OperatorInfo &info) {
  for (NamedAttribute attribute : attributes) {
    const OperatorAttribute *known = info.findAttribute(attribute.getName());
    if (!known || isa<RefAttr>(attribute.getValue()) ||
        getAttrKind(attribute.getValue()) != known->kind) {
      return false;
    }
  }
  return llvm::all_of(info.attributes, [&](const OperatorAttribute &known) {
    return !known.name || !known.isRequired || attributes.get(known.name);
  });
}

/// Brings the operands to the number that the typed op has.
bool Upgrader::arrangeOperands(Form &form, const OperatorInfo &info) {
  StringRef letters = info.operands;
  bool isVariadic = letters.ends_with("*");
  size_t fixed = letters.size() - (isVariadic ? 1 : 0);
  auto isNone = [](Value value) {
    return isa<mlir::NoneType>(value.getType());
  };
  while (form.operands.size() > fixed && isNone(form.operands.back())) {
    form.operands.pop_back();
  }
  if (!isVariadic && form.operands.size() > fixed) {
    return false;
  }
  for (size_t i = 0; i < fixed; ++i) {
    bool isMissing = i >= form.operands.size() || isNone(form.operands[i]);
    if (isMissing && letters[i] != '?') {
      return false;
    }
    if (i >= form.operands.size()) {
      form.operands.push_back(initializers.getNone());
    }
  }
  return true;
}

/// Creates the typed op, or nothing where its operands, results or attributes
/// are not those of the form.
Operation *Upgrader::create(Form &form, const OperatorInfo &info) {
  NodeOp node = form.node;
  StringRef letters = info.results;
  bool isVariadic = letters.ends_with("*");
  SmallVector<Type> types(node.getResultTypes());
  Type none = form.builder.getNoneType();
  for (size_t i = types.size(); !isVariadic && i < letters.size(); ++i) {
    types.push_back(none);
  }
  for (size_t i = 0; i < types.size(); ++i) {
    char letter = i < letters.size() ? letters[i] : '*';
    if ((letter == '1' && types[i] == none) ||
        (letter == '*' && !isVariadic)) {
      return nullptr;
    }
  }
  if (!haveKinds(form.attributes, info) || !arrangeOperands(form, info)) {
    return nullptr;
  }
  if (StringAttr name = node.getNameAttr()) {
    form.attributes.set("name", name);
  }
  if (StringAttr scope = getScope(node)) {
    form.attributes.set("scope", scope);
  }
  OperationState state(node.getLoc(), info.opName);
  state.addOperands(form.operands);
  state.addTypes(types);
  state.addAttributes(form.attributes.getAttrs());
  return form.builder.create(state);
}

/// Replaces a CastLike whose target is known by a Cast.
bool Upgrader::replaceCastLike(NodeOp node) {
  auto like = node.getInputs().size() == 2
                  ? dyn_cast<mlir::TensorType>(node.getInputs()[1].getType())
                  : mlir::TensorType();
  std::optional<int64_t> to =
      like ? getDataType(like.getElementType()) : std::nullopt;
  const OperatorInfo *info = lookupOperator("", "Cast");
  if (!to || node.getNumResults() != 1) {
    return false;
  }
  OpBuilder builder(node);
  Form form{node, builder, initializers, info->sinceVersion, "Cast",
            {node.getInputs()[0]},
            NamedAttrList(node.getOnnxAttrsAttr())};
  form.setInt("to", *to);
  Operation *op = create(form, *info);
  if (!op) {
    return false;
  }
  needed = std::max(needed, getNeededOpset(op));
  node.replaceAllUsesWith(op);
  node.erase();
  return true;
}

/// Replaces a node by a typed op of its operator; false: it stays.
bool Upgrader::replaceByType(NodeOp node, int64_t version) {
  OpBuilder builder(node);
  Form form{node,
            builder,
            initializers,
            version,
            node.getOpType().str(),
            SmallVector<Value>(node.getInputs()),
            NamedAttrList(node.getOnnxAttrsAttr())};
  Operation *before = node->getPrevNode();
  LogicalResult isApplied = apply(form);
  const OperatorInfo *info = lookupOperator(node.getDomain(), form.name);
  Operation *op = nullptr;
  if (succeeded(isApplied) && info && form.version >= info->formVersion) {
    op = create(form, *info);
  }
  if (!op) {
    // What the steps made in front of it.
    while (node->getPrevNode() != before &&
           isa<OperatorOpInterface>(node->getPrevNode())) {
      node->getPrevNode()->erase();
    }
    return false;
  }
  for (Operation *made = op; made != before; made = made->getPrevNode()) {
    if (isa<OperatorOpInterface>(made) && isDefaultDomain(
            cast<OperatorOpInterface>(made).getDomain())) {
      needed = std::max(needed, getNeededOpset(made));
    }
  }
  SmallVector<Value> results(
      op->getResults().take_front(node.getNumResults()));
  if (form.finish) {
    results[0] = form.finish(builder, results[0]);
  }
  node->replaceAllUsesWith(results);
  node.erase();
  return true;
}

/// Replaces operators that have no typed op of their own, or need none.
bool Upgrader::replaceByOther(NodeOp node, int64_t version) {
  if (!isDefaultDomain(node.getDomain())) {
    return false;
  }
  StringRef name = node.getOpType();
  return (name == "Constant" && replaceConstant(node, initializers)) ||
         (name == "Dropout" && replaceDropout(node, version)) ||
         (name == "CastLike" && replaceCastLike(node));
}

void Upgrader::upgrade(NodeOp node) {
  std::optional<int64_t> import = lookupOpset(imports, node.getDomain());
  auto version =
      static_cast<int64_t>(node.getSinceVersion().value_or(import.value_or(0)));
  if (version < 1) {
    return;
  }
  StringRef overload = node.getOverload().value_or("");
  bool isPlain = node.getBodies().empty() && overload.empty();
  bool isReplaced = isPlain && (replaceByOther(node, version) ||
                                replaceByType(node, version));
  if (!isReplaced) {
    node.setSinceVersion(version);
  }
}

void Upgrader::run() {
  SmallVector<NodeOp> nodes;
  // Operands before their uses, so that a constant is seen as one.
  function.walk<mlir::WalkOrder::PreOrder>(
      [&](NodeOp node) { nodes.push_back(node); });
  for (NodeOp node : nodes) {
    upgrade(node);
  }
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// The first version of ONNX's file format that has opset `version`.
static int64_t getFormatVersion(int64_t version) {
  static constexpr std::pair<int64_t, int64_t> formats[] = {
      {9, 4}, {10, 5}, {11, 6}, {12, 7}, {15, 8}, {19, 9}, {21, 10}, {23, 11},
      {24, 12}, {26, 13}};
  int64_t result = 3;
  for (auto [opset, format] : formats) {
    result = version >= opset ? format : result;
  }
  return result;
}

void onnxir::raiseOpset(ModuleOp module, int64_t version) {
  MLIRContext *context = module.getContext();
  auto imports = module->getAttrOfType<ArrayAttr>(kOpsetImportsAttr);
  auto format = module->getAttrOfType<IntegerAttr>(kIRVersionAttr);
  if (!imports || !format) {
    return;
  }
  SmallVector<Attribute> raised;
  for (OpsetAttr opset : imports.getAsRange<OpsetAttr>()) {
    bool isRaised = isDefaultDomain(opset.getDomain().getValue());
    raised.push_back(
        OpsetAttr::get(context, opset.getDomain(),
                       isRaised ? std::max(opset.getVersion(), version)
                                : opset.getVersion()));
  }
  module->setAttr(kOpsetImportsAttr, ArrayAttr::get(context, raised));
  module->setAttr(kIRVersionAttr,
                  mlir::Builder(context).getI64IntegerAttr(std::max(
                      format.getInt(), getFormatVersion(version))));
}

namespace {
struct UpgradePass : public onnxir::impl::UpgradePassBase<UpgradePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto imports = module->getAttrOfType<ArrayAttr>(kOpsetImportsAttr);
    auto format = module->getAttrOfType<IntegerAttr>(kIRVersionAttr);
    if (!imports || !format) {
      module.emitError() << "expects a module with '" << kOpsetImportsAttr
                         << "' and '" << kIRVersionAttr << "'";
      return signalPassFailure();
    }
    int64_t needed = 1;
    for (FuncOp function : module.getOps<FuncOp>()) {
      if (function.isExternal()) {
        continue;
      }
      Upgrader upgrader(function, imports);
      upgrader.run();
      needed = std::max(needed, upgrader.getNeededVersion());
    }
    raiseOpset(module, needed);
  }
};
} // namespace
