// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Collects a model's modules from its ops.

#include "qeff/Import/AdapterModules.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace qeff;
using Kind = AdapterModule::Kind;

StringRef qeff::getKindName(Kind kind) {
  switch (kind) {
  case Kind::Linear:
    return "linear";
  case Kind::Embedding:
    return "embedding";
  case Kind::Norm:
    return "norm";
  }
  return "";
}

bool AdapterModules::add(AdapterModule module) {
  if (!byPath.try_emplace(module.path, modules.size()).second) {
    return false;
  }
  modules.push_back(std::move(module));
  return true;
}

const AdapterModule *AdapterModules::find(StringRef path) const {
  auto entry = byPath.find(path);
  return entry == byPath.end() ? nullptr : &modules[entry->second];
}

AdapterModule *AdapterModules::find(StringRef path) {
  auto entry = byPath.find(path);
  return entry == byPath.end() ? nullptr : &modules[entry->second];
}

/// The last `count` components of `path`, or all.
static StringRef takeLast(StringRef path, size_t count) {
  StringRef rest = path;
  for (; count > 0; --count) {
    size_t dot = rest.rfind('.');
    if (dot == StringRef::npos) {
      return path;
    }
    rest = rest.take_front(dot);
  }
  return path.drop_front(rest.size() + 1);
}

std::string AdapterModules::suggest(StringRef name) const {
  constexpr size_t kMaxName = 120, kMaxSuggestions = 3;
  if (name.size() > kMaxName) {
    return "";
  }
  auto limit = static_cast<unsigned>(std::max<size_t>(2, name.size() / 3));
  llvm::StringSet<> seen;
  std::vector<std::pair<unsigned, StringRef>> found;
  for (const AdapterModule &module : modules) {
    StringRef end = takeLast(module.path, name.count('.') + 1);
    if (end.size() > kMaxName || !seen.insert(end).second) {
      continue;
    }
    unsigned distance = name.edit_distance(end, /*AllowReplacements=*/true,
                                           limit);
    if (distance <= limit) {
      found.emplace_back(distance, end);
    }
  }
  llvm::stable_sort(found, llvm::less_first());
  std::string text;
  for (const auto &[distance, end] :
       ArrayRef(found).take_front(kMaxSuggestions)) {
    text += (text.empty() ? ", near '" : "', '") + end.str();
  }
  return text.empty() ? text : text + "'";
}

namespace {
/// One op: some outputs of its module.
struct Part {
  AdapterModule module;
  /// First row and length of each run of outputs.
  SmallVector<std::pair<int64_t, int64_t>, 1> runs;
  Value weight;
  Operation *op = nullptr;
};
} // namespace

static ModuleAttr getModuleAttr(Operation *op) {
  return dyn_cast_if_present<ModuleAttr>(
      op->getInherentAttr("module").value_or(Attribute()));
}

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The part that `op` is, or nothing where it is none.
static std::optional<Part> describe(Operation *op) {
  Part part;
  part.op = op;
  bool known =
      llvm::TypeSwitch<Operation *, bool>(op)
          .Case([&](LinearOp linear) {
            part.weight = linear.getWeight();
            part.module.kind = Kind::Linear;
            part.module.bias = linear.getBias() != nullptr;
            return true;
          })
          .Case([&](EmbeddingOp embedding) {
            part.weight = embedding.getTable();
            part.module.kind = Kind::Embedding;
            return true;
          })
          .Case([&](RMSNormOp norm) {
            part.weight = norm.getWeight();
            part.module.kind = Kind::Norm;
            return true;
          })
          .Case([&](LayerNormOp norm) {
            part.weight = norm.getWeight();
            part.module.kind = Kind::Norm;
            part.module.bias = norm.getBias() != nullptr;
            return part.weight != nullptr; // else there is nothing to adapt
          })
          .Default([](Operation *) { return false; });
  ModuleAttr attr = known ? getModuleAttr(op) : ModuleAttr();
  if (!attr) {
    return std::nullopt;
  }
  ArrayRef<int64_t> shape = getType(part.weight).getShape();
  part.module.path = attr.getPath().str();
  part.module.transposed = attr.getTransposed();
  part.runs = attr.getRuns(shape.front());
  switch (part.module.kind) {
  case Kind::Linear:
    part.module.in = shape.back();
    break;
  case Kind::Embedding:
    part.module.in = shape.front();
    part.module.out = shape.back();
    break;
  case Kind::Norm:
    part.module.in = part.module.out = shape.front();
    break;
  }
  return part;
}

/// One past the last output, where runs follow one upon the other or overlap, as
/// those of a module that is used twice.
static FailureOr<int64_t> countOutputs(ArrayRef<Part> parts) {
  SmallVector<std::tuple<int64_t, int64_t, Operation *>> runs;
  for (const Part &part : parts) {
    if (part.runs.empty()) {
      return part.op->emitOpError("expects whole runs of rows of module '")
             << part.module.path << "'";
    }
    for (auto [row, size] : part.runs) {
      runs.emplace_back(row, size, part.op);
    }
  }
  llvm::stable_sort(runs, [](const auto &a, const auto &b) {
    return std::get<0>(a) < std::get<0>(b);
  });
  int64_t end = 0;
  for (auto [row, size, op] : runs) {
    if (row > end) {
      return op->emitOpError("expects the parts of module '")
             << parts.front().module.path
             << "' to follow one upon the other, got row " << row << " after "
             << end << " rows";
    }
    end = std::max(end, row + size);
  }
  return end;
}

/// Whether the parts of one module agree, and make it whole.
static LogicalResult join(ArrayRef<Part> parts, AdapterModule &module) {
  const Part &first = parts.front();
  module = first.module;
  for (const Part &part : parts) {
    if (part.module.kind != module.kind || part.module.in != module.in ||
        part.module.out != module.out || part.module.bias != module.bias ||
        part.module.transposed != module.transposed) {
      InFlightDiagnostic diagnostic =
          part.op->emitOpError("expects the parts of module '")
          << module.path << "' to agree in kind, sizes, bias and layout";
      diagnostic.attachNote(first.op->getLoc()) << "the first is here";
      return diagnostic;
    }
  }
  if (module.kind != Kind::Linear) {
    return parts.size() == 1
               ? success()
               : LogicalResult(parts.back().op->emitOpError("expects module '")
                               << module.path << "' once, got it "
                               << parts.size() << " times");
  }
  FailureOr<int64_t> outputs = countOutputs(parts);
  if (failed(outputs)) {
    return failure();
  }
  module.out = *outputs;
  return success();
}

static bool isPath(StringRef path) {
  return llvm::all_of(path, [](char c) { return c > ' ' && c < 127; });
}

FailureOr<AdapterModules> qeff::collectModules(ModuleOp module) {
  FailureOr<mlir::func::FuncOp> function = findMainFunction(module);
  if (failed(function)) {
    return failure();
  }
  Operation *head = findHead(*function);
  std::vector<std::vector<Part>> groups;
  llvm::StringMap<size_t> byPath;
  for (Operation &op : function->getBody().front()) {
    std::optional<Part> part = describe(&op);
    if (!part) {
      continue;
    }
    if (!isPath(part->module.path)) {
      return op.emitOpError("expects a module's path of printable ASCII");
    }
    part->module.head = &op == head;
    auto [entry, inserted] =
        byPath.try_emplace(part->module.path, groups.size());
    if (inserted) {
      groups.emplace_back();
    }
    groups[entry->second].push_back(std::move(*part));
  }
  AdapterModules modules;
  modules.fromGraph = isFromONNX(module);
  llvm::StringMap<std::string> byWeight;
  for (std::vector<Part> &parts : groups) {
    AdapterModule joined;
    if (failed(join(parts, joined))) {
      return failure();
    }
    if (auto reference = parts.front().weight.getDefiningOp<WeightRefOp>();
        reference && parts.size() == 1) {
      auto [entry, inserted] = byWeight.try_emplace(
          reference.getWeight(), joined.path);
      if (!inserted) {
        joined.tied = entry->second;
      }
    }
    modules.add(std::move(joined));
  }
  return modules;
}
