// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Syntax, effects and verifiers of the ops of `onnxir`.

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"

#include "llvm/ADT/StringSet.h"

using namespace qeff;
using namespace qeff::onnxir;

/// `"domain::Op"`, or `"Op"` in the default domain. An operator with a `::` of
/// its own is `"Op" domain("domain")`.
static ParseResult parseOperatorName(OpAsmParser &parser, StringAttr &domain,
                                     StringAttr &opType) {
  std::string name;
  if (parser.parseString(&name)) {
    return failure();
  }
  Builder &builder = parser.getBuilder();
  if (succeeded(parser.parseOptionalKeyword("domain"))) {
    std::string text;
    if (parser.parseLParen() || parser.parseString(&text) ||
        parser.parseRParen()) {
      return failure();
    }
    domain = builder.getStringAttr(text);
    opType = builder.getStringAttr(name);
    return success();
  }
  auto [before, after] = StringRef(name).rsplit("::");
  bool qualified = StringRef(name).contains("::");
  domain = builder.getStringAttr(qualified ? before : "");
  opType = builder.getStringAttr(qualified ? after : before);
  return success();
}

static std::string joinName(StringRef domain, StringRef opType) {
  return domain.empty() ? opType.str() : (domain + "::" + opType).str();
}

static void printOperatorName(OpAsmPrinter &printer, Operation *op,
                              StringAttr domain, StringAttr opType) {
  std::string name = joinName(domain.getValue(), opType.getValue());
  auto [before, after] = StringRef(name).rsplit("::");
  bool isSplit = StringRef(name).contains("::");
  if ((isSplit ? before : "") == domain.getValue() &&
      (isSplit ? after : before) == opType.getValue()) {
    printer << StringAttr::get(op->getContext(), name);
  } else {
    printer << opType << " domain(" << domain << ")";
  }
}

/// A constant whose type is the result's.
static ParseResult parseElements(OpAsmParser &parser, TypedAttr &value,
                                 Type &type) {
  if (parser.parseAttribute(value)) {
    return failure();
  }
  type = value.getType();
  return success();
}

static void printElements(OpAsmPrinter &printer, Operation *op,
                          TypedAttr value, Type type) {
  printer.printAttribute(value);
}

/// `source -> result`, or one type where the two are equal.
static ParseResult parseStoredTypes(OpAsmParser &parser, Type &source,
                                    Type &result) {
  if (parser.parseType(source)) {
    return failure();
  }
  result = source;
  return succeeded(parser.parseOptionalArrow()) ? parser.parseType(result)
                                                : ParseResult(success());
}

static void printStoredTypes(OpAsmPrinter &printer, Operation *op, Type source,
                             Type result) {
  printer << source;
  if (source != result) {
    printer << " -> " << result;
  }
}

#define GET_OP_CLASSES
#include "qeff/Dialect/ONNXIR/IR/ONNXIROps.cpp.inc"

//===----------------------------------------------------------------------===//
// node
//===----------------------------------------------------------------------===//

void NodeOp::build(OpBuilder &builder, OperationState &state,
                   mlir::TypeRange types, StringRef domain, StringRef opType,
                   int64_t sinceVersion, StringRef name, ValueRange inputs,
                   ArrayRef<NamedAttribute> onnxAttrs) {
  state.addTypes(types);
  state.addOperands(inputs);
  Properties &properties = state.getOrAddProperties<Properties>();
  properties.domain = builder.getStringAttr(domain);
  properties.op_type = builder.getStringAttr(opType);
  properties.since_version = builder.getI64IntegerAttr(sinceVersion);
  if (!name.empty()) {
    properties.name = builder.getStringAttr(name);
  }
  if (!onnxAttrs.empty()) {
    properties.onnx_attrs = builder.getDictionaryAttr(onnxAttrs);
  }
}

std::string NodeOp::getQualifiedName() {
  return joinName(getDomain(), getOpType());
}

void NodeOp::getEffects(
    SmallVectorImpl<mlir::MemoryEffects::EffectInstance> &effects) {
  bool random = getDomain().empty() &&
                (getOpType().starts_with("Random") ||
                 getOpType() == "Multinomial" || getOpType() == "Bernoulli" ||
                 getOpType() == "Dropout");
  // Subgraphs may hold such operators.
  if (random || !getBodies().empty()) {
    effects.emplace_back(mlir::MemoryEffects::Write::get());
  }
}

/// What holds a tensor.
static bool isTensor(Attribute value) {
  return isa<onnxir::TensorAttr, StoredAttr>(value) ||
         (isa<mlir::ElementsAttr>(value) && !isa<mlir::DenseArrayAttr>(value));
}

template <typename T> static bool isArrayOf(Attribute value) {
  auto array = dyn_cast<ArrayAttr>(value);
  return array && llvm::all_of(array, llvm::IsaPred<T>);
}

std::optional<AttrKind> onnxir::getAttrKind(Attribute value) {
  if (auto ref = dyn_cast<RefAttr>(value)) {
    return ref.getKind();
  }
  if (auto number = dyn_cast<FloatAttr>(value);
      number && number.getType().isF32()) {
    return AttrKind::Float;
  }
  if (auto number = dyn_cast<IntegerAttr>(value);
      number && number.getType().isSignlessInteger(64)) {
    return AttrKind::Int;
  }
  if (isa<StringAttr>(value)) {
    return AttrKind::String;
  }
  if (isa<mlir::DenseF32ArrayAttr>(value)) {
    return AttrKind::Floats;
  }
  if (isa<DenseI64ArrayAttr>(value)) {
    return AttrKind::Ints;
  }
  if (auto message = dyn_cast<MessageAttr>(value)) {
    return message.getKind();
  }
  if (isTensor(value)) {
    return AttrKind::Tensor;
  }
  if (isArrayOf<StringAttr>(value)) {
    return AttrKind::Strings;
  }
  if (auto array = dyn_cast<ArrayAttr>(value);
      array && llvm::all_of(array, isTensor)) {
    return AttrKind::Tensors;
  }
  return std::nullopt;
}

LogicalResult NodeOp::verify() {
  // (C1)
  if (getOpType().empty()) {
    return emitOpError("expects an operator's name, got an empty one");
  }
  // (C5)
  if (std::optional<uint64_t> since = getSinceVersion();
      since && static_cast<int64_t>(*since) < 1) {
    return emitOpError("expects since >= 1, got ")
           << static_cast<int64_t>(*since);
  }
  // (C3)
  size_t names = getSubgraphs() ? getSubgraphs()->size() : 0;
  if (names != getBodies().size()) {
    return emitOpError("expects a name per subgraph, got ")
           << names << " for " << getBodies().size();
  }
  if (ArrayAttr graphs = getGraphsAttr();
      graphs && graphs.size() != getBodies().size()) {
    return emitOpError("expects a #onnxir.graph per subgraph, got ")
           << graphs.size() << " for " << getBodies().size();
  }
  // (C6)
  if (ArrayAttr names = getOutputNamesAttr();
      names && names.size() != getNumResults()) {
    return emitOpError("expects a name per result, got ")
           << names.size() << " for " << getNumResults();
  }
  // (C7)
  if (ArrayAttr metadata = getMetadataAttr();
      metadata && metadata.size() % 2 != 0) {
    return emitOpError("expects as many values as keys in its metadata, got ")
           << metadata;
  }
  DictionaryAttr attributes = getOnnxAttrsAttr();
  if (!attributes) {
    return success();
  }
  for (NamedAttribute attribute : attributes) {
    // (C2)
    if (!getAttrKind(attribute.getValue())) {
      return emitOpError("expects attribute '")
             << attribute.getName().getValue()
             << "' in an ONNX encoding, got " << attribute.getValue();
    }
    // (C4)
    auto ref = dyn_cast<RefAttr>(attribute.getValue());
    if (!ref) {
      continue;
    }
    auto function = (*this)->getParentOfType<FunctionOp>();
    if (!function || !function.hasAttribute(ref.getName())) {
      return emitOpError("expects an enclosing function with attribute ")
             << ref.getName();
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// initializer, weight
//===----------------------------------------------------------------------===//

/// (C1) and (C3) of both.
template <typename Op> static LogicalResult verifyInitializer(Op op) {
  if (op.getName().empty()) {
    return op.emitOpError("expects a name, got an empty one");
  }
  IntegerAttr position = op.getInputPositionAttr();
  if (static_cast<bool>(op.getInputAttr()) != static_cast<bool>(position) ||
      (position && position.getInt() < 0)) {
    return op.emitOpError("expects 'input' and a position >= 0 together");
  }
  return success();
}

LogicalResult InitializerOp::verify() {
  if (failed(verifyInitializer(*this))) {
    return failure();
  }
  // (C2)
  if (!isTensor(getValue()) || isa<StoredAttr>(getValue())) {
    return emitOpError("expects dense elements or #onnxir.tensor, got ")
           << getValue();
  }
  if (getValue().getType() != getType()) {
    return emitOpError("expects a value of type ")
           << getType() << ", got " << getValue().getType();
  }
  return success();
}

LogicalResult onnxir::WeightOp::verify() {
  if (failed(verifyInitializer(*this))) {
    return failure();
  }
  // (C2)
  RankedTensorType storage = getStorageType(cast<RankedTensorType>(getType()));
  if (!storage || getSource().getType() != storage) {
    return emitOpError("expects a source of type ")
           << storage << ", got " << getSource().getType();
  }
  return success();
}

LogicalResult SparseInitializerOp::verify() {
  // (C1)
  if (getName().empty()) {
    return emitOpError("expects a name, got an empty one");
  }
  return success();
}

//===----------------------------------------------------------------------===//
// function
//===----------------------------------------------------------------------===//

/// "domain::name" of a function.
static StringRef getNameWithoutOverload(FunctionOp function) {
  StringRef symbol = function.getSymName();
  if (std::optional<StringRef> overload = function.getOverload();
      overload && symbol.consume_back(*overload)) {
    symbol.consume_back(":");
  }
  return symbol;
}

StringRef FunctionOp::getDomain() {
  return getNameWithoutOverload(*this).rsplit("::").first;
}

StringRef FunctionOp::getOperatorName() {
  return getNameWithoutOverload(*this).rsplit("::").second;
}

bool FunctionOp::hasAttribute(StringAttr name) {
  return llvm::is_contained(getAttrNames(), name) ||
         (getAttrDefaultsAttr() && getAttrDefaultsAttr().contains(name));
}

static LogicalResult expectsUnique(FunctionOp function, StringRef what,
                                   ArrayAttr names) {
  llvm::StringSet<> seen;
  for (StringAttr name : names.getAsRange<StringAttr>()) {
    if (!seen.insert(name.getValue()).second) {
      return function.emitOpError("expects unique ")
             << what << " names, got two of " << name;
    }
  }
  return success();
}

LogicalResult FunctionOp::verifyRegions() {
  // (C1)
  StringRef overload = getOverload().value_or("");
  if (getDomain().empty() || getOperatorName().empty() ||
      getSymName() !=
          getFunctionSymbol(getDomain(), getOperatorName(), overload)) {
    return emitOpError("expects a symbol of the form 'domain::name', got '")
           << getSymName() << "'";
  }
  // (C2)
  Block &block = getBody().front();
  if (block.getNumArguments() != getInputNames().size() ||
      !llvm::all_of(block.getArgumentTypes(), llvm::IsaPred<AnyType>)) {
    return emitOpError("expects an argument of type !onnxir.any per input "
                       "name, got ")
           << block.getNumArguments() << " for " << getInputNames().size()
           << " names";
  }
  // (C3)
  auto result = block.empty() ? ReturnOp() : dyn_cast<ReturnOp>(block.back());
  if (!result || result.getValues().size() != getOutputNames().size()) {
    return emitOpError("expects to return a value per output name");
  }
  // (C4)
  DictionaryAttr defaults = getAttrDefaultsAttr();
  for (StringAttr name : getAttrNames().getAsRange<StringAttr>()) {
    if (defaults && defaults.contains(name)) {
      return emitOpError("expects unique attribute names, got two of ") << name;
    }
  }
  return success(
      succeeded(expectsUnique(*this, "input", getInputNames())) &&
      succeeded(expectsUnique(*this, "output", getOutputNames())) &&
      succeeded(expectsUnique(*this, "attribute", getAttrNames())));
}
