// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// targets.json: what a package knows of its model's modules.

#include "qeff/Import/AdapterModules.h"
#include "qeff/Import/Checkpoint.h"
#include "qeff/Import/Config.h"
#include "qeff/Import/InputFile.h"
#include "qeff/Import/JSON.h"
#include "qeff/Target/OutputFile.h"

#include "mlir/IR/Diagnostics.h"

using namespace qeff;
using Kind = AdapterModule::Kind;

static constexpr StringRef kFormat = "qeff.adapter-targets";
static constexpr int64_t kVersion = 1;
static constexpr int64_t kMaxModules = 1 << 17;
static constexpr int64_t kMaxSize = 1 << 30;
static constexpr int64_t kMaxRank = 1 << 16;
static constexpr size_t kMaxPath = 1024;

static constexpr StringRef kKeys[] = {"path", "kind", "in",   "out",
                                      "bias", "head", "tied", "transposed",
                                      "target"};

static AdapterModule readModule(ConfigReader &reader,
                                const llvm::json::Object &object) {
  AdapterModule module;
  for (const auto &member : object) {
    if (!llvm::is_contained(kKeys, StringRef(member.first))) {
      reader.emitError("expects the keys of a module, got '" +
                       StringRef(member.first) + "'");
    }
  }
  module.path = reader.getString("path", "");
  if (module.path.empty() || module.path.size() > kMaxPath ||
      llvm::any_of(module.path, [](char c) { return c <= ' ' || c >= 127; })) {
    reader.emitExpects("path", "printable ASCII");
  }
  reader.requireString("kind", {"linear", "embedding", "norm"});
  std::string kind = reader.getString("kind", "linear");
  module.kind = kind == "linear"      ? Kind::Linear
                : kind == "embedding" ? Kind::Embedding
                                      : Kind::Norm;
  module.in = reader.getInt("in", 1, kMaxSize);
  module.out = reader.getInt("out", 1, kMaxSize);
  module.transposed = reader.getBool("transposed", false);
  module.bias = reader.getBool("bias", false);
  module.head = reader.getBool("head", false);
  module.tied = reader.getString("tied", "");
  module.target = reader.getBool("target", false);
  if (module.target && module.kind != Kind::Linear) {
    reader.emitExpects("target", "a linear layer, or false");
  }
  return module;
}

FailureOr<AdapterModules> qeff::readTargets(MLIRContext *context,
                                            StringRef path) {
  llvm::Expected<std::string> text = readSmallFile(path, kMaxJSONBytes);
  if (!text) {
    (void)emitImportError(context, path, text.takeError());
    return failure();
  }
  llvm::Expected<llvm::json::Object> root = parseJSONObject(*text);
  if (!root) {
    (void)emitImportError(context, path, root.takeError());
    return failure();
  }
  ConfigReader reader(*root, getFileLocation(context, path));
  if (!reader.has("format") || !reader.has("version")) {
    reader.emitExpects("format", "'" + kFormat + "' and a version");
  }
  reader.requireString("format", {kFormat});
  reader.requireInt("version", kVersion);
  AdapterModules modules;
  modules.maxRank = reader.getInt("max_lora_rank", 0, kMaxRank);
  const llvm::json::Array *array = root->getArray("modules");
  if (!array || static_cast<int64_t>(array->size()) > kMaxModules) {
    reader.emitExpects("modules", "an array of at most " +
                                      Twine(kMaxModules) + " modules");
    return failure();
  }
  for (auto [index, value] : llvm::enumerate(*array)) {
    const llvm::json::Object *object = value.getAsObject();
    std::string key = "modules[" + std::to_string(index) + "]";
    if (!object) {
      reader.emitError("expects '" + key + "' to be an object, got " +
                       getJSONKind(value));
      break;
    }
    ConfigReader nested = reader.nest(*object, key);
    AdapterModule module = readModule(nested, *object);
    reader.absorb(nested);
    std::string name = module.path;
    if (!reader.hasFailed() && !modules.add(std::move(module))) {
      reader.emitError("expects a module once, got '" + name + "' twice");
    }
    if (reader.hasFailed()) {
      break;
    }
  }
  if (reader.hasFailed()) {
    return failure();
  }
  return modules;
}

LogicalResult qeff::writeTargets(Location loc, const AdapterModules &modules,
                                 StringRef path) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os, 1);
  json.object([&] {
    json.attribute("format", kFormat);
    json.attribute("version", kVersion);
    json.attribute("max_lora_rank", modules.maxRank);
    json.attributeArray("modules", [&] {
      for (const AdapterModule &module : modules.getAll()) {
        json.object([&] {
          json.attribute("path", module.path);
          json.attribute("kind", getKindName(module.kind));
          json.attribute("in", module.in);
          json.attribute("out", module.out);
          json.attribute("transposed", module.transposed);
          json.attribute("bias", module.bias);
          json.attribute("head", module.head);
          json.attribute("tied", module.tied);
          json.attribute("target", module.target);
        });
      }
    });
  });
  os << "\n";
  return writeFile(loc, path, text);
}
