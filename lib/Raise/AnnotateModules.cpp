// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-annotate-modules: what graphs say of modules becomes what adapters
// address. Graphs can say anything: a name that cannot be right is dropped.

#include "Remarks.h"

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Raise/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"

namespace qeff {
#define GEN_PASS_DEF_ANNOTATEMODULESPASS
#include "qeff/Raise/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

/// Longest path that adapters can be fitted to, and its components.
static constexpr size_t kMaxPath = 1024;
static constexpr size_t kMaxDots = 64;

namespace {
class ModuleAnnotator {
public:
  explicit ModuleAnnotator(FuncOp function) : function(function) {}

  void run();

private:
  using Group = SmallVector<Operation *, 1>;

  void collect();
  StringRef findWrapper() const;
  void rename(size_t wrapper);
  std::string checkGroup(StringRef path, const Group &group) const;

  FuncOp function;
  /// Ops by their module's path.
  llvm::MapVector<StringRef, Group> groups;
};
} // namespace

static bool isLong(StringRef path) {
  return path.size() > kMaxPath || path.count('.') > kMaxDots;
}

static ModuleAttr getModule(Operation *op) {
  return isa<LinearOp, EmbeddingOp, RMSNormOp, LayerNormOp>(op)
             ? op->getAttrOfType<ModuleAttr>("module")
             : ModuleAttr();
}

static void setModule(Operation *op, StringRef path) {
  ModuleAttr old = getModule(op);
  op->setAttr("module",
              ModuleAttr::get(op->getContext(),
                              StringAttr::get(op->getContext(), path),
                              old.getRow(), old.getRun(), old.getEvery(),
                              old.getTransposed()));
}

void ModuleAnnotator::collect() {
  groups.clear();
  for (Operation &op : function.getBody().front()) {
    if (ModuleAttr module = getModule(&op)) {
      groups[module.getPath().getValue()].push_back(&op);
    }
  }
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// The components, each with its dot, that all paths begin with. Nothing where
/// the logits come from no module: a model without a head has its body's modules
/// alone, which may well have one component in common.
StringRef ModuleAnnotator::findWrapper() const {
  Operation *head = findHead(function);
  if (!head || !getModule(head)) {
    return {};
  }
  StringRef common = getModule(head).getPath().getValue();
  common = common.take_front(common.rfind('.') + 1);
  for (const auto &[path, group] : groups) {
    while (!path.starts_with(common)) {
      common = common.drop_back();
      common = common.take_front(common.rfind('.') + 1);
    }
  }
  return common;
}

/// Drops the first `wrapper` characters of all paths, and what PEFT puts behind
/// those of layers that have an adapter.
void ModuleAnnotator::rename(size_t wrapper) {
  for (const auto &[path, group] : groups) {
    StringRef name = path.drop_front(wrapper);
    bool isChanged = name.consume_back(".base_layer") || wrapper > 0;
    if (isChanged && !name.empty()) {
      for (Operation *op : group) {
        setModule(op, name);
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// Contradictions
//===----------------------------------------------------------------------===//

/// The tensor or constant that the weight expression `value` is a part or a
/// change of; null where there are several.
static Attribute findRoot(Value value) {
  // What raising builds is less deep.
  constexpr int64_t kMaxSteps = 64;
  for (int64_t step = 0; step < kMaxSteps; ++step) {
    Operation *op = value.getDefiningOp();
    if (!op) {
      break;
    }
    if (auto reference = dyn_cast<WeightRefOp>(op)) {
      return reference.getWeightAttr();
    }
    if (auto constant = dyn_cast<mlir::arith::ConstantOp>(op)) {
      return constant.getValue();
    }
    // Parts of one tensor that are joined again have one input here.
    bool same = op->getNumOperands() > 0 &&
                (isa<LoRAMergeOp>(op) || llvm::all_equal(op->getOperands()));
    if (!same) {
      return {};
    }
    value = op->getOperand(0);
  }
  return {};
}

static Value getWeightOf(Operation *op) {
  if (auto norm = dyn_cast<LayerNormOp>(op)) {
    return norm.getWeight();
  }
  return op->getOperand(1);
}

/// Whether `a` and `b` can be parts of one linear layer.
static bool areParts(Operation *a, Operation *b) {
  auto first = dyn_cast<LinearOp>(a);
  auto second = dyn_cast<LinearOp>(b);
  if (!first || !second ||
      first.getModuleAttr().getTransposed() !=
          second.getModuleAttr().getTransposed() ||
      (first.getBias() != nullptr) != (second.getBias() != nullptr)) {
    return false;
  }
  auto getType = [](LinearOp op) {
    return cast<RankedTensorType>(op.getWeight().getType());
  };
  Attribute root = findRoot(first.getWeight());
  return root && root == findRoot(second.getWeight()) &&
         getType(first).getDimSize(1) == getType(second).getDimSize(1);
}

/// Whether the rows that `group` gives begin with the first and leave none out.
static bool hasAllRows(ArrayRef<Operation *> group) {
  SmallVector<std::pair<int64_t, int64_t>> runs;
  for (Operation *op : group) {
    auto type = cast<RankedTensorType>(getWeightOf(op).getType());
    llvm::append_range(runs, getModule(op).getRuns(type.getDimSize(0)));
  }
  llvm::sort(runs);
  int64_t end = 0;
  for (auto [row, count] : runs) {
    if (row > end) {
      return false;
    }
    end = std::max(end, row + count);
  }
  return end > 0;
}

/// Why the ops of `group` are not the module `path`, or "".
std::string ModuleAnnotator::checkGroup(StringRef path,
                                        const Group &group) const {
  if (isLong(path) ||
      llvm::any_of(path, [](char c) { return c <= ' ' || c >= 127; })) {
    return "the name is no path of printable ASCII, or too long";
  }
  if (auto norm = dyn_cast<LayerNormOp>(group.front());
      norm && !norm.getWeight()) {
    return "it has no weight";
  }
  for (Operation *op : group) {
    if (op != group.front() && !areParts(group.front(), op)) {
      return "another op has its name";
    }
  }
  return hasAllRows(group) ? "" : "rows of it are in no other op";
}

void ModuleAnnotator::run() {
  collect();
  rename(findWrapper().size());
  collect();
  llvm::DenseSet<StringRef> holders;
  for (const auto &[path, group] : groups) {
    if (isLong(path)) {
      continue;
    }
    for (size_t dot = path.find('.'); dot != StringRef::npos;
         dot = path.find('.', dot + 1)) {
      holders.insert(path.take_front(dot));
    }
  }
  for (auto &[path, group] : groups) {
    std::string why = holders.contains(path) ? "it holds other modules"
                                             : checkGroup(path, group);
    if (why.empty()) {
      continue;
    }
    for (Operation *op : group) {
      emitModuleDropped(op, path, why);
      op->removeAttr("module");
    }
  }
}

namespace {
struct AnnotateModules
    : qeff::impl::AnnotateModulesPassBase<AnnotateModules> {
  void runOnOperation() override {
    FailureOr<FuncOp> function = findMainFunction(getOperation());
    if (failed(function)) {
      return signalPassFailure();
    }
    ModuleAnnotator(*function).run();
  }
};
} // namespace
