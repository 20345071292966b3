// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Syntax, effects and verifiers of the ops of `onnxir`.

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"

#include "llvm/ADT/StringSet.h"

using namespace qeff;
using namespace qeff::onnxir;

/// `"domain::Op"`, or `"Op"` in the default domain.
static ParseResult parseOperatorName(OpAsmParser &parser, StringAttr &domain,
                                     StringAttr &opType) {
  std::string name;
  if (parser.parseString(&name)) {
    return failure();
  }
  auto [before, after] = StringRef(name).rsplit("::");
  bool qualified = StringRef(name).contains("::");
  Builder &builder = parser.getBuilder();
  domain = builder.getStringAttr(qualified ? before : "");
  opType = builder.getStringAttr(qualified ? after : before);
  return success();
}

static std::string joinName(StringRef domain, StringRef opType) {
  return domain.empty() ? opType.str() : (domain + "::" + opType).str();
}

static void printOperatorName(OpAsmPrinter &printer, Operation *op,
                              StringAttr domain, StringAttr opType) {
  printer << mlir::StringAttr::get(
      op->getContext(), joinName(domain.getValue(), opType.getValue()));
}

/// An elements attribute whose type is the result's.
static ParseResult parseElements(OpAsmParser &parser, mlir::ElementsAttr &value,
                                 Type &type) {
  if (parser.parseAttribute(value)) {
    return failure();
  }
  type = value.getShapedType();
  return success();
}

static void printElements(OpAsmPrinter &printer, Operation *op,
                          mlir::ElementsAttr value, Type type) {
  printer.printAttribute(value);
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
  if (isa<mlir::ElementsAttr>(value) && !isa<mlir::DenseArrayAttr>(value)) {
    return AttrKind::Tensor;
  }
  if (isArrayOf<StringAttr>(value)) {
    return AttrKind::Strings;
  }
  if (isArrayOf<mlir::ElementsAttr>(value)) {
    return AttrKind::Tensors;
  }
  return std::nullopt;
}

LogicalResult NodeOp::verify() {
  // (C1)
  if (getOpType().empty() || getOpType().contains("::")) {
    return emitOpError("expects an operator's name, got '")
           << getOpType() << "'";
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
    if (!function ||
        !llvm::is_contained(function.getAttrNames(), ref.getName())) {
      return emitOpError("expects an enclosing function with attribute ")
             << ref.getName();
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// initializer, weight
//===----------------------------------------------------------------------===//

LogicalResult InitializerOp::verify() {
  // (C1)
  if (getName().empty()) {
    return emitOpError("expects a name, got an empty one");
  }
  // (C2)
  if (getValue().getShapedType() != getType()) {
    return emitOpError("expects a value of type ")
           << getType() << ", got " << getValue().getShapedType();
  }
  return success();
}

LogicalResult onnxir::WeightOp::verify() {
  // (C1)
  if (getName().empty()) {
    return emitOpError("expects a name, got an empty one");
  }
  return success();
}

//===----------------------------------------------------------------------===//
// function
//===----------------------------------------------------------------------===//

StringRef FunctionOp::getDomain() {
  return getSymName().rsplit("::").first;
}

StringRef FunctionOp::getOperatorName() {
  return getSymName().rsplit("::").second;
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
  if (getDomain().empty() || getOperatorName().empty()) {
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
  return success(
      succeeded(expectsUnique(*this, "input", getInputNames())) &&
      succeeded(expectsUnique(*this, "output", getOutputNames())) &&
      succeeded(expectsUnique(*this, "attribute", getAttrNames())));
}
