// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a module to a ModelProto.
#ifndef QEFF_LIB_TARGET_ONNX_MODELBUILDER_H
#define QEFF_LIB_TARGET_ONNX_MODELBUILDER_H

#include "ValueNames.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Target/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseSet.h"

#include "qeff_onnx.pb.h"

namespace qeff {

class ModelBuilder {
public:
  /// Payloads that belong into the model are marked in it, and listed in
  /// `embedded` under their marks' numbers.
  ModelBuilder(ModuleOp module, StringRef dataFileName, ONNXModel &result,
               std::vector<EmbeddedPayload> &embedded)
      : module(module), dataFileName(dataFileName), result(result),
        embedded(embedded) {}

  LogicalResult build(qeff_onnx::ModelProto &model);

private:
  using Attributes =
      google::protobuf::RepeatedPtrField<qeff_onnx::AttributeProto>;
  using Nodes = google::protobuf::RepeatedPtrField<qeff_onnx::NodeProto>;
  using ValueInfos =
      google::protobuf::RepeatedPtrField<qeff_onnx::ValueInfoProto>;

  /// The attributes of a node or function under construction: those that have
  /// a stub in the stubs' order, then the others by name.
  class AttributeList {
  public:
    /// `attributes` holds the stubs.
    explicit AttributeList(Attributes &attributes);
    /// The attribute to fill in.
    qeff_onnx::AttributeProto &get(StringRef name);
    /// Drops the stubs that were not asked for.
    void finish();

  private:
    Attributes &attributes;
    int numStubs;
    llvm::StringMap<qeff_onnx::AttributeProto *> protos;
    llvm::DenseSet<const qeff_onnx::AttributeProto *> used;
  };

  /// What the nodes of a graph or function are built with.
  struct Body {
    ValueNames &names;
    ArrayAttr opsets;
    Nodes &nodes;
    qeff_onnx::GraphProto *graph; ///< null in a function
  };

  /// A result that is not the output of a node under its own name, and its
  /// index: an Identity makes it.
  using Copy = std::pair<Value, int>;

  // Model and functions.
  LogicalResult buildProperties(qeff_onnx::ModelProto &model);
  LogicalResult buildMain(mlir::func::FuncOp function,
                          qeff_onnx::GraphProto &graph);
  LogicalResult buildIO(mlir::func::FuncOp function, unsigned index,
                        bool isResult, qeff_onnx::ValueInfoProto &info);
  LogicalResult buildFunction(onnxir::FunctionOp function,
                              qeff_onnx::FunctionProto &proto);

  // Graphs.
  /// Builds a graph around `block`; infos without a name get one.
  LogicalResult buildGraph(Operation *op, onnxir::GraphAttr about,
                           Block &block, ValueInfos arguments,
                           ValueInfos results, Body body);
  LogicalResult buildSubgraph(onnxir::NodeOp op, unsigned index, Body outer,
                              qeff_onnx::GraphProto &graph);
  LogicalResult buildInfo(Operation *op, onnxir::ValueInfoAttr about,
                          Type type, qeff_onnx::ValueInfoProto &info);
  LogicalResult buildValueInfos(Operation *op, onnxir::GraphAttr about,
                                Block &block, Body body);
  LogicalResult defineArguments(Operation *op, Block &block,
                                ValueInfos &arguments, ValueNames &names);
  LogicalResult defineInitializers(Block &block, ValueNames &names);
  void bindResults(Block &block, ValueInfos &results, ValueNames &names,
                   SmallVectorImpl<Copy> &copies);
  LogicalResult buildInputs(Block &block, ValueInfos &arguments, Body body);
  LogicalResult buildNodes(Block &block, Body body);
  LogicalResult buildCopies(Operation *op, Block &block, ArrayRef<Copy> copies,
                            ValueInfos &results, Body body);
  LogicalResult buildInitializers(Operation &op, Body body);
  LogicalResult buildNode(onnxir::NodeOp op, Body body);
  LogicalResult buildOutputs(onnxir::NodeOp op, ValueNames &names,
                             qeff_onnx::NodeProto &node);
  LogicalResult buildOperator(onnxir::OperatorOpInterface op, Body body);
  LogicalResult buildOperands(Operation *op, ValueNames &names,
                              qeff_onnx::NodeProto &node);

  // Attributes and tensors.
  LogicalResult buildAttributes(Operation *op, DictionaryAttr values,
                                AttributeList &attributes);
  LogicalResult buildSubgraphs(onnxir::NodeOp op, Body body,
                               AttributeList &attributes);
  LogicalResult buildTensor(Operation *op, Attribute value,
                            qeff_onnx::TensorProto &proto);
  LogicalResult buildInitializer(onnxir::InitializerOp op,
                                 qeff_onnx::TensorProto &proto);
  LogicalResult buildWeight(onnxir::WeightOp op,
                            qeff_onnx::TensorProto &proto);
  LogicalResult placeOutside(Operation *op, WeightPlacement payload,
                             RankedTensorType type,
                             qeff_onnx::TensorProto &proto);
  void embed(WeightPlacement payload, RankedTensorType type,
             qeff_onnx::TensorProto &proto);

  ModuleOp module;
  StringRef dataFileName;
  ONNXModel &result;
  std::vector<EmbeddedPayload> &embedded;
};

/// The error of a second value `name`.
LogicalResult emitTwice(Operation *op, StringRef name);

} // namespace qeff

#endif // QEFF_LIB_TARGET_ONNX_MODELBUILDER_H
