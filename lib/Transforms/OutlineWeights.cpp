// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-outline-weights: weight-only subgraphs become symbols.

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Transforms/Passes.h"
#include "qeff/Weights/Evaluator.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace qeff {
#define GEN_PASS_DEF_OUTLINEWEIGHTSPASS
#include "qeff/Transforms/Passes.h.inc"
} // namespace qeff

using namespace qeff;

namespace {
struct OutlineWeightsPass
    : public qeff::impl::OutlineWeightsPassBase<OutlineWeightsPass> {
  void runOnOperation() override;

private:
  bool isWeightOnly(Value value);
  bool isRoot(Operation *op);
  FailureOr<WeightExprOp> outline(Operation *root, StringRef key);
  std::string getName(Operation *root, ArrayRef<Operation *> body);

  llvm::DenseMap<Value, bool> weightOnly;
  std::optional<SymbolTable> symbols;
};
} // namespace

/// A leaf that stays as it is where nothing is computed from it.
static bool isLeaf(Operation *op) {
  return isa<WeightRefOp>(op) || op->hasTrait<mlir::OpTrait::ConstantLike>();
}

bool OutlineWeightsPass::isWeightOnly(Value value) {
  auto [entry, isNew] = weightOnly.try_emplace(value, false);
  if (!isNew) {
    return entry->second;
  }
  Operation *op = value.getDefiningOp();
  bool result =
      op && (isLeaf(op) ||
             (isa<StreamableOpInterface>(op) && op->getNumResults() == 1 &&
              succeeded(getTensorBytes(value.getType())) &&
              llvm::all_of(op->getOperands(),
                           [&](Value operand) {
                             return isWeightOnly(operand);
                           })));
  weightOnly[value] = result;
  return result;
}

/// Whether `op` computes a weight that something other than a weight uses.
bool OutlineWeightsPass::isRoot(Operation *op) {
  if (isLeaf(op) || op->getNumResults() != 1 ||
      !isWeightOnly(op->getResult(0))) {
    return false;
  }
  return llvm::any_of(op->getUsers(), [&](Operation *user) {
    return user->getNumResults() != 1 || !isWeightOnly(user->getResult(0));
  });
}

/// The ops that compute `root`, operands before users.
static llvm::SetVector<Operation *> collectBody(Operation *root) {
  llvm::SetVector<Operation *> body;
  SmallVector<std::pair<Operation *, unsigned>> stack = {{root, 0}};
  while (!stack.empty()) {
    auto &[op, next] = stack.back();
    if (next == op->getNumOperands()) {
      body.insert(op);
      stack.pop_back();
      continue;
    }
    Operation *operand = op->getOperand(next++).getDefiningOp();
    if (!body.contains(operand)) {
      stack.push_back({operand, 0});
    }
  }
  return body;
}

/// The first weight of the body and the root's op: "q_proj.weight.transpose".
std::string OutlineWeightsPass::getName(Operation *root,
                                        ArrayRef<Operation *> body) {
  StringRef mnemonic = root->getName().stripDialect();
  std::string base = mnemonic.str();
  for (Operation *op : body) {
    if (auto reference = dyn_cast<WeightRefOp>(op)) {
      base = (reference.getWeight() + "." + mnemonic).str();
      break;
    }
  }
  std::string name = base;
  for (int64_t i = 1; symbols->lookup(name); ++i) {
    name = base + "_" + std::to_string(i);
  }
  return name;
}

FailureOr<WeightExprOp> OutlineWeightsPass::outline(Operation *root,
                                                    StringRef key) {
  llvm::SetVector<Operation *> body = collectBody(root);
  ModuleOp module = getOperation();
  // Symbols stand before what uses them.
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  for (Operation &op : *module.getBody()) {
    if (isa<DimOp, FileOp, WeightOp, WeightExprOp>(op)) {
      builder.setInsertionPointAfter(&op);
    }
  }
  StringAttr scope;
  for (Operation *op : body) {
    auto reference = dyn_cast<WeightRefOp>(op);
    Operation *symbol =
        reference ? symbols->lookup(reference.getWeight()) : nullptr;
    if (symbol && !scope) {
      scope = symbol->getAttrOfType<StringAttr>("scope");
    }
  }
  auto expr = WeightExprOp::create(
      builder, root->getLoc(),
      builder.getStringAttr(getName(root, body.getArrayRef())),
      builder.getStringAttr("private"), scope, builder.getStringAttr(key),
      mlir::TypeAttr::get(root->getResult(0).getType()));
  builder.createBlock(&expr.getBody());
  IRMapping mapping;
  for (Operation *op : body) {
    builder.clone(*op, mapping);
  }
  YieldOp::create(builder, root->getLoc(),
                  mapping.lookup(root->getResult(0)));
  symbols->insert(expr);
  return expr;
}

void OutlineWeightsPass::runOnOperation() {
  ModuleOp module = getOperation();
  symbols.emplace(module);
  weightOnly.clear();
  llvm::StringMap<WeightExprOp> byKey;
  for (auto expr : module.getOps<WeightExprOp>()) {
    if (std::optional<StringRef> key = expr.getKey()) {
      byKey.try_emplace(*key, expr);
    }
  }

  SmallVector<Operation *> roots;
  module.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<WeightExprOp>(op)) {
      return WalkResult::skip();
    }
    if (isRoot(op)) {
      roots.push_back(op);
    }
    return WalkResult::advance();
  });
  for (Operation *root : roots) {
    FailureOr<std::string> key = getContentKey(root->getResult(0));
    if (failed(key)) {
      return signalPassFailure();
    }
    WeightExprOp &expr = byKey[*key];
    if (!expr) {
      FailureOr<WeightExprOp> outlined = outline(root, *key);
      if (failed(outlined)) {
        return signalPassFailure();
      }
      expr = *outlined;
    }
    OpBuilder builder(root);
    Value reference = WeightRefOp::create(
        builder, root->getLoc(), root->getResult(0).getType(),
        expr.getSymName());
    root->getResult(0).replaceUsesWithIf(reference, [&](OpOperand &use) {
      Operation *user = use.getOwner();
      return user->getNumResults() != 1 || !isWeightOnly(user->getResult(0));
    });
  }
  // What only the outlined values used, users first.
  SmallVector<Operation *> candidates;
  module.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<WeightExprOp>(op)) {
      return WalkResult::skip();
    }
    if (isLeaf(op) || isa<StreamableOpInterface>(op)) {
      candidates.push_back(op);
    }
    return WalkResult::advance();
  });
  for (Operation *op : llvm::reverse(candidates)) {
    if (op->use_empty()) {
      op->erase();
    }
  }
}
