// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An exporter that wrapped the model put components before all paths; one that
// was given a part of it left some out.

#include "AdapterAlignment.h"

#include "llvm/ADT/StringSet.h"

using namespace qeff;

/// Components that a wrapper may have.
static constexpr int64_t kMaxComponents = 8;

std::string AlignedModules::toBase(StringRef path) const {
  path.consume_front(added);
  return dropped + path.str();
}

/// The modules that the adapter's tensors are of.
static std::vector<StringRef> getPaths(const AdapterFiles &files) {
  llvm::StringSet<> seen;
  std::vector<StringRef> paths;
  for (const auto &entry : files.tensors) {
    StringRef path = entry.getKey();
    if (!path.consume_front(kAdapterPrefix)) {
      continue;
    }
    size_t end = path.rfind('.');
    for (StringRef part : {".lora_", ".base_layer."}) {
      end = std::min(end, path.find(part));
    }
    path = path.take_front(end);
    if (seen.insert(path).second) {
      paths.push_back(path);
    }
  }
  return paths;
}

/// The beginnings of `path` that end with a dot.
static std::vector<StringRef> getBeginnings(StringRef path) {
  std::vector<StringRef> beginnings;
  size_t dot = path.find('.');
  for (int64_t i = 0; i < kMaxComponents && dot != StringRef::npos; ++i) {
    beginnings.push_back(path.take_front(dot + 1));
    dot = path.find('.', dot + 1);
  }
  return beginnings;
}

static AdapterModules change(const AdapterModules &modules, StringRef drop,
                             StringRef add) {
  auto changePath = [&](StringRef path) {
    return path.consume_front(drop) ? add.str() + path.str() : path.str();
  };
  AdapterModules result;
  for (AdapterModule module : modules.getAll()) {
    module.path = changePath(module.path);
    if (!module.tied.empty()) {
      module.tied = changePath(module.tied);
    }
    result.add(std::move(module));
  }
  result.maxRank = modules.maxRank;
  return result;
}

AlignedModules qeff::alignModules(const AdapterFiles &files,
                                  const AdapterModules &modules) {
  std::vector<StringRef> paths = getPaths(files);
  auto fits = [&](StringRef drop, StringRef add) {
    return llvm::all_of(paths, [&](StringRef path) {
      return path.consume_front(add) && modules.find((drop + path).str());
    });
  };
  AlignedModules result;
  result.modules = modules;
  if (paths.empty() || modules.getAll().empty() || fits("", "")) {
    return result;
  }
  auto startsAll = [&](StringRef start) {
    return llvm::all_of(modules.getAll(), [&](const AdapterModule &module) {
      return StringRef(module.path).starts_with(start);
    });
  };
  for (StringRef drop : getBeginnings(modules.getAll().front().path)) {
    if (startsAll(drop) && fits(drop, "")) {
      return {change(modules, drop, ""), drop.str(), ""};
    }
  }
  for (StringRef add : getBeginnings(paths.front())) {
    if (fits("", add)) {
      return {change(modules, "", add), "", add.str()};
    }
  }
  return result;
}
