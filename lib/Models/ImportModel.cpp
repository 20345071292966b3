// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the reader and the family of a model and builds its module.

#include "qeff/Import/Import.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Models/ModelFamily.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

#include "llvm/Support/FileSystem.h"

using namespace qeff;

/// What config.json says the model is: its first architecture, else its type.
static std::string getArchitecture(const Checkpoint &checkpoint,
                                   ConfigReader &config) {
  const llvm::json::Value *list = checkpoint.config.get("architectures");
  if (const llvm::json::Array *names = list ? list->getAsArray() : nullptr) {
    for (const llvm::json::Value &name : *names) {
      if (std::optional<StringRef> text = name.getAsString()) {
        return text->str();
      }
    }
  }
  return config.getString("model_type", "");
}

static const ModelFamily *findFamily(const Checkpoint &checkpoint,
                                     ConfigReader &config) {
  std::string architecture = getArchitecture(checkpoint, config);
  const ModelFamily *family = findModelFamily(architecture);
  if (!family && !config.hasFailed()) {
    std::string known;
    for (const ModelFamily *each : getModelFamilies()) {
      known += (known.empty() ? "" : ", ") + each->architectures.front().str();
    }
    config.emitError("expects one of the architectures " + known +
                     ", got '" + architecture + "'");
  }
  return family;
}

FailureOr<OwningOpRef<ModuleOp>>
qeff::importModel(MLIRContext *context, StringRef path,
                  const ProgressFn &progress) {
  context->loadDialect<QEffDialect, mlir::arith::ArithDialect,
                       mlir::func::FuncDialect>();
  if (!llvm::sys::fs::is_directory(path)) {
    return mlir::emitError(getFileLocation(context, path))
           << "expects a model directory";
  }
  FailureOr<Checkpoint> checkpoint = readHuggingFaceDirectory(context, path);
  if (failed(checkpoint)) {
    return failure();
  }
  ConfigReader config(checkpoint->config,
                      getFileLocation(context, checkpoint->configPath));
  const ModelFamily *family = findFamily(*checkpoint, config);
  if (!family) {
    return failure();
  }
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
