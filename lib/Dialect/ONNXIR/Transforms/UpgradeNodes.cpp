// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nodes that become something else than a typed op of their operator: constants
// and dropouts. The scopes of nodes.

#include "UpgradeForms.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "llvm/ADT/StringExtras.h"

using namespace qeff;
using namespace qeff::onnxir;

//===----------------------------------------------------------------------===//
// Scopes
//===----------------------------------------------------------------------===//

/// The second last entry of torch's `name_scopes`, a list in Python's syntax of
/// the modules around a node and the node.
static StringRef getTorchScope(NodeOp node) {
  ArrayAttr metadata = node.getMetadataAttr();
  size_t size = metadata ? metadata.size() : 0;
  for (size_t i = 0; i + 1 < size; i += 2) {
    if (cast<StringAttr>(metadata[i]) != "pkg.torch.onnx.name_scopes") {
      continue;
    }
    StringRef list = cast<StringAttr>(metadata[i + 1]).getValue();
    SmallVector<StringRef> parts;
    list.split(parts, ',');
    return parts.size() < 2
               ? StringRef()
               : parts[parts.size() - 2].trim().trim("[]'\"");
  }
  return {};
}

/// "model/layers.0/mlp" as "model.layers.0.mlp". The tracer repeats the name of
/// a sequence before that of its parts: "mlp/mlp.0" is "mlp.0".
static std::string joinScope(StringRef name) {
  SmallVector<StringRef> parts;
  name.split(parts, '/');
  std::string scope;
  for (auto [i, part] : llvm::enumerate(parts)) {
    StringRef next = i + 1 < parts.size() ? parts[i + 1] : StringRef();
    if (next.consume_front(part) && next.consume_front(".") &&
        !next.empty() && llvm::all_of(next, llvm::isDigit)) {
      continue;
    }
    scope += (scope.empty() ? "" : ".") + part.str();
  }
  return scope;
}

StringAttr onnxir::getScope(NodeOp node) {
  StringRef torch = getTorchScope(node);
  if (!torch.empty()) {
    return StringAttr::get(node.getContext(), torch);
  }
  StringRef name = node.getName().value_or("");
  if (!name.consume_front("/") || !name.contains('/')) {
    return {};
  }
  return StringAttr::get(node.getContext(),
                         joinScope(name.rsplit('/').first));
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static TypedAttr makeScalar(TypedAttr value) {
  return DenseElementsAttr::get(RankedTensorType::get({}, value.getType()),
                                Attribute(value));
}

static TypedAttr makeTexts(MLIRContext *context, ArrayRef<StringRef> texts,
                           ArrayRef<int64_t> shape) {
  return mlir::DenseStringElementsAttr::get(
      RankedTensorType::get(shape, StringType::get(context)), texts);
}

/// The value of a Constant by its attribute `kind`, or null.
static TypedAttr makeElements(StringRef kind, Attribute value) {
  MLIRContext *context = value.getContext();
  mlir::Builder builder(context);
  if (isa<RefAttr, StoredAttr>(value)) {
    return {};
  }
  if (kind == "value" && getAttrKind(value) == AttrKind::Tensor) {
    return dyn_cast<TypedAttr>(value);
  }
  if ((kind == "value_float" && isa<FloatAttr>(value)) ||
      (kind == "value_int" && isa<IntegerAttr>(value))) {
    return makeScalar(cast<TypedAttr>(value));
  }
  if (auto list = dyn_cast<DenseI64ArrayAttr>(value);
      list && kind == "value_ints") {
    return DenseElementsAttr::get(
        RankedTensorType::get({list.size()}, builder.getI64Type()),
        list.asArrayRef());
  }
  if (auto list = dyn_cast<mlir::DenseF32ArrayAttr>(value);
      list && kind == "value_floats") {
    return DenseElementsAttr::get(
        RankedTensorType::get({list.size()}, builder.getF32Type()),
        list.asArrayRef());
  }
  if (auto text = dyn_cast<StringAttr>(value); text && kind == "value_string") {
    return makeTexts(context, {text.getValue()}, {});
  }
  auto list = dyn_cast<ArrayAttr>(value);
  if (!list || kind != "value_strings" ||
      !llvm::all_of(list, llvm::IsaPred<StringAttr>)) {
    return {};
  }
  SmallVector<StringRef> texts;
  for (StringAttr entry : list.getAsRange<StringAttr>()) {
    texts.push_back(entry.getValue());
  }
  return makeTexts(context, texts, {static_cast<int64_t>(texts.size())});
}

bool onnxir::replaceConstant(NodeOp node, InitializerBuilder &initializers) {
  DictionaryAttr attributes = node.getOnnxAttrsAttr();
  if (node.getNumResults() != 1 || !attributes || attributes.size() != 1 ||
      !node.getInputs().empty()) {
    return false;
  }
  NamedAttribute given = *attributes.begin();
  StringRef hint = node.getName() && !node.getName()->empty()
                       ? *node.getName()
                       : StringRef("constant");
  Value replacement;
  auto stored = dyn_cast<StoredAttr>(given.getValue());
  if (stored && given.getName() == "value") {
    OpBuilder builder(node);
    auto type = cast<RankedTensorType>(stored.getType());
    Value source =
        WeightRefOp::create(builder, node.getLoc(), getStorageType(type),
                            stored.getWeight());
    replacement = onnxir::WeightOp::create(builder, node.getLoc(), type,
                                           initializers.makeName(hint), source,
                                           getScope(node));
  } else {
    TypedAttr elements = makeElements(given.getName(), given.getValue());
    auto type = elements ? dyn_cast<RankedTensorType>(elements.getType())
                         : RankedTensorType();
    if (!type || !type.hasStaticShape()) {
      return false;
    }
    replacement = initializers.get(elements, hint);
  }
  node.getOutputs().front().replaceAllUsesWith(replacement);
  node.erase();
  return true;
}

//===----------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------===//

/// Whether `value` is a constant that is false.
static bool isFalse(Value value) {
  auto initializer = value.getDefiningOp<InitializerOp>();
  auto elements = dyn_cast_if_present<DenseElementsAttr>(
      initializer ? initializer.getValue() : TypedAttr());
  return elements && elements.getElementType().isInteger(1) &&
         elements.isSplat() && !elements.getSplatValue<bool>();
}

/// Whether a Dropout of that opset may drop something.
static bool mayTrain(NodeOp node, int64_t version) {
  DictionaryAttr attributes = node.getOnnxAttrsAttr();
  auto isTest = attributes ? attributes.getAs<IntegerAttr>("is_test")
                           : IntegerAttr();
  if (version < 7) {
    return !isTest || isTest.getInt() == 0;
  }
  Value training = version >= 12 && node.getInputs().size() > 2
                       ? node.getInputs()[2]
                       : Value();
  return training && !isa<mlir::NoneType>(training.getType()) &&
         !isFalse(training);
}

bool onnxir::replaceDropout(NodeOp node, int64_t version) {
  auto isNone = [](Value value) {
    return isa<mlir::NoneType>(value.getType());
  };
  if (node.getInputs().empty() || node.getNumResults() == 0 ||
      isNone(node.getInputs()[0]) || isNone(node.getOutputs()[0]) ||
      !llvm::all_of(node.getResults().drop_front(),
                    [](Value value) { return value.use_empty(); }) ||
      mayTrain(node, version)) {
    return false;
  }
  OpBuilder builder(node);
  node.getOutputs()[0].replaceAllUsesWith(IdentityOp::create(
      builder, node.getLoc(), node.getOutputs()[0].getType(),
      node.getInputs()[0], node.getNameAttr(), getScope(node)));
  node.erase();
  return true;
}
