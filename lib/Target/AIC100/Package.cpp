// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The files that AI 100's compiler reads beside the model.

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Target/AIC100.h"
#include "qeff/Target/ONNX.h"
#include "qeff/Target/OutputFile.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace qeff;
using mlir::func::FuncOp;

static std::string join(StringRef directory, StringRef name) {
  SmallString<128> path(directory);
  llvm::sys::path::append(path, name);
  return path.str().str();
}

/// Named dims in the order in which the arguments show them.
static SmallVector<StringRef> getDimOrder(FuncOp function) {
  SmallVector<StringRef> order;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto dims = function.getArgAttrOfType<ArrayAttr>(i, kDimsAttr);
    if (!dims) {
      continue;
    }
    for (Attribute dim : dims) {
      auto symbol = dyn_cast<FlatSymbolRefAttr>(dim);
      if (symbol && !llvm::is_contained(order, symbol.getValue())) {
        order.push_back(symbol.getValue());
      }
    }
  }
  return order;
}

//===----------------------------------------------------------------------===//
// specializations.json
//===----------------------------------------------------------------------===//

static FailureOr<std::string> buildSpecializations(ModuleOp module,
                                                   FuncOp function) {
  SmallVector<SpecAttr> specs = getSpecializations(module);
  if (specs.empty()) {
    module.emitError() << "expects '" << kSpecializationsAttr
                       << "' with at least one entry";
    return failure();
  }
  SmallVector<StringRef> order = getDimOrder(function);
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os, /*IndentSize=*/4);
  LogicalResult complete = success();
  json.object([&] {
    json.attributeArray("specializations", [&] {
      for (SpecAttr spec : specs) {
        json.object([&] {
          std::string name = spec.getName().str();
          name[0] = llvm::toUpper(name[0]);
          json.attribute("name", name);
          json.attributeObject("symbols", [&] {
            for (StringRef dim : order) {
              std::optional<int64_t> value = spec.getDim(dim);
              if (!value) {
                complete = module.emitError()
                           << "expects a value for dim '" << dim
                           << "' in specialization " << spec.getName();
                return;
              }
              json.attribute(dim, std::to_string(*value));
            }
          });
        });
      }
    });
  });
  if (failed(complete)) {
    return failure();
  }
  os << "\n";
  return text;
}

//===----------------------------------------------------------------------===//
// custom_io.yaml
//===----------------------------------------------------------------------===//

/// A name that needs no quotes in YAML.
static bool isPlainName(StringRef name) {
  return !name.empty() && llvm::isAlpha(name.front()) &&
         llvm::all_of(name, [](char c) {
           return llvm::isAlnum(c) || c == '_' || c == '.' || c == '/';
         });
}

/// The states' inputs, then their outputs, each in the order of the arguments.
/// Adapters are never compressed; their scalings, which are no states and come
/// with every call, are not listed and stay float32 at the card's boundary.
static FailureOr<std::string> buildCustomIO(FuncOp function, bool mxint8) {
  using Entry = std::pair<StringRef, StringRef>; // name and precision
  SmallVector<Entry> inputs;
  SmallVector<Entry> outputs;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto state = function.getArgAttrOfType<StringAttr>(i, kStateAttr);
    auto name = function.getArgAttrOfType<StringAttr>(i, kNameAttr);
    if (!state) {
      continue;
    }
    // The compiler pairs state by this rule alone.
    if (!name || !isPlainName(name.getValue()) ||
        state.getValue() != (name.getValue() + "_RetainedState").str()) {
      function.emitError()
          << "expects state NAME to be returned as NAME_RetainedState, got "
          << state << " for argument " << i;
      return failure();
    }
    bool isCache = !function.getArgAttr(i, kAdapterAttr);
    StringRef precision = mxint8 && isCache ? "mxint8" : "float16";
    inputs.emplace_back(name.getValue(), precision);
    outputs.emplace_back(state.getValue(), precision);
  }
  std::string text;
  for (ArrayRef<Entry> entries : {ArrayRef(inputs), ArrayRef(outputs)}) {
    for (auto [name, precision] : entries) {
      text += (" - IOName: " + name + "\n   Precision: " + precision + "\n\n")
                  .str();
    }
  }
  return text;
}

//===----------------------------------------------------------------------===//
// compile.sh
//===----------------------------------------------------------------------===//

static std::string buildCommand(const AIC100Options &options, bool hasState,
                                bool legacy) {
  std::string text = "  exec \"$compiler\"";
  for (const std::string &argument :
       getQPCArguments(options, hasState, "", legacy)) {
    text += " \\\n    " + argument;
  }
  return text;
}

/// Looks for the compiler where findCompiler does.
static std::string buildScript(const AIC100Options &options, bool hasState) {
  std::string text = R"sh(#!/bin/sh
# Compiles the model in this folder to qpc/programqpc.bin with $QAIC_COMPILER,
# or qaic-compile or qaic-exec of Qualcomm's Cloud AI platform SDK, which is in
# /opt/qti-aic/exec or in PATH.
set -e
compiler=${QAIC_COMPILER:-}
case $compiler in
/*) ;;
*/*) compiler=$PWD/$compiler ;;
esac
cd -- "$(dirname -- "$0")"
if [ -e qpc/programqpc.bin ]; then
  echo "qpc/programqpc.bin is there already; remove qpc to compile again" >&2
  exit 0
fi
rm -rf qpc
for name in qaic-compile qaic-exec; do
  for candidate in "/opt/qti-aic/exec/$name" "$name"; do
    if [ -z "$compiler" ]; then
      compiler=$(command -v "$candidate") || compiler=
    fi
  done
done
if [ -z "$compiler" ]; then
  echo "neither qaic-compile nor qaic-exec was found; install Qualcomm's" \
    "Cloud AI platform SDK or set QAIC_COMPILER" >&2
  exit 1
fi
case ${compiler##*/} in
qaic-exec*)
)sh";
  text += buildCommand(options, hasState, /*legacy=*/true) + " ;;\n*)\n";
  text += buildCommand(options, hasState, /*legacy=*/false) + " ;;\nesac\n";
  return text;
}

LogicalResult qeff::writeAIC100Package(ModuleOp module, StringRef directory,
                                       const AIC100Options &options,
                                       const EvaluatorOptions &weights,
                                       const ProgressFn &progress) {
  if (options.numCores < 1) {
    return module.emitError()
           << "expects one core or more, got " << options.numCores;
  }
  FailureOr<FuncOp> function = findMainFunction(module);
  if (failed(function)) {
    return failure();
  }
  FailureOr<std::string> specializations =
      buildSpecializations(module, *function);
  FailureOr<std::string> customIO =
      buildCustomIO(*function, options.mxint8KVCache);
  if (failed(specializations) || failed(customIO)) {
    return failure();
  }
  bool hasState = !customIO->empty();
  Location loc = module.getLoc();
  if (failed(writeFile(loc, join(directory, "specializations.json"),
                       *specializations)) ||
      (hasState &&
       failed(writeFile(loc, join(directory, "custom_io.yaml"), *customIO))) ||
      failed(writeFile(loc, join(directory, "compile.sh"),
                       buildScript(options, hasState), 0777))) {
    return failure();
  }
  return exportONNX(module, join(directory, "model.onnx"), weights, progress);
}
