// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scopes come from files: they may be anything, and there may be many.

#include "ReportModel.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <array>
#include <memory>

using namespace qeff;
using mlir::func::FuncOp;

/// Longer texts are cut.
static constexpr size_t kMaxDetail = 160;
/// Modules deeper than this are not told apart.
static constexpr size_t kMaxDepth = 16;

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static std::string getOpName(Operation *op) {
  if (auto node = dyn_cast<onnxir::NodeOp>(op)) {
    return "onnx " + node.getQualifiedName();
  }
  return op->getName().getStringRef().str();
}

std::map<std::string, int64_t> qeff::countOps(ModuleOp module) {
  std::map<std::string, int64_t> counts;
  module.walk([&](Operation *op) {
    if (!isa<ModuleOp>(op)) {
      ++counts[getOpName(op)];
    }
  });
  return counts;
}

/// The module that `op` is in, dotted: its scope, or what its node's name says.
static std::string getScope(Operation *op) {
  if (auto scope = op->getAttrOfType<StringAttr>("scope")) {
    return scope.str();
  }
  auto name = op->getAttrOfType<StringAttr>("name");
  if (!name || !name.getValue().starts_with("/")) {
    return "";
  }
  std::string path = name.getValue().rsplit('/').first.str();
  std::replace(path.begin(), path.end(), '/', '.');
  return path;
}

static std::string printType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  std::string text;
  llvm::raw_string_ostream os(text);
  if (!tensor) {
    os << type;
    return text;
  }
  os << tensor.getElementType();
  for (auto [index, size] : llvm::enumerate(tensor.getShape())) {
    os << (index == 0 ? " " : "×");
    if (ShapedType::isDynamic(size)) {
      os << "?";
    } else {
      os << size;
    }
  }
  return text;
}

/// Short where an attribute's own form is long: numbers, and what is between
/// the brackets of a dialect's.
static std::string printAttribute(Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto number = dyn_cast<FloatAttr>(attribute)) {
    os << llvm::format("%g", number.getValueAsDouble());
    return text;
  }
  attribute.print(os, /*elideType=*/true);
  StringRef inner = text;
  if (inner.consume_front("#") && inner.ends_with(">")) {
    return inner.drop_back().split('<').second.str();
  }
  return text;
}

/// The attributes that say what the op does.
static std::string printAttributes(Operation *op) {
  static constexpr StringRef kHidden[] = {
      "scope", "module", "name", "output_names", "domain", "op_type", "proto",
      "operandSegmentSizes", "resultSegmentSizes", "metadata", "doc"};
  std::string text;
  llvm::raw_string_ostream os(text);
  for (NamedAttribute attribute : op->getAttrDictionary()) {
    if (llvm::is_contained(kHidden, attribute.getName().getValue())) {
      continue;
    }
    os << (text.empty() ? "" : ", ") << attribute.getName().getValue();
    if (isa<mlir::ElementsAttr>(attribute.getValue())) {
      os << " = …";
    } else if (!isa<mlir::UnitAttr>(attribute.getValue())) {
      os << " = " << printAttribute(attribute.getValue());
    }
    if (text.size() > kMaxDetail) {
      text.resize(kMaxDetail);
      return text + "…";
    }
  }
  return text;
}

/// Whether `op` only tells or changes weights.
static bool isWeightOp(Operation *op, const llvm::DenseSet<Value> &weights) {
  if (isa<WeightRefOp, mlir::arith::ConstantOp, onnxir::InitializerOp>(op)) {
    return true;
  }
  if (!isa<StreamableOpInterface, onnxir::WeightOp>(op) ||
      op->getNumOperands() == 0) {
    return false;
  }
  return llvm::all_of(op->getOperands(),
                      [&](Value value) { return weights.contains(value); });
}

/// The ops of the function that is the model, those on weights aside, or of the
/// first function with a body.
static SmallVector<Operation *> getModelOps(ModuleOp module) {
  SmallVector<Operation *> ops;
  for (auto function : module.getOps<FuncOp>()) {
    if (function.isExternal() || function.isPrivate()) {
      continue;
    }
    llvm::DenseSet<Value> weights;
    for (Operation &op : function.getBody().front().without_terminator()) {
      if (isWeightOp(&op, weights)) {
        weights.insert(op.result_begin(), op.result_end());
      } else {
        ops.push_back(&op);
      }
    }
    break;
  }
  return ops;
}

//===----------------------------------------------------------------------===//
// The tree
//===----------------------------------------------------------------------===//

namespace {
/// A module under construction, with its parts in order and by name.
struct Scope {
  ReportNode node;
  std::vector<std::unique_ptr<Scope>> parts;
  llvm::StringMap<Scope *> byName;

  Scope &enter(StringRef name) {
    Scope *&entry = byName[name];
    if (!entry) {
      parts.push_back(std::make_unique<Scope>());
      entry = parts.back().get();
      entry->node.name = name.str();
    }
    return *entry;
  }

  void add(ReportNode op) {
    if (!parts.empty()) {
      ReportNode &last = parts.back()->node;
      if (last.isOp && last.name == op.name && last.detail == op.detail &&
          last.type == op.type) {
        ++last.count;
        return;
      }
    }
    parts.push_back(std::make_unique<Scope>());
    parts.back()->node = std::move(op);
  }
};
} // namespace

static bool isNumber(StringRef name) {
  return !name.empty() && name.size() < 10 && llvm::all_of(name, llvm::isDigit);
}

/// What must be equal for two modules to be alike; the name is no part of it.
static llvm::hash_code hashContents(const ReportNode &node) {
  llvm::hash_code hash =
      llvm::hash_combine(node.isOp, node.detail, node.type, node.count);
  for (const ReportNode &child : node.children) {
    hash = llvm::hash_combine(hash, child.name, child.numbers,
                              hashContents(child));
  }
  return hash;
}

/// "0-5, 7" of ascending or other numbers.
static std::string printNumbers(ArrayRef<int64_t> numbers) {
  std::string text;
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) {
      ++end;
    }
    text += (text.empty() ? "" : ", ") + std::to_string(numbers[i]);
    if (end - i > 1) {
      text += "-" + std::to_string(numbers[end - 1]);
    }
    i = end;
  }
  return text;
}

/// Makes one node of numbered siblings that are alike.
static void collapse(std::vector<ReportNode> &children) {
  std::vector<ReportNode> kept;
  std::vector<SmallVector<int64_t>> numbers; // of each that is kept
  std::map<size_t, size_t> seen;             // contents to index
  for (ReportNode &child : children) {
    SmallVector<int64_t> number;
    if (!child.isOp && isNumber(child.name)) {
      number.push_back(std::stoll(child.name));
      auto [entry, isNew] = seen.try_emplace(hashContents(child), kept.size());
      if (!isNew) {
        ++kept[entry->second].count;
        numbers[entry->second].push_back(number.front());
        continue;
      }
    }
    numbers.push_back(number);
    kept.push_back(std::move(child));
  }
  for (auto [child, list] : llvm::zip(kept, numbers)) {
    child.numbers = printNumbers(list);
  }
  children = std::move(kept);
}

static ReportNode finish(Scope &scope) {
  ReportNode node = std::move(scope.node);
  for (std::unique_ptr<Scope> &part : scope.parts) {
    node.children.push_back(finish(*part));
  }
  collapse(node.children);
  return node;
}

ReportNode qeff::describeModel(ModuleOp module) {
  Scope root;
  for (Operation *op : getModelOps(module)) {
    ReportNode node;
    node.isOp = true;
    node.name = getOpName(op);
    node.detail = printAttributes(op);
    if (op->getNumResults() > 0) {
      node.type = printType(op->getResult(0).getType());
    }
    std::string scope = getScope(op);
    SmallVector<StringRef> path;
    StringRef(scope).split(path, '.', /*MaxSplit=*/kMaxDepth,
                           /*KeepEmpty=*/false);
    Scope *at = &root;
    for (StringRef part : path) {
      at = &at->enter(part);
    }
    at->add(std::move(node));
  }
  return finish(root);
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// `scope` with its numbers as "*".
static std::string generalize(StringRef scope) {
  SmallVector<StringRef> parts;
  scope.split(parts, '.');
  for (StringRef &part : parts) {
    part = isNumber(part) ? StringRef("*") : part;
  }
  return llvm::join(parts, ".");
}

/// The module that uses `value`, through changes of it.
static std::string findUser(Value value) {
  SmallVector<Value> worklist = {value};
  llvm::DenseSet<Operation *> seen;
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    for (Operation *user : next.getUsers()) {
      if (!seen.insert(user).second) {
        continue;
      }
      if (isa<StreamableOpInterface, onnxir::WeightOp>(user)) {
        llvm::append_range(worklist, user->getResults());
        continue;
      }
      std::string scope = getScope(user);
      return scope.empty() ? getOpName(user) : generalize(scope);
    }
  }
  return "";
}

/// The module of each weight that a function refers to.
static llvm::StringMap<std::string> findUsers(ModuleOp module) {
  llvm::StringMap<std::string> users;
  module.walk([&](WeightRefOp ref) {
    std::string &user = users[ref.getWeight()];
    if (user.empty()) {
      user = findUser(ref.getResult());
    }
  });
  for (auto adapter : module.getOps<AdapterOp>()) {
    for (Operation &op : adapter.getBody().front()) {
      for (NamedAttribute attribute : op.getAttrs()) {
        if (auto symbol = dyn_cast<FlatSymbolRefAttr>(attribute.getValue())) {
          users[symbol.getValue()] =
              ("adapter " + adapter.getSymName()).str();
        }
      }
    }
  }
  return users;
}

static std::string getStoredName(WeightOp weight) {
  if (std::optional<BlockEncoding> encoding = weight.getEncoding()) {
    return stringifyBlockEncoding(*encoding).str();
  }
  std::string text;
  llvm::raw_string_ostream(text) << weight.getTensorType().getElementType();
  return text;
}

static int64_t addSaturating(int64_t a, int64_t b) {
  int64_t sum = 0;
  return llvm::AddOverflow(a, b, sum) ? INT64_MAX : sum;
}

std::vector<ReportWeight> qeff::describeWeights(ModuleOp module) {
  llvm::StringMap<std::string> users = findUsers(module);
  std::map<std::array<std::string, 3>, ReportWeight> groups;
  for (auto weight : module.getOps<WeightOp>()) {
    std::string group = users.lookup(weight.getSymName());
    std::string shape =
        llvm::join(llvm::map_range(weight.getTensorType().getShape(),
                                   [](int64_t n) { return std::to_string(n); }),
                   "×");
    if (group.empty()) {
      group = "not used";
    }
    std::string type = getStoredName(weight);
    ReportWeight &entry = groups[{group, shape, type}];
    entry.group = group;
    entry.shape = shape;
    entry.type = type;
    ++entry.count;
    // Sizes are of headers, which may say anything.
    entry.elements = addSaturating(entry.elements,
                                   weight.getTensorType().getNumElements());
    entry.bytes = addSaturating(entry.bytes, weight.getByteSize());
  }
  std::vector<ReportWeight> weights;
  for (auto &[key, entry] : groups) {
    weights.push_back(std::move(entry));
  }
  llvm::stable_sort(weights, [](const ReportWeight &a, const ReportWeight &b) {
    return a.bytes > b.bytes;
  });
  return weights;
}
