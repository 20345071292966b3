// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a module to a ModelProto.

#include "ModelBuilder.h"

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Support/Version.h"

#include "llvm/Support/MathExtras.h"

using namespace qeff;
using namespace qeff::onnxir;
using mlir::func::FuncOp;

// Large tensors begin on a page, so that a reader can map them.
static constexpr int64_t kPage = 4096;
static constexpr int64_t kAlignment = 64;
// A constant inside the model; larger ones belong into the data file.
static constexpr int64_t kMaxConstantBytes = int64_t(64) << 20;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

std::string ValueNames::assign(Value value, const Twine &wanted) {
  std::string base = wanted.str();
  std::string name = base;
  while (!reserve(name)) {
    name = base + "_" + std::to_string(++counters[base]);
  }
  names[value] = name;
  return name;
}

StringRef ValueNames::lookup(Value value) const {
  auto it = names.find(value);
  return it == names.end() ? StringRef() : StringRef(it->second);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

static FailureOr<int32_t> expectDataType(Operation *op, Type elementType) {
  std::optional<int64_t> type = getDataType(elementType);
  if (!type) {
    op->emitOpError() << "expects an element type that ONNX has, got "
                      << elementType;
    return failure();
  }
  return static_cast<int32_t>(*type);
}

LogicalResult ModelBuilder::buildTensor(Operation *op,
                                        mlir::ElementsAttr value,
                                        qeff_onnx::TensorProto &proto) {
  ShapedType type = value.getShapedType();
  FailureOr<int32_t> dataType = expectDataType(op, type.getElementType());
  auto dense = dyn_cast<mlir::DenseIntOrFPElementsAttr>(value);
  if (failed(dataType)) {
    return failure();
  }
  if (!dense) {
    return op->emitOpError() << "expects dense numbers, got " << value;
  }
  // A bool is a byte.
  FailureOr<int64_t> bytes = getTensorBytes(
      type.getElementType().isInteger(1)
          ? type.clone(IntegerType::get(op->getContext(), 8))
          : type);
  if (failed(bytes) || *bytes > kMaxConstantBytes) {
    return op->emitOpError() << "expects a constant of at most "
                             << kMaxConstantBytes << " bytes, got " << type;
  }
  proto.set_data_type(*dataType);
  for (int64_t size : type.getShape()) {
    proto.add_dims(size);
  }
  std::string &raw = *proto.mutable_raw_data();
  if (type.getElementType().isInteger(1)) {
    for (bool bit : dense.getValues<bool>()) {
      raw.push_back(bit ? 1 : 0);
    }
    return success();
  }
  ArrayRef<char> data = dense.getRawData();
  int64_t copies = dense.isSplat() ? type.getNumElements() : 1;
  for (int64_t i = 0; i < copies; ++i) {
    raw.append(data.data(), data.size());
  }
  return success();
}

LogicalResult ModelBuilder::buildWeight(onnxir::WeightOp op,
                                        qeff_onnx::TensorProto &proto) {
  auto type = cast<RankedTensorType>(op.getType());
  FailureOr<int32_t> dataType = expectDataType(op, type.getElementType());
  FailureOr<int64_t> bytes = getTensorBytes(type);
  if (failed(dataType)) {
    return failure();
  }
  if (failed(bytes)) {
    return op.emitOpError() << "expects a tensor whose size fits, got " << type;
  }
  int64_t offset = static_cast<int64_t>(llvm::alignTo(
      result.dataSize, *bytes >= kPage ? kPage : kAlignment));
  if (llvm::AddOverflow(offset, *bytes, result.dataSize)) {
    return op.emitOpError() << "expects weights whose sum fits, got " << type;
  }
  result.weights.emplace_back(op.getSource(), offset);
  proto.set_name(op.getName().str());
  proto.set_data_type(*dataType);
  for (int64_t size : type.getShape()) {
    proto.add_dims(size);
  }
  proto.set_data_location(qeff_onnx::TensorProto::EXTERNAL);
  auto add = [&](const char *key, std::string text) {
    qeff_onnx::StringStringEntryProto &entry = *proto.add_external_data();
    entry.set_key(key);
    entry.set_value(std::move(text));
  };
  add("location", dataFileName.str());
  add("offset", std::to_string(offset));
  add("length", std::to_string(*bytes));
  return success();
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

LogicalResult
ModelBuilder::buildAttribute(NodeOp op, NamedAttribute attribute,
                             qeff_onnx::AttributeProto &proto) {
  Attribute value = attribute.getValue();
  std::optional<AttrKind> kind = getAttrKind(value);
  if (!kind) {
    return op.emitOpError() << "expects attribute '"
                            << attribute.getName().getValue()
                            << "' in an ONNX encoding, got " << value;
  }
  proto.set_name(attribute.getName().str());
  proto.set_type(static_cast<qeff_onnx::AttributeProto::AttributeType>(*kind));
  if (auto ref = dyn_cast<RefAttr>(value)) {
    proto.set_ref_attr_name(ref.getName().str());
    return success();
  }
  switch (*kind) {
  case AttrKind::Float:
    proto.set_f(cast<FloatAttr>(value).getValue().convertToFloat());
    return success();
  case AttrKind::Int:
    proto.set_i(cast<IntegerAttr>(value).getInt());
    return success();
  case AttrKind::String:
    proto.set_s(cast<StringAttr>(value).str());
    return success();
  case AttrKind::Tensor:
    return buildTensor(op, cast<mlir::ElementsAttr>(value),
                       *proto.mutable_t());
  case AttrKind::Floats:
    for (float number : cast<mlir::DenseF32ArrayAttr>(value).asArrayRef()) {
      proto.add_floats(number);
    }
    return success();
  case AttrKind::Ints:
    for (int64_t number : cast<DenseI64ArrayAttr>(value).asArrayRef()) {
      proto.add_ints(number);
    }
    return success();
  case AttrKind::Strings:
    for (auto text : cast<ArrayAttr>(value).getAsRange<StringAttr>()) {
      proto.add_strings(text.str());
    }
    return success();
  case AttrKind::Tensors:
    for (auto tensor :
         cast<ArrayAttr>(value).getAsRange<mlir::ElementsAttr>()) {
      if (failed(buildTensor(op, tensor, *proto.add_tensors()))) {
        return failure();
      }
    }
    return success();
  case AttrKind::Graph:
  case AttrKind::Graphs:
    break;
  }
  return op.emitOpError() << "expects subgraphs as regions, got " << value;
}

LogicalResult ModelBuilder::buildNode(NodeOp op, ValueNames &names,
                                      ArrayAttr opsets,
                                      qeff_onnx::NodeProto &node) {
  std::optional<int64_t> version = lookupOpset(opsets, op.getDomain());
  if (!version) {
    return op.emitOpError() << "expects an opset import of domain '"
                            << op.getDomain() << "'";
  }
  if (std::optional<uint64_t> since = op.getSinceVersion();
      since && static_cast<int64_t>(*since) > *version) {
    return op.emitOpError() << "expects an operator of opset " << *version
                            << " or older, got one since " << *since;
  }
  if (!op.getBodies().empty()) {
    return op.emitOpError() << "expects no subgraphs: they cannot be written "
                               "yet";
  }
  node.set_op_type(op.getOpType().str());
  if (!op.getDomain().empty()) {
    node.set_domain(op.getDomain().str());
  }
  if (op.getName()) {
    node.set_name(op.getName()->str());
  }
  for (Value input : op.getInputs()) {
    StringRef name = names.lookup(input);
    if (name.empty() && !input.getDefiningOp<NoneOp>()) {
      return op.emitOpError() << "expects operands from ONNX nodes, got "
                              << input;
    }
    node.add_input(name.str());
  }
  std::string base = op.getName() ? op.getName()->str() : op.getOpType().str();
  for (auto [i, output] : llvm::enumerate(op.getOutputs())) {
    if (isa<mlir::NoneType>(output.getType())) {
      node.add_output("");
    } else if (names.contains(output)) {
      node.add_output(names.lookup(output).str());
    } else {
      node.add_output(names.assign(output, base + "_output_" + Twine(i)));
    }
  }
  DictionaryAttr attributes = op.getOnnxAttrsAttr();
  if (!attributes) {
    return success();
  }
  for (NamedAttribute attribute : attributes) {
    if (failed(buildAttribute(op, attribute, *node.add_attribute()))) {
      return failure();
    }
  }
  return success();
}

LogicalResult ModelBuilder::buildBody(
    Block &block, ValueNames &names, ArrayAttr opsets,
    google::protobuf::RepeatedPtrField<qeff_onnx::NodeProto> &nodes,
    qeff_onnx::GraphProto *graph) {
  for (Operation &op : block.without_terminator()) {
    if (auto node = dyn_cast<NodeOp>(op)) {
      if (failed(buildNode(node, names, opsets, *nodes.Add()))) {
        return failure();
      }
    } else if (auto initializer = dyn_cast<InitializerOp>(op);
               initializer && graph) {
      qeff_onnx::TensorProto &tensor = *graph->add_initializer();
      tensor.set_name(initializer.getName().str());
      names.set(initializer, initializer.getName());
      if (failed(buildTensor(initializer, initializer.getValue(), tensor))) {
        return failure();
      }
    } else if (auto weight = dyn_cast<onnxir::WeightOp>(op); weight && graph) {
      names.set(weight, weight.getName());
      if (failed(buildWeight(weight, *graph->add_initializer()))) {
        return failure();
      }
    } else if (!isa<NoneOp>(op) && !mlir::isPure(&op)) {
      return op.emitOpError() << "expects ops of the dialect onnxir only";
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Graph, functions, model
//===----------------------------------------------------------------------===//

LogicalResult ModelBuilder::buildIO(FuncOp function, unsigned index,
                                    bool isResult,
                                    qeff_onnx::ValueInfoProto &info) {
  auto get = [&](StringRef attribute) -> Attribute {
    return isResult ? function.getResultAttr(index, attribute)
                    : function.getArgAttr(index, attribute);
  };
  StringRef what = isResult ? "result" : "argument";
  Type type = isResult ? function.getResultTypes()[index]
                       : function.getArgumentTypes()[index];
  auto tensor = dyn_cast<RankedTensorType>(type);
  auto name = dyn_cast_if_present<StringAttr>(get(kNameAttr));
  if (!tensor || !name) {
    return function.emitOpError() << "expects a ranked tensor with a qeff.name "
                                  << "as " << what << " " << index << ", got "
                                  << type;
  }
  FailureOr<int32_t> dataType =
      expectDataType(function, tensor.getElementType());
  if (failed(dataType)) {
    return failure();
  }
  info.set_name(name.str());
  qeff_onnx::TypeProto::Tensor &proto =
      *info.mutable_type()->mutable_tensor_type();
  proto.set_elem_type(*dataType);
  proto.mutable_shape();
  auto dims = dyn_cast_if_present<ArrayAttr>(get(kDimsAttr));
  for (auto [axis, size] : llvm::enumerate(tensor.getShape())) {
    qeff_onnx::TensorShapeProto::Dimension &dim =
        *proto.mutable_shape()->add_dim();
    FlatSymbolRefAttr symbol;
    if (dims && axis < dims.size()) {
      symbol = dyn_cast<FlatSymbolRefAttr>(dims[axis]);
    }
    if (symbol) {
      dim.set_dim_param(symbol.getValue().str());
    } else if (!ShapedType::isDynamic(size)) {
      dim.set_dim_value(size);
    }
  }
  return success();
}

LogicalResult ModelBuilder::buildGraph(FuncOp function,
                                       qeff_onnx::GraphProto &graph) {
  graph.set_name(function.getSymName().str());
  ValueNames names;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    qeff_onnx::ValueInfoProto &info = *graph.add_input();
    if (failed(buildIO(function, i, /*isResult=*/false, info))) {
      return failure();
    }
    if (!names.reserve(info.name())) {
      return function.emitOpError() << "expects unique names, got two of '"
                                    << info.name() << "'";
    }
    names.set(function.getArgument(i), info.name());
  }
  Block &block = function.getBody().front();
  // An output takes the name of its result. One value may be several results,
  // or no node's output at all: an Identity stands for those.
  SmallVector<std::pair<Value, std::string>> copies;
  Operation *terminator = block.getTerminator();
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    qeff_onnx::ValueInfoProto &info = *graph.add_output();
    if (failed(buildIO(function, i, /*isResult=*/true, info))) {
      return failure();
    }
    if (!names.reserve(info.name())) {
      return function.emitOpError() << "expects unique names, got two of '"
                                    << info.name() << "'";
    }
    Value value = terminator->getOperand(i);
    if (value.getDefiningOp<NodeOp>() && !names.contains(value)) {
      names.set(value, info.name());
    } else {
      copies.emplace_back(value, info.name());
    }
  }
  for (Operation &op : block) {
    StringAttr name;
    if (auto initializer = dyn_cast<InitializerOp>(op)) {
      name = initializer.getNameAttr();
    } else if (auto weight = dyn_cast<onnxir::WeightOp>(op)) {
      name = weight.getNameAttr();
    }
    if (name && !names.reserve(name.getValue())) {
      return op.emitOpError() << "expects a name of its own, got " << name;
    }
  }
  auto opsets = module->getAttrOfType<ArrayAttr>(kOpsetImportsAttr);
  if (failed(buildBody(block, names, opsets, *graph.mutable_node(), &graph))) {
    return failure();
  }
  for (const auto &[value, name] : copies) {
    StringRef source = names.lookup(value);
    if (source.empty()) {
      return function.emitOpError() << "expects results from ONNX nodes, got "
                                    << value;
    }
    qeff_onnx::NodeProto &node = *graph.add_node();
    node.set_op_type("Identity");
    node.set_name("/" + name + "/Identity");
    node.add_input(source.str());
    node.add_output(name);
  }
  return success();
}

LogicalResult ModelBuilder::buildFunction(FunctionOp function,
                                          qeff_onnx::FunctionProto &proto) {
  proto.set_domain(function.getDomain().str());
  proto.set_name(function.getOperatorName().str());
  ValueNames names;
  Block &block = function.getBody().front();
  for (auto [argument, name] :
       llvm::zip(block.getArguments(),
                 function.getInputNames().getAsRange<StringAttr>())) {
    proto.add_input(name.str());
    names.reserve(name.getValue());
    names.set(argument, name.getValue());
  }
  for (auto [value, name] :
       llvm::zip(block.getTerminator()->getOperands(),
                 function.getOutputNames().getAsRange<StringAttr>())) {
    if (!value.getDefiningOp<NodeOp>() || names.contains(value) ||
        !names.reserve(name.getValue())) {
      return function.emitOpError() << "expects output " << name
                                    << " to be the result of a node";
    }
    proto.add_output(name.str());
    names.set(value, name.getValue());
  }
  for (StringAttr name : function.getAttrNames().getAsRange<StringAttr>()) {
    proto.add_attribute(name.str());
  }
  for (OpsetAttr opset : function.getOpsetImports().getAsRange<OpsetAttr>()) {
    qeff_onnx::OperatorSetIdProto &import = *proto.add_opset_import();
    import.set_domain(opset.getDomain().str());
    import.set_version(opset.getVersion());
  }
  return buildBody(block, names, function.getOpsetImports(),
                   *proto.mutable_node(), nullptr);
}

LogicalResult ModelBuilder::build(qeff_onnx::ModelProto &model) {
  auto opsets = module->getAttrOfType<ArrayAttr>(kOpsetImportsAttr);
  auto version = module->getAttrOfType<IntegerAttr>(kIRVersionAttr);
  if (!opsets || !version) {
    return module.emitError() << "expects a module with '" << kOpsetImportsAttr
                              << "' and '" << kIRVersionAttr
                              << "'; convert-qeff-to-onnxir makes one";
  }
  model.set_ir_version(version.getInt());
  model.set_producer_name("qeff");
  model.set_producer_version(kVersion);
  for (OpsetAttr opset : opsets.getAsRange<OpsetAttr>()) {
    qeff_onnx::OperatorSetIdProto &import = *model.add_opset_import();
    import.set_domain(opset.getDomain().str());
    import.set_version(opset.getVersion());
  }
  FailureOr<FuncOp> main = findMainFunction(module);
  if (failed(main) ||
      failed(buildGraph(*main, *model.mutable_graph()))) {
    return failure();
  }
  for (FunctionOp function : module.getOps<FunctionOp>()) {
    if (failed(buildFunction(function, *model.add_functions()))) {
      return failure();
    }
  }
  return success();
}
