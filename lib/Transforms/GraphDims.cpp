// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dims by name, and by formulas that are names.

#include "GraphDims.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace qeff;
using mlir::func::FuncOp;

using Values = llvm::StringMap<int64_t>;

/// The value of a product "2*seq", or nothing.
static std::optional<int64_t> evaluateProduct(StringRef text,
                                              const Values &values) {
  std::optional<int64_t> product = 1;
  SmallVector<StringRef> factors;
  text.split(factors, '*');
  for (StringRef factor : factors) {
    int64_t value = 0;
    factor = factor.trim();
    auto known = values.find(factor);
    if (known != values.end()) {
      value = known->second;
    } else if (factor.getAsInteger(10, value)) {
      return std::nullopt;
    }
    product = product ? llvm::checkedMul(*product, value) : std::nullopt;
  }
  return product;
}

/// The value of a name that is a sum of products, or nothing.
static std::optional<int64_t> evaluate(StringRef text, const Values &values) {
  std::optional<int64_t> sum = 0;
  SmallVector<StringRef> terms;
  text.split(terms, '+');
  for (StringRef term : terms) {
    std::optional<int64_t> value = evaluateProduct(term, values);
    sum = sum && value ? llvm::checkedAdd(*sum, *value) : std::nullopt;
  }
  return sum;
}

/// Reads "NAME=VALUE".
static LogicalResult readGiven(FuncOp function, ArrayRef<StringRef> given,
                               Values &values) {
  for (StringRef entry : given) {
    auto [name, number] = entry.rsplit('=');
    int64_t value = 0;
    if (name.empty() || number.getAsInteger(10, value) || value < 0) {
      return function.emitError("dims: expects NAME=VALUE with a size of at "
                                "least 0, got '")
             << entry << "'";
    }
    if (!values.try_emplace(name, value).second) {
      return function.emitError("dims: expects one value for each dim, got a "
                                "second for '")
             << name << "'";
    }
  }
  return success();
}

/// The names of dims of the arguments, in order.
static FailureOr<llvm::MapVector<StringRef, bool>> collectDims(FuncOp function) {
  llvm::MapVector<StringRef, bool> names;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[i]);
    auto dims = function.getArgAttrOfType<ArrayAttr>(i, kDimsAttr);
    if (!type || (!dims && !type.hasStaticShape())) {
      return function.emitError("expects inputs with a known number of axes, "
                                "got ")
             << function.getArgumentTypes()[i] << " as input "
             << function.getArgAttr(i, kNameAttr);
    }
    for (auto [axis, size] : llvm::enumerate(type.getShape())) {
      if (!ShapedType::isDynamic(size)) {
        continue;
      }
      auto dim = dyn_cast<FlatSymbolRefAttr>(dims[axis]);
      if (!dim) {
        return function.emitError("expects a size or name for each axis of an "
                                  "input, got none for axis ")
               << axis << " of " << function.getArgAttr(i, kNameAttr);
      }
      names[dim.getValue()] = true;
    }
  }
  return names;
}

FailureOr<DictionaryAttr>
qeff::getGraphDims(FuncOp function, ArrayRef<StringRef> given,
                   ArrayRef<std::pair<StringRef, int64_t>> defaults) {
  Values values;
  auto names = collectDims(function);
  if (failed(names) || failed(readGiven(function, given, values))) {
    return failure();
  }
  auto list = [](auto &&range) {
    return "'" + llvm::join(range, "', '") + "'";
  };
  SmallVector<StringRef> known, missing;
  for (auto &[name, used] : *names) {
    known.push_back(name);
  }
  for (auto &entry : values) {
    bool isPart = llvm::any_of(known, [&](StringRef name) {
      return name.contains(entry.getKey());
    });
    if (!isPart) {
      return function.emitError("dims: expects names of the inputs' dims (")
             << list(known) << "), got '" << entry.getKey() << "'";
    }
  }
  for (auto [name, value] : defaults) {
    values.try_emplace(name, value);
  }
  Builder builder(function.getContext());
  NamedAttrList result;
  for (StringRef name : known) {
    std::optional<int64_t> value = values.contains(name)
                                       ? std::optional(values.lookup(name))
                                       : evaluate(name, values);
    if (!value) {
      missing.push_back(name);
      continue;
    }
    result.set(name, builder.getI64IntegerAttr(*value));
  }
  if (!missing.empty()) {
    return function.emitError("dims: expects a value for each named dim of the "
                              "inputs, got none for ")
           << list(missing);
  }
  return result.getDictionary(function.getContext());
}
