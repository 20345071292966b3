// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nodes of a model, from nodes and from typed operators.

#include "ModelBuilder.h"

#include "Types.h"

using namespace qeff;
using namespace qeff::onnxir;

LogicalResult ModelBuilder::buildOutputs(NodeOp op, ValueNames &names,
                                         qeff_onnx::NodeProto &node) {
  std::string base = op.getName() ? op.getName()->str() : op.getOpType().str();
  ArrayAttr before = op.getOutputNamesAttr();
  for (auto [i, output] : llvm::enumerate(op.getOutputs())) {
    if (isa<mlir::NoneType>(output.getType())) {
      node.add_output("");
    } else if (names.contains(output)) {
      node.add_output(names.lookup(output).str());
      if (!names.define(node.output(static_cast<int>(i)))) {
        return emitTwice(op, node.output(static_cast<int>(i)));
      }
    } else if (before) {
      node.add_output(
          names.keep(output, cast<StringAttr>(before[i]).getValue()));
    } else {
      node.add_output(names.assign(output, base + "_output_" + Twine(i)));
    }
  }
  return success();
}

/// Sets the texts of a node; what it has not stays as its `proto` says.
static void setTexts(NodeOp op, qeff_onnx::NodeProto &node) {
  using Setter = void (qeff_onnx::NodeProto::*)(std::string &&);
  auto set = [&](std::optional<StringRef> text, Setter setter) {
    if (text && !text->empty()) {
      (node.*setter)(text->str());
    }
  };
  set(op.getOpType(), &qeff_onnx::NodeProto::set_op_type);
  set(op.getDomain(), &qeff_onnx::NodeProto::set_domain);
  set(op.getName(), &qeff_onnx::NodeProto::set_name);
  set(op.getOverload(), &qeff_onnx::NodeProto::set_overload);
  set(op.getDoc(), &qeff_onnx::NodeProto::set_doc_string);
  if (ArrayAttr metadata = op.getMetadataAttr()) {
    encodeMetadata(metadata, *node.mutable_metadata_props());
  }
}

LogicalResult ModelBuilder::buildOperands(Operation *op, ValueNames &names,
                                          qeff_onnx::NodeProto &node) {
  for (Value input : op->getOperands()) {
    StringRef name = names.lookup(input);
    if (name.empty() && !input.getDefiningOp<NoneOp>()) {
      return op->emitOpError() << "expects operands from ONNX nodes, got "
                               << input;
    }
    node.add_input(name.str());
  }
  return success();
}

/// The opset of `domain` in which `op` is written: `needed` or a newer one.
static FailureOr<int64_t> findOpset(Operation *op, ArrayAttr opsets,
                                    StringRef domain, int64_t needed) {
  std::optional<int64_t> version = lookupOpset(opsets, domain);
  if (!version) {
    return op->emitOpError()
           << "expects an opset import of domain '" << domain << "'";
  }
  if (needed > *version) {
    return op->emitOpError() << "expects an operator of opset " << *version
                             << " or older, got one since " << needed;
  }
  return *version;
}

static void dropTrailing(
    google::protobuf::RepeatedPtrField<std::string> &names) {
  while (!names.empty() && names.rbegin()->empty()) {
    names.RemoveLast();
  }
}

LogicalResult ModelBuilder::buildOperator(OperatorOpInterface op, Body body) {
  if (failed(findOpset(op, body.opsets, op.getDomain(), getNeededOpset(op)))) {
    return failure();
  }
  qeff_onnx::NodeProto &node = *body.nodes.Add();
  node.set_op_type(op.getOperatorName().str());
  std::string base = op.getOperatorName().str();
  if (StringAttr name = op.getNameAttr(); name && !name.empty()) {
    node.set_name(name.str());
    base = name.str();
  }
  if (!op.getDomain().empty()) {
    node.set_domain(op.getDomain().str());
  }
  AttributeList attributes(*node.mutable_attribute());
  if (failed(buildOperands(op, body.names, node)) ||
      failed(buildAttributes(op, op.getOperatorAttributes(), attributes))) {
    return failure();
  }
  attributes.finish();
  for (auto [i, output] : llvm::enumerate(op->getResults())) {
    if (isa<mlir::NoneType>(output.getType())) {
      node.add_output("");
    } else if (!body.names.contains(output)) {
      node.add_output(
          body.names.assign(output, base + "_output_" + Twine(i)));
    } else {
      node.add_output(body.names.lookup(output).str());
      if (!body.names.define(node.output(static_cast<int>(i)))) {
        return emitTwice(op, node.output(static_cast<int>(i)));
      }
    }
  }
  dropTrailing(*node.mutable_input());
  dropTrailing(*node.mutable_output());
  return success();
}

LogicalResult ModelBuilder::buildNode(NodeOp op, Body body) {
  auto since = static_cast<int64_t>(op.getSinceVersion().value_or(0));
  FailureOr<int64_t> version =
      findOpset(op, body.opsets, op.getDomain(), since);
  if (failed(version)) {
    return failure();
  }
  if (since > 0 && op.getDomain().empty() &&
      !isSameForm(op.getOpType(), since, *version)) {
    return op.emitOpError() << "expects a form of opset " << *version
                            << ", got that of opset " << since;
  }
  qeff_onnx::NodeProto &node = *body.nodes.Add();
  if (failed(parseMessage(op.getProtoAttr(), node,
                          [&] { return op.emitOpError(); }))) {
    return failure();
  }
  setTexts(op, node);
  if (failed(buildOperands(op, body.names, node))) {
    return failure();
  }
  AttributeList attributes(*node.mutable_attribute());
  if ((op.getOnnxAttrsAttr() &&
       failed(buildAttributes(op, op.getOnnxAttrsAttr(), attributes))) ||
      failed(buildSubgraphs(op, body, attributes))) {
    return failure();
  }
  attributes.finish();
  return buildOutputs(op, body.names, node);
}
