// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The folder "adapters" follows from the module alone: a module that was
// printed in between gives the same files.

#include "PackageAdapters.h"
#include "OutputPackage.h"

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace qeff;

//===----------------------------------------------------------------------===//
// Into the module
//===----------------------------------------------------------------------===//

LogicalResult qeff::insertAdapters(ModuleOp module,
                                   const CompileOptions &options,
                                   RootFolders &roots,
                                   const ProgressFn &progress) {
  if (options.adapters.empty()) {
    return success();
  }
  FailureOr<AdapterModules> modules = collectModules(module);
  if (failed(modules)) {
    return failure();
  }
  AdapterOptions reading;
  reading.swap = options.adapterMode == "swap";
  reading.maxRank = options.maxLoRARank.value_or(0);
  reading.allowNonfinite = options.allowNonfinite;
  auto total = static_cast<int64_t>(options.adapters.size());
  for (auto [index, argument] : llvm::enumerate(options.adapters)) {
    if (progress) {
      progress("reading adapters", static_cast<int64_t>(index), total);
    }
    FailureOr<Adapter> adapter = readAdapter(
        module.getContext(), argument.directory, *modules, reading);
    if (failed(adapter) ||
        failed(insertAdapter(module, *adapter, argument.name,
                             argument.weight))) {
      return failure();
    }
    roots.try_emplace("adapter." + argument.name, argument.directory);
  }
  if (progress) {
    progress("reading adapters", total, total);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static std::optional<StoredType> getStoredType(Type type) {
  return type.isF32()    ? std::optional(StoredType::F32)
         : type.isF16()  ? std::optional(StoredType::F16)
         : type.isBF16() ? std::optional(StoredType::BF16)
                         : std::nullopt;
}

/// The symbols of the weights that the adapter `op` names.
static SmallVector<FlatSymbolRefAttr> getWeights(AdapterOp op) {
  SmallVector<FlatSymbolRefAttr> weights;
  for (Operation &inner : op.getBody().front()) {
    for (NamedAttribute attribute : inner.getAttrs()) {
      if (auto weight = dyn_cast<FlatSymbolRefAttr>(attribute.getValue())) {
        weights.push_back(weight);
      }
    }
  }
  return weights;
}

LogicalResult qeff::checkAdapterValues(ModuleOp module,
                                       const RootFolders &roots) {
  SymbolTable symbols(module);
  llvm::MapVector<FileOp, std::vector<AdapterTensor>> files;
  llvm::DenseSet<WeightOp> seen;
  for (auto op : module.getOps<AdapterOp>()) {
    std::string prefix = ("adapter." + op.getSymName() + ".").str();
    for (FlatSymbolRefAttr symbol : getWeights(op)) {
      auto weight = symbols.lookup<WeightOp>(symbol.getAttr());
      auto stored = getStoredType(weight.getTensorType().getElementType());
      if (weight.getEncoding() || !stored || !seen.insert(weight).second) {
        continue;
      }
      StringRef name = symbol.getValue();
      name.consume_front(prefix);
      AdapterTensor tensor;
      tensor.name = name.str();
      tensor.tensor.shape = weight.getTensorType().getShape().vec();
      tensor.tensor.type = *stored;
      tensor.tensor.offset = static_cast<uint64_t>(weight.getOffset());
      files[symbols.lookup<FileOp>(weight.getFileAttr().getAttr())].push_back(
          std::move(tensor));
    }
  }
  for (auto &[file, tensors] : files) {
    auto root = roots.find(file.getRoot().str());
    if (root == roots.end()) {
      continue;
    }
    SmallString<256> path(root->second);
    llvm::sys::path::append(path, file.getPath());
    if (failed(checkFinite(module.getContext(), path,
                           static_cast<uint64_t>(file.getSize()), tensors))) {
      return failure();
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// From the module
//===----------------------------------------------------------------------===//

namespace {
/// Turns the symbols of one adapter back into what was read.
class SymbolReader {
public:
  SymbolReader(const SymbolTable &symbols, AdapterOp op)
      : symbols(symbols), op(op) {}

  /// False where the symbols do not tell it all; `file` is then unset.
  bool read(Adapter &adapter);
  FileOp getFile() const { return file; }

private:
  bool readTensor(FlatSymbolRefAttr symbol, AdapterTensor &tensor);

  const SymbolTable &symbols;
  AdapterOp op;
  FileOp file;
};
} // namespace

bool SymbolReader::readTensor(FlatSymbolRefAttr symbol, AdapterTensor &tensor) {
  auto weight = symbols.lookup<WeightOp>(symbol.getAttr());
  if (!weight || weight.getEncoding()) {
    return false;
  }
  RankedTensorType type = weight.getTensorType();
  std::optional<StoredType> stored = getStoredType(type.getElementType());
  auto weightFile = symbols.lookup<FileOp>(weight.getFileAttr().getAttr());
  if (!stored || !weightFile || (file && weightFile != file)) {
    return false;
  }
  file = weightFile;
  tensor.name = symbol.getValue().str();
  tensor.tensor.shape = type.getShape().vec();
  tensor.tensor.type = *stored;
  tensor.tensor.typeName = *stored == StoredType::F32   ? "F32"
                           : *stored == StoredType::F16 ? "F16"
                                                        : "BF16";
  tensor.tensor.offset = static_cast<uint64_t>(weight.getOffset());
  return true;
}

bool SymbolReader::read(Adapter &adapter) {
  for (auto lora : op.getBody().front().getOps<AdapterLoRAOp>()) {
    AdapterPair pair;
    pair.module = lora.getModule().str();
    pair.scaling = lora.getScaling().convertToDouble();
    if (!readTensor(lora.getAAttr(), pair.a) ||
        !readTensor(lora.getBAttr(), pair.b)) {
      return false;
    }
    pair.rank = pair.a.tensor.shape.front();
    adapter.pairs.push_back(std::move(pair));
  }
  if (!file || !file.getHeaderSha256()) {
    return false;
  }
  adapter.file = {file.getPath().str(), static_cast<uint64_t>(file.getSize()),
                  static_cast<uint64_t>(file.getHeaderSize()),
                  file.getHeaderSha256()->str()};
  return true;
}

FailureOr<std::vector<PackagedAdapter>>
qeff::collectAdapters(ModuleOp module, const RootFolders &roots,
                      const NoteFn &note) {
  std::vector<PackagedAdapter> adapters;
  SymbolTable symbols(module);
  for (auto op : module.getOps<AdapterOp>()) {
    PackagedAdapter packaged;
    packaged.name = op.getSymName().str();
    packaged.weight = op.getWeight().convertToDouble();
    SymbolReader reader(symbols, op);
    if (!reader.read(packaged.adapter)) {
      if (note) {
        note("adapter '" + packaged.name +
             "' is not written into the package: expects tensors of one "
             "safetensors file whose header the module has the hash of");
      }
      continue;
    }
    FileOp file = reader.getFile();
    auto root = roots.find(file.getRoot().str());
    if (root == roots.end()) {
      return file.emitError("expects a folder for root '")
             << file.getRoot() << "' (--root=" << file.getRoot() << "=DIR)";
    }
    packaged.adapter.directory = root->second;
    adapters.push_back(std::move(packaged));
  }
  return adapters;
}

//===----------------------------------------------------------------------===//
// Into the package
//===----------------------------------------------------------------------===//

/// The name of the adapter input `index`, or "" where it is another input.
static StringRef getAdapterInput(mlir::func::FuncOp function, unsigned index) {
  auto name = function.getArgAttrOfType<StringAttr>(index, kNameAttr);
  return name && function.getArgAttr(index, kAdapterAttr) ? name.getValue()
                                                          : "";
}

/// Marks the modules that `function` takes adapters of, with the rank that it
/// has room for.
static void markInputs(mlir::func::FuncOp function, AdapterModules &modules) {
  for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i) {
    StringRef path = getAdapterInput(function, i);
    if (path.consume_back(".lora_scaling")) {
      if (AdapterModule *module = modules.find(path)) {
        module->target = true;
      }
    } else if (path.ends_with(".lora_A.weight")) {
      auto type = dyn_cast<RankedTensorType>(function.getArgument(i).getType());
      if (type && type.getRank() == 2 && type.hasStaticShape()) {
        modules.maxRank = type.getShape().front();
      }
    }
  }
}

bool qeff::takesAdapters(ModuleOp module) {
  for (auto function : module.getOps<mlir::func::FuncOp>()) {
    for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i) {
      if (!getAdapterInput(function, i).empty()) {
        return true;
      }
    }
  }
  return !module.getOps<qeff::host::AdapterBlockOp>().empty();
}

LogicalResult qeff::writeAdapters(ModuleOp module,
                                  ArrayRef<PackagedAdapter> adapters,
                                  StringRef directory,
                                  const ProgressFn &progress) {
  FailureOr<mlir::func::FuncOp> function = findMainFunction(module);
  FailureOr<AdapterModules> modules = collectModules(module);
  if (failed(function) || failed(modules)) {
    return failure();
  }
  markInputs(*function, *modules);
  SmallString<256> folder(directory);
  llvm::sys::path::append(folder, kAdaptersName);
  Location loc = getFileLocation(module.getContext(), folder);
  if (std::error_code code = llvm::sys::fs::create_directory(
          folder, /*IgnoreExisting=*/true, llvm::sys::fs::all_all)) {
    return mlir::emitError(loc) << code.message();
  }
  auto join = [&](const Twine &name) {
    SmallString<256> path(folder);
    llvm::sys::path::append(path, name);
    return std::string(path);
  };
  auto total = static_cast<int64_t>(adapters.size());
  for (auto [index, packaged] : llvm::enumerate(adapters)) {
    if (failed(writeAdapterFile(module.getContext(), packaged.adapter,
                                packaged.name,
                                join(packaged.name + ".safetensors"),
                                packaged.weight))) {
      return failure();
    }
    if (progress) {
      progress("writing adapters", static_cast<int64_t>(index) + 1, total);
    }
  }
  return writeTargets(loc, *modules, join(kTargetsName));
}
