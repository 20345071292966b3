// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the reader and the family of a model and builds its module.

#include "qeff/Import/Import.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Import/InputFile.h"
#include "qeff/Models/ModelFamily.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace qeff;

static const ModelFamily *findFamily(MLIRContext *context,
                                     const Checkpoint &checkpoint) {
  StringRef architecture = getArchitecture(checkpoint.config);
  const ModelFamily *family = findModelFamily(architecture);
  if (!family) {
    InFlightDiagnostic error =
        mlir::emitError(getFileLocation(context, checkpoint.configPath))
        << "expects one of the architectures ";
    llvm::interleaveComma(getModelFamilies(), error,
                          [&](const ModelFamily *each) {
                            error << each->architectures.front();
                          });
    error << ", got '" << architecture << "'";
  }
  return family;
}

static llvm::Expected<Checkpoint> readGGUF(const InputFile &file,
                                           const ModelFamily *&family) {
  llvm::Expected<GGUFHeader> header = readGGUFHeader(file);
  if (!header) {
    return header.takeError();
  }
  StringRef architecture =
      header->metadata.getString("general.architecture").value_or("");
  std::string known;
  for (const ModelFamily *each : getModelFamilies()) {
    if (each->gguf.architecture == architecture) {
      family = each;
    }
    known += (known.empty() ? "" : ", ") + each->gguf.architecture.str();
  }
  if (!family) {
    return makeImportError("expects one of the architectures " + known +
                           ", got '" + architecture + "'");
  }
  llvm::Expected<std::string> hash = file.hashPrefix(header->size);
  if (!hash) {
    return hash.takeError();
  }
  llvm::Expected<Checkpoint> checkpoint = mapGGUF(file, *header, family->gguf);
  if (checkpoint) {
    checkpoint->files.push_back(
        {"", file.getSize(), header->size, std::move(*hash)});
  }
  return checkpoint;
}

/// Reads the GGUF file at `path` and finds its family.
static FailureOr<Checkpoint> readGGUF(MLIRContext *context, StringRef path,
                                      const ModelFamily *&family) {
  llvm::Expected<InputFile> file = InputFile::open(path);
  if (!file) {
    return emitImportError(context, path, file.takeError());
  }
  llvm::Expected<Checkpoint> checkpoint = readGGUF(*file, family);
  if (!checkpoint) {
    return emitImportError(context, path, checkpoint.takeError());
  }
  StringRef directory = llvm::sys::path::parent_path(path);
  checkpoint->directory = directory.empty() ? "." : directory.str();
  checkpoint->path = path.str();
  checkpoint->configPath = path.str();
  checkpoint->files.front().path = llvm::sys::path::filename(path).str();
  return std::move(*checkpoint);
}

FailureOr<OwningOpRef<ModuleOp>>
qeff::importModel(MLIRContext *context, StringRef path,
                  const ProgressFn &progress) {
  context->loadDialect<QEffDialect, mlir::arith::ArithDialect,
                       mlir::func::FuncDialect>();
  const ModelFamily *family = nullptr;
  FailureOr<Checkpoint> checkpoint = failure();
  if (llvm::sys::fs::is_directory(path)) {
    checkpoint = readHuggingFaceDirectory(context, path);
    family = succeeded(checkpoint) ? findFamily(context, *checkpoint) : nullptr;
  } else {
    checkpoint = readGGUF(context, path, family);
  }
  if (failed(checkpoint) || !family) {
    return failure();
  }
  for (const ModelFamily::Alias &alias : family->aliases) {
    const llvm::json::Value *value = checkpoint->config.get(alias.alias);
    if (value && value->kind() != llvm::json::Value::Null) {
      llvm::json::Value copy = *value; // an insertion may move the original
      checkpoint->config[alias.key] = std::move(copy);
    }
  }
  ConfigReader config(checkpoint->config,
                      getFileLocation(context, checkpoint->configPath));
  FailureOr<DecoderDesc> desc = family->describe(config, context);
  ModuleInfo info;
  info.architecture = family->architectures.front().str();
  info.eosTokenIds = config.getTokenIds("eos_token_id");
  if (failed(desc) || config.hasFailed()) {
    return failure();
  }
  FailureOr<OwningOpRef<ModuleOp>> module = buildDecoder(
      context, *desc, *checkpoint, info, family->isIgnored, progress);
  if (failed(module) || failed(mlir::verify(**module))) {
    return failure();
  }
  return module;
}
