// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An adapter as symbols of a module.

#include "AdapterResolver.h"

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace qeff;

/// Whether `name` can be a part of symbols, file names and roots.
static bool isAdapterName(StringRef name) {
  return !name.empty() && name.size() <= 128 && name.front() != '.' &&
         llvm::all_of(name, [](char c) {
           return llvm::isAlnum(c) || c == '_' || c == '-' || c == '.';
         });
}

LogicalResult qeff::checkAdapterName(Location loc, StringRef name) {
  if (isAdapterName(name)) {
    return success();
  }
  return mlir::emitError(loc)
         << "expects an adapter's name of at most 128 letters, digits, '_', "
            "'-' and '.', without a '.' in front, got '"
         << name << "'";
}

/// The root of the adapter's file, and what its symbols begin with.
static std::string getPrefix(StringRef name) {
  return ("adapter." + name).str();
}

/// The symbols that the adapter will take must be free.
static LogicalResult checkSymbols(ModuleOp module, const Adapter &adapter,
                                  StringRef name) {
  SymbolTable symbols(module);
  auto check = [&](const Twine &symbol) -> LogicalResult {
    Operation *taken = symbols.lookup(symbol.str());
    if (!taken) {
      return success();
    }
    InFlightDiagnostic diagnostic = module.emitError(
        "expects adapters under names that are free, got '")
                                    << name << "'";
    diagnostic.attachNote(taken->getLoc())
        << "symbol '" << symbol << "' is here";
    return diagnostic;
  };
  std::string prefix = getPrefix(name) + ".";
  if (failed(check(name)) || failed(check(prefix + "file"))) {
    return failure();
  }
  for (const AdapterPair &pair : adapter.pairs) {
    if (failed(check(prefix + pair.a.name)) ||
        failed(check(prefix + pair.b.name)) ||
        (pair.magnitude && failed(check(prefix + pair.magnitude->name)))) {
      return failure();
    }
  }
  for (const AdapterParameter &parameter : adapter.parameters) {
    if (failed(check(prefix + parameter.value.name))) {
      return failure();
    }
  }
  return success();
}

namespace {
/// Declares weights of one adapter.
class SymbolBuilder {
public:
  SymbolBuilder(ImplicitLocOpBuilder &builder, const Adapter &adapter,
                StringRef name)
      : builder(builder), prefix(getPrefix(name)) {
    file = FileOp::create(
        builder, builder.getStringAttr(prefix + ".file"),
        builder.getStringAttr("private"),
        builder.getStringAttr(adapter.file.path), builder.getStringAttr(prefix),
        builder.getI64IntegerAttr(static_cast<int64_t>(adapter.file.size)),
        builder.getI64IntegerAttr(
            static_cast<int64_t>(adapter.file.headerSize)),
        builder.getStringAttr(adapter.file.headerSHA256));
  }

  FlatSymbolRefAttr declare(const AdapterTensor &tensor) {
    StringAttr name = builder.getStringAttr(prefix + "." + tensor.name);
    auto reference = FlatSymbolRefAttr::get(name);
    if (!declared.insert(name.getValue()).second) {
      return reference; // a weight that two modules share
    }
    const StoredTensor &stored = tensor.tensor;
    Type element = stored.type == StoredType::F16 ? Type(builder.getF16Type())
                   : stored.type == StoredType::BF16
                       ? Type(builder.getBF16Type())
                       : Type(builder.getF32Type());
    WeightOp::create(
        builder, name, builder.getStringAttr("private"),
        FlatSymbolRefAttr::get(file.getSymNameAttr()),
        builder.getI64IntegerAttr(static_cast<int64_t>(stored.offset)),
        BlockEncodingAttr(), StringAttr(),
        mlir::TypeAttr::get(RankedTensorType::get(stored.shape, element)));
    return reference;
  }

private:
  ImplicitLocOpBuilder &builder;
  std::string prefix;
  FileOp file;
  llvm::StringSet<> declared;
};
} // namespace

LogicalResult qeff::insertAdapter(ModuleOp module, const Adapter &adapter,
                                  StringRef name, double weight) {
  if (failed(checkAdapterName(module.getLoc(), name))) {
    return failure();
  }
  if (!std::isfinite(weight)) {
    return module.emitError("expects a finite weight of adapter '")
           << name << "'";
  }
  if (getPhase(module) != Phase::Canonical) {
    return module.emitError("expects a module of phase canonical for adapter '")
           << name << "'";
  }
  FailureOr<mlir::func::FuncOp> main = findMainFunction(module);
  if (failed(main)) {
    return failure();
  }
  if (failed(checkSymbols(module, adapter, name))) {
    return failure();
  }
  ImplicitLocOpBuilder builder(module.getLoc(), *main);
  SymbolBuilder symbols(builder, adapter, name);
  struct Pair {
    const AdapterPair *pair;
    FlatSymbolRefAttr a, b, magnitude;
  };
  std::vector<Pair> pairs;
  for (const AdapterPair &pair : adapter.pairs) {
    pairs.push_back({&pair, symbols.declare(pair.a), symbols.declare(pair.b),
                     pair.magnitude ? symbols.declare(*pair.magnitude)
                                    : FlatSymbolRefAttr()});
  }
  std::vector<FlatSymbolRefAttr> values;
  for (const AdapterParameter &parameter : adapter.parameters) {
    values.push_back(symbols.declare(parameter.value));
  }
  auto op = AdapterOp::create(builder, builder.getStringAttr(name),
                              builder.getStringAttr("private"),
                              builder.getF64FloatAttr(weight));
  builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
  for (const Pair &pair : pairs) {
    AdapterLoRAOp::create(builder, builder.getStringAttr(pair.pair->module),
                          pair.a, pair.b, pair.magnitude,
                          builder.getF64FloatAttr(pair.pair->scaling));
  }
  for (auto [parameter, value] :
       llvm::zip_equal(adapter.parameters, values)) {
    AdapterParameterOp::create(builder,
                               builder.getStringAttr(parameter.module),
                               builder.getStringAttr(parameter.name), value);
  }
  return success();
}
