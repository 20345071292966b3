// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the tensors that a configuration calls for, and refuses any other.

#include "AdapterResolver.h"
#include "AdapterAlignment.h"
#include "PEFTTargets.h"

#include "mlir/IR/Diagnostics.h"

#include <cmath>

using namespace qeff;
using Kind = AdapterModule::Kind;
using Role = PEFTTargets::Role;

std::string qeff::showAdapterShape(ArrayRef<int64_t> shape) {
  std::string text = "[";
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(shape, os);
  os << "]";
  return text;
}

namespace {
class Resolver {
public:
  Resolver(const AdapterFiles &files, const AdapterModules &modules,
           const AdapterOptions &options, AdapterLocations locations)
      : files(files), modules(modules), options(options),
        locations(locations) {}

  FailureOr<Adapter> run();

private:
  LogicalResult checkSwap() const;
  LogicalResult checkTarget(const AdapterModule &module,
                            const AdapterPair &pair) const;
  LogicalResult addPair(const PEFTTargets &targets,
                        const AdapterModule &module);
  LogicalResult addSaved(const AdapterModule &module);
  LogicalResult addBias(const AdapterModule &module, bool isTarget);
  LogicalResult addCopy(const AdapterModule &module, bool isTarget);
  LogicalResult addParameter(const AdapterModule &module, StringRef parameter,
                             StringRef name, ArrayRef<int64_t> shape);
  void addTied();
  LogicalResult take(const AdapterModule &module, StringRef name,
                     ArrayRef<int64_t> shape, AdapterTensor &tensor);
  LogicalResult takeMagnitude(const AdapterModule &module, AdapterPair &pair);
  LogicalResult checkUnused() const;
  bool isCopyOfSavedBias(StringRef name) const;
  std::string getName(const AdapterModule &module, StringRef suffix) const {
    return (kAdapterPrefix + module.path + suffix).str();
  }

  const AdapterFiles &files;
  const AdapterModules &modules;
  const AdapterOptions &options;
  AdapterLocations locations;
  Adapter adapter;
  llvm::StringSet<> used;
  std::vector<size_t> copies; ///< parameters that PEFT copied from the base
};
} // namespace

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// How the base has the module: "linear, 64 to 128".
static std::string describe(const AdapterModule &module) {
  std::string text = getKindName(module.kind).str();
  if (module.kind == Kind::Norm) {
    return text + " of " + std::to_string(module.in);
  }
  return text + ", " + std::to_string(module.in) + " to " +
         std::to_string(module.out);
}

/// Takes the tensor `name`, which must have `shape`.
LogicalResult Resolver::take(const AdapterModule &module, StringRef name,
                             ArrayRef<int64_t> shape, AdapterTensor &tensor) {
  auto entry = files.tensors.find(name);
  if (entry == files.tensors.end()) {
    return mlir::emitError(locations.weights)
           << "expects tensor '" << name << "' of shape "
           << showAdapterShape(shape) << ", got none";
  }
  const StoredTensor &stored = entry->second;
  if (ArrayRef<int64_t>(stored.shape) != shape) {
    return mlir::emitError(locations.weights)
           << "expects tensor '" << name << "' of shape "
           << showAdapterShape(shape) << ", as the base has module '"
           << module.path << "' (" << describe(module) << "), got shape "
           << showAdapterShape(stored.shape);
  }
  if (stored.type != StoredType::F32 && stored.type != StoredType::F16 &&
      stored.type != StoredType::BF16) {
    return mlir::emitError(locations.weights)
           << "expects tensor '" << name << "' of type F32, F16 or BF16, got "
           << stored.typeName;
  }
  used.insert(name);
  tensor = {name.str(), stored};
  return success();
}

/// The name is the older one; a later version of PEFT reads both.
LogicalResult Resolver::takeMagnitude(const AdapterModule &module,
                                      AdapterPair &pair) {
  std::string name = getName(module, ".lora_magnitude_vector");
  std::string longName = name + ".weight";
  if (files.tensors.contains(longName)) {
    if (files.tensors.contains(name)) {
      return mlir::emitError(locations.weights)
             << "expects a magnitude once, got '" << name << "' and '"
             << longName << "'";
    }
    name = longName;
  }
  pair.magnitude.emplace();
  return take(module, name, {module.out}, *pair.magnitude);
}

//===----------------------------------------------------------------------===//
// Pairs
//===----------------------------------------------------------------------===//

LogicalResult Resolver::checkSwap() const {
  if (!options.swap) {
    return success();
  }
  auto refuse = [&](const Twine &got) -> LogicalResult {
    return mlir::emitError(locations.config)
           << "expects an adapter that can be switched while running, got "
           << got;
  };
  if (files.config.dora) {
    return refuse("'use_dora'");
  }
  if (!files.config.saved.empty()) {
    return refuse("'modules_to_save' (" + files.config.saved.front() + ")");
  }
  if (files.config.bias != PEFTConfig::Bias::None) {
    return refuse("'bias' other than none");
  }
  return success();
}

LogicalResult Resolver::checkTarget(const AdapterModule &module,
                                    const AdapterPair &pair) const {
  if (options.swap && module.kind != Kind::Linear) {
    return mlir::emitError(locations.config)
           << "expects an adapter that can be switched while running, got a "
              "change of the embedding '"
           << module.path << "'";
  }
  if (options.targetsOnly && !module.target) {
    return mlir::emitError(locations.config)
           << "expects only modules that the package takes adapters of, got '"
           << module.path << "'";
  }
  if (options.maxRank != 0 && pair.rank > options.maxRank) {
    return mlir::emitError(locations.config)
           << "expects ranks of at most " << options.maxRank << ", got "
           << pair.rank << " for '" << module.path << "'";
  }
  if (!std::isfinite(pair.scaling)) {
    return mlir::emitError(locations.config)
           << "expects a finite scaling for '" << module.path << "', got alpha "
           << pair.alpha << " at rank " << pair.rank;
  }
  return success();
}

LogicalResult Resolver::addPair(const PEFTTargets &targets,
                                const AdapterModule &module) {
  FailureOr<std::pair<int64_t, double>> rankAndAlpha =
      targets.getRankAndAlpha(module.path);
  if (failed(rankAndAlpha)) {
    return failure();
  }
  AdapterPair pair;
  pair.module = module.path;
  pair.kind = module.kind;
  std::tie(pair.rank, pair.alpha) = *rankAndAlpha;
  double rank = static_cast<double>(pair.rank);
  pair.scaling = pair.alpha / (files.config.rankStabilized ? std::sqrt(rank)
                                                           : rank);
  if (failed(checkTarget(module, pair))) {
    return failure();
  }
  bool embedding = module.kind == Kind::Embedding;
  StringRef a = embedding ? ".lora_embedding_A" : ".lora_A.weight";
  StringRef b = embedding ? ".lora_embedding_B" : ".lora_B.weight";
  if (failed(take(module, getName(module, a), {pair.rank, module.in},
                  pair.a)) ||
      failed(take(module, getName(module, b), {module.out, pair.rank},
                  pair.b)) ||
      (files.config.dora && failed(takeMagnitude(module, pair)))) {
    return failure();
  }
  adapter.pairs.push_back(std::move(pair));
  return success();
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> getWeightShape(const AdapterModule &module) {
  if (module.kind == Kind::Norm) {
    return {module.in};
  }
  bool inOut = module.kind == Kind::Embedding || module.transposed;
  return inOut ? SmallVector<int64_t>{module.in, module.out}
               : SmallVector<int64_t>{module.out, module.in};
}

LogicalResult Resolver::addParameter(const AdapterModule &module,
                                     StringRef parameter, StringRef name,
                                     ArrayRef<int64_t> shape) {
  AdapterTensor value;
  if (failed(take(module, name, shape, value))) {
    return failure();
  }
  adapter.parameters.push_back(
      {module.path, parameter.str(), std::move(value)});
  return success();
}

LogicalResult Resolver::addSaved(const AdapterModule &module) {
  if (failed(addParameter(module, "weight", getName(module, ".weight"),
                          getWeightShape(module)))) {
    return failure();
  }
  return module.bias ? addParameter(module, "bias", getName(module, ".bias"),
                                    {module.out})
                     : success();
}

LogicalResult Resolver::addBias(const AdapterModule &module, bool isTarget) {
  PEFTConfig::Bias bias = files.config.bias;
  if (!module.bias || bias == PEFTConfig::Bias::None ||
      (bias == PEFTConfig::Bias::LoRAOnly && !isTarget)) {
    return success();
  }
  return addParameter(
      module, "bias",
      getName(module, isTarget ? ".base_layer.bias" : ".bias"), {module.out});
}

/// PEFT may save the base's embeddings and head with an adapter, and loads them
/// over those of the base.
LogicalResult Resolver::addCopy(const AdapterModule &module, bool isTarget) {
  if (module.kind != Kind::Embedding && !module.head) {
    return success();
  }
  std::string name =
      getName(module, isTarget ? ".base_layer.weight" : ".weight");
  if (!files.tensors.contains(name)) {
    return success();
  }
  if (!options.swap) {
    copies.push_back(adapter.parameters.size());
    return addParameter(module, "weight", name, getWeightShape(module));
  }
  AdapterTensor unused;
  if (failed(take(module, name, getWeightShape(module), unused))) {
    return failure();
  }
  mlir::emitWarning(locations.weights)
      << "tensor '" << name
      << "' is not used: the base's own stays while adapters are switched";
  return success();
}

/// A weight that two modules share is copied over for both.
void Resolver::addTied() {
  for (size_t index : copies) {
    AdapterParameter copy = adapter.parameters[index];
    const AdapterModule *module = modules.find(copy.module);
    for (const AdapterModule &other : modules.getAll()) {
      bool tied = other.tied == copy.module || module->tied == other.path ||
                  (!other.tied.empty() && other.tied == module->tied);
      bool own = llvm::any_of(adapter.parameters, [&](const auto &parameter) {
        return parameter.module == other.path && parameter.name == "weight";
      });
      if (tied && !own && other.path != copy.module) {
        copy.module = other.path;
        adapter.parameters.push_back(copy);
        copy.module = module->path;
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

/// With bias "all", PEFT also saves the biases of both sides of a saved module
/// by the names they have inside its wrapper, and reads them nowhere.
bool Resolver::isCopyOfSavedBias(StringRef name) const {
  return files.config.bias == PEFTConfig::Bias::All &&
         !files.config.saved.empty() && name.ends_with(".bias") &&
         (name.contains(".original_module.") ||
          name.contains(".modules_to_save."));
}

LogicalResult Resolver::checkUnused() const {
  std::vector<StringRef> names;
  for (const auto &entry : files.tensors) {
    StringRef name = entry.getKey();
    if (!used.contains(name) && !isCopyOfSavedBias(name)) {
      names.push_back(name);
    }
  }
  if (names.empty()) {
    return success();
  }
  llvm::sort(names);
  StringRef name = names.front();
  StringRef path = name;
  bool prefixed = path.consume_front(kAdapterPrefix);
  for (StringRef part : {".lora_", ".base_layer."}) {
    path = path.take_front(path.find(part));
  }
  bool isModule = path.size() + kAdapterPrefix.size() < name.size();
  InFlightDiagnostic diagnostic =
      mlir::emitError(locations.weights)
      << "expects only tensors that the configuration calls for, got '" << name
      << "'";
  if (!prefixed) {
    diagnostic << ", which does not begin with '" << kAdapterPrefix << "'";
  } else if (isModule && !modules.find(path)) {
    diagnostic << " of module '" << path << "', which the base does not have";
  }
  if (names.size() > 1) {
    diagnostic << " and " << names.size() - 1 << " more";
  }
  return diagnostic;
}

FailureOr<Adapter> Resolver::run() {
  if (modules.getAll().empty()) {
    return mlir::emitError(locations.config)
           << "expects a base whose modules have names, got one without any; "
              "an ONNX graph has them in the scopes of its nodes or in the "
              "names of its weights, unless they were removed after the export";
  }
  FailureOr<PEFTTargets> targets =
      PEFTTargets::create(files.config, modules, locations.config);
  if (failed(targets) || failed(checkSwap())) {
    return failure();
  }
  FailureOr<std::vector<Role>> roles = targets->resolve();
  if (failed(roles)) {
    return failure();
  }
  for (auto [module, role] : llvm::zip_equal(modules.getAll(), *roles)) {
    bool isTarget = role == Role::Target;
    if ((isTarget && failed(addPair(*targets, module))) ||
        (role == Role::Saved && failed(addSaved(module))) ||
        (role != Role::Saved &&
         (failed(addBias(module, isTarget)) ||
          failed(addCopy(module, isTarget))))) {
      return failure();
    }
  }
  if (failed(checkUnused())) {
    return failure();
  }
  addTied();
  adapter.file = files.file;
  return std::move(adapter);
}

FailureOr<Adapter> qeff::resolveAdapter(const AdapterFiles &files,
                                        const AdapterModules &modules,
                                        const AdapterOptions &options,
                                        AdapterLocations locations) {
  if (!modules.fromGraph) {
    return Resolver(files, modules, options, locations).run();
  }
  AlignedModules aligned = alignModules(files, modules);
  FailureOr<Adapter> adapter =
      Resolver(files, aligned.modules, options, locations).run();
  if (succeeded(adapter)) {
    for (AdapterPair &pair : adapter->pairs) {
      pair.module = aligned.toBase(pair.module);
    }
    for (AdapterParameter &parameter : adapter->parameters) {
      parameter.module = aligned.toBase(parameter.module);
    }
  }
  return adapter;
}

int64_t Adapter::getMaxRank() const {
  int64_t rank = 0;
  for (const AdapterPair &pair : pairs) {
    rank = std::max(rank, pair.rank);
  }
  return rank;
}

void qeff::markTargets(AdapterModules &modules, const Adapter &adapter) {
  for (const AdapterPair &pair : adapter.pairs) {
    if (AdapterModule *module = modules.find(pair.module)) {
      module->target = true;
    }
  }
}
