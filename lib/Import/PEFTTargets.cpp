// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matches modules as PEFT does.

#include "PEFTTargets.h"

#include "mlir/IR/Diagnostics.h"

using namespace qeff;
using Kind = AdapterModule::Kind;

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

/// Longest pattern that a message repeats.
static std::string show(StringRef pattern) {
  constexpr size_t kShown = 120;
  return pattern.size() <= kShown ? pattern.str()
                                  : (pattern.take_front(kShown) + "...").str();
}

LogicalResult PEFTTargets::compile(StringRef key, StringRef pattern,
                                   StringRef prefix, StringRef suffix,
                                   std::optional<PythonRegex> &regex) {
  llvm::Expected<PythonRegex> compiled =
      PythonRegex::compile(pattern, prefix, suffix);
  if (!compiled) {
    return mlir::emitError(loc)
           << llvm::toString(compiled.takeError()) << " of '" << show(pattern)
           << "' in '" << key << "'";
  }
  regex.emplace(std::move(*compiled));
  return success();
}

/// The layer's number, as PEFT finds it without and with a pattern.
static constexpr StringRef kAnyLayer = ".*?\\.[^.]*";
static constexpr StringRef kLayerNumber = "\\.(?P<idx>\\d+)\\.";

LogicalResult PEFTTargets::compileAll() {
  std::optional<PythonRegex> regex;
  if (config.targets.pattern && *config.targets.pattern != "all-linear" &&
      failed(compile("target_modules", *config.targets.pattern, "", "",
                     targets))) {
    return failure();
  }
  if (config.excluded.pattern &&
      failed(compile("exclude_modules", *config.excluded.pattern, "", "",
                     excluded))) {
    return failure();
  }
  for (const std::string &name : config.saved) {
    if (failed(compile("modules_to_save", name, "(^|.*\\.)", "($|\\..*)",
                       regex))) {
      return failure();
    }
    saved.push_back(std::move(*regex));
  }
  if (!config.layers.empty() && config.layersPatterns.empty()) {
    if (failed(compile("layers_pattern", "", kAnyLayer, kLayerNumber, regex))) {
      return failure();
    }
    layers.push_back(std::move(*regex));
  }
  for (const std::string &pattern : config.layersPatterns) {
    if (failed(compile("layers_pattern", pattern, "(?:^|.*?\\.)", kLayerNumber,
                       regex))) {
      return failure();
    }
    layers.push_back(std::move(*regex));
  }
  auto compilePatterns = [&](StringRef key, const auto &from,
                             std::vector<Pattern> &to) -> LogicalResult {
    for (const auto &[pattern, value] : from) {
      if (failed(compile(key, pattern, "(.*\\.)?(", ")$", regex))) {
        return failure();
      }
      to.push_back({std::move(*regex), static_cast<double>(value)});
    }
    return success();
  };
  return success(
      succeeded(compilePatterns("rank_pattern", config.ranks, ranks)) &&
      succeeded(compilePatterns("alpha_pattern", config.alphas, alphas)));
}

FailureOr<PEFTTargets> PEFTTargets::create(const PEFTConfig &config,
                                           const AdapterModules &modules,
                                           Location loc) {
  PEFTTargets targets(config, modules, loc);
  if (failed(targets.compileAll())) {
    return failure();
  }
  for (const std::string &name : config.targets.names) {
    targets.targetNames.insert(name);
  }
  for (const std::string &name : config.excluded.names) {
    targets.excludedNames.insert(name);
  }
  return targets;
}

FailureOr<bool> PEFTTargets::matches(const PythonRegex &regex, StringRef text,
                                     Anchor anchor) const {
  llvm::Expected<bool> result = regex.matches(text, anchor);
  if (!result) {
    return mlir::emitError(loc) << llvm::toString(result.takeError());
  }
  return *result;
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

/// Calls `visit` with `path` and each shorter suffix of whole components until
/// it says true; whether it did.
static bool anySuffix(StringRef path,
                      llvm::function_ref<bool(StringRef)> visit) {
  while (!visit(path)) {
    size_t dot = path.find('.');
    if (dot == StringRef::npos) {
      return false;
    }
    path = path.drop_front(dot + 1);
  }
  return true;
}

FailureOr<bool> PEFTTargets::isExcluded(StringRef path) const {
  if (excluded) {
    FailureOr<bool> match = matches(*excluded, path, Anchor::FullMatch);
    if (failed(match) || *match) {
      return match;
    }
  } else if (!excludedNames.empty() && anySuffix(path, [&](StringRef suffix) {
               return excludedNames.contains(suffix);
             })) {
    return true;
  }
  for (const PythonRegex &regex : saved) {
    FailureOr<bool> match = matches(regex, path, Anchor::Match);
    if (failed(match) || *match) {
      return match;
    }
  }
  return false;
}

FailureOr<bool> PEFTTargets::isTransformedLayer(StringRef path) const {
  for (const PythonRegex &regex : layers) {
    std::string digits;
    llvm::Expected<bool> match =
        regex.matches(path, Anchor::Match, "idx", &digits);
    if (!match) {
      return mlir::emitError(loc) << llvm::toString(match.takeError());
    }
    int64_t layer = 0;
    if (*match) {
      return !StringRef(digits).getAsInteger(10, layer) &&
             llvm::is_contained(config.layers, layer);
    }
  }
  return false;
}

FailureOr<bool> PEFTTargets::isTarget(StringRef path) const {
  FailureOr<bool> isOut = isExcluded(path);
  if (failed(isOut) || *isOut) {
    return failed(isOut) ? FailureOr<bool>(failure()) : false;
  }
  if (targets) {
    return matches(*targets, path, Anchor::FullMatch);
  }
  if (config.targets.pattern) { // all-linear
    const AdapterModule *module = modules.find(path);
    return module && module->kind == Kind::Linear && !module->head;
  }
  bool isExact = targetNames.contains(path);
  bool found = anySuffix(
      path, [&](StringRef suffix) { return targetNames.contains(suffix); });
  if (!found || isExact || config.layers.empty()) {
    return found;
  }
  return isTransformedLayer(path);
}

/// PEFT takes names here as ends of paths, whole components or not; those of a
/// module that holds others mean all of them.
bool PEFTTargets::isSaved(StringRef path) {
  bool found = false;
  for (size_t end = 0; end != StringRef::npos;) {
    end = path.find('.', end + 1);
    StringRef holder = path.take_front(end);
    for (const std::string &name : config.saved) {
      if (holder.ends_with(name)) {
        usedSaved.insert(name);
        found = true;
      }
    }
  }
  return found;
}

/// PEFT fails where a target is a module that holds others.
LogicalResult PEFTTargets::checkContainers() const {
  llvm::StringSet<> seen;
  for (const AdapterModule &module : modules.getAll()) {
    StringRef path = module.path;
    for (size_t end = path.find('.'); end != StringRef::npos;
         end = path.find('.', end + 1)) {
      StringRef holder = path.take_front(end);
      if (!seen.insert(holder).second || modules.find(holder)) {
        continue;
      }
      FailureOr<bool> target = isTarget(holder);
      if (failed(target)) {
        return failure();
      }
      if (*target) {
        return mlir::emitError(loc)
               << "expects 'target_modules' to mean linear layers and "
                  "embeddings, got '"
               << holder << "', which holds other modules";
      }
    }
  }
  return success();
}

LogicalResult PEFTTargets::checkNames() const {
  auto check = [&](StringRef key, const std::vector<std::string> &names,
                   const llvm::StringSet<> &known) -> LogicalResult {
    for (const std::string &name : names) {
      if (!known.contains(name)) {
        return mlir::emitError(loc)
               << "expects '" << key
               << "' to name modules that the base has, got '" << show(name)
               << "'" << modules.suggest(name);
      }
    }
    return success();
  };
  return success(
      succeeded(check("target_modules", config.targets.names, used)) &&
      succeeded(check("modules_to_save", config.saved, usedSaved)));
}

FailureOr<std::vector<PEFTTargets::Role>> PEFTTargets::resolve() {
  std::vector<Role> roles;
  bool any = false;
  for (const AdapterModule &module : modules.getAll()) {
    FailureOr<bool> target = isTarget(module.path);
    if (failed(target)) {
      return failure();
    }
    // Every name that means it, targets or not in the end.
    anySuffix(module.path, [&](StringRef suffix) {
      used.insert(suffix);
      return false;
    });
    bool save = isSaved(module.path);
    if (*target && save) {
      return mlir::emitError(loc)
             << "expects a module to be a target or to be saved, got '"
             << module.path << "' for both";
    }
    if (*target && module.kind == Kind::Norm) {
      return mlir::emitError(loc)
             << "expects 'target_modules' to mean linear layers and "
                "embeddings, got '"
             << module.path << "', which is a norm";
    }
    any |= *target;
    roles.push_back(*target ? Role::Target : save ? Role::Saved : Role::None);
  }
  if (failed(checkContainers()) || failed(checkNames())) {
    return failure();
  }
  if (!any) {
    return mlir::emitError(loc)
           << "expects 'target_modules' to mean a module of the base, got "
              "none";
  }
  return roles;
}

//===----------------------------------------------------------------------===//
// Ranks
//===----------------------------------------------------------------------===//

FailureOr<double> PEFTTargets::getValue(const std::vector<Pattern> &patterns,
                                        StringRef path,
                                        double fallback) const {
  for (const Pattern &pattern : patterns) {
    FailureOr<bool> match = matches(pattern.regex, path, Anchor::Match);
    if (failed(match)) {
      return failure();
    }
    if (*match) {
      return pattern.value;
    }
  }
  return fallback;
}

FailureOr<std::pair<int64_t, double>>
PEFTTargets::getRankAndAlpha(StringRef path) const {
  FailureOr<double> rank =
      getValue(ranks, path, static_cast<double>(config.rank));
  FailureOr<double> alpha = getValue(alphas, path, config.alpha);
  if (failed(rank) || failed(alpha)) {
    return failure();
  }
  return std::pair(static_cast<int64_t>(*rank), *alpha);
}
