// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a ModelProto to a module.
//
// Each message is taken apart as it is read: what the IR has a place for is
// cleared, and what is left is kept as bytes with the op (`proto`).
#ifndef QEFF_LIB_IMPORT_ONNX_MODELIMPORTER_H
#define QEFF_LIB_IMPORT_ONNX_MODELIMPORTER_H

#include "Payloads.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace qeff::onnxir {

class ModelImporter {
public:
  ModelImporter(MLIRContext *context, StringRef path, uint64_t fileSize,
                const std::vector<Payload> &payloads);

  FailureOr<OwningOpRef<ModuleOp>> run(qeff_onnx::ModelProto &model);

private:
  using ValueInfos =
      google::protobuf::RepeatedPtrField<qeff_onnx::ValueInfoProto>;
  using Nodes = google::protobuf::RepeatedPtrField<qeff_onnx::NodeProto>;
  using Attributes =
      google::protobuf::RepeatedPtrField<qeff_onnx::AttributeProto>;

  /// Where the importer is, for errors: a chain of these lives on the stack.
  /// The texts are copies, for messages are taken apart meanwhile.
  class Place {
  public:
    Place(ModelImporter &importer, StringRef what, StringRef name,
          int64_t index = -1, StringRef type = {})
        : importer(importer), outer(importer.place), what(what), name(name),
          type(type), index(index) {
      importer.place = this;
    }
    Place(const Place &) = delete;
    ~Place() { importer.place = outer; }
    void print(InFlightDiagnostic &error) const;

  private:
    ModelImporter &importer;
    const Place *outer;
    StringRef what; ///< a literal
    std::string name, type;
    int64_t index;
  };

  /// The values of a graph or function that nodes can see.
  struct Scope {
    Scope *outer;
    Block *block;
    ArrayAttr opsets;
    llvm::StringMap<Value> values;
    /// What the graph says about values that nodes will make.
    llvm::StringMap<Type> types;
    Value none;
  };

  /// An initializer that is an input too: its position there, and its info.
  using Overridable = std::pair<int64_t, ValueInfoAttr>;

  /// A graph's infos, and whatever else it says about itself.
  struct GraphParts {
    SmallVector<Attribute> inputs; ///< without overridable initializers
    SmallVector<Attribute> outputs;
    SmallVector<Value> results;
    llvm::StringMap<Overridable> overridable;
    StringAttr name;
    ArrayAttr valueInfo;
    StringAttr proto;
  };

  /// A subgraph of a node and the attribute that holds it.
  using Subgraph = std::pair<StringRef, qeff_onnx::GraphProto *>;

  InFlightDiagnostic emitError();

  // Model and functions.
  LogicalResult importProperties(qeff_onnx::ModelProto &model);
  FailureOr<ArrayAttr>
  importOpsets(google::protobuf::RepeatedPtrField<
               qeff_onnx::OperatorSetIdProto> &opsets);
  LogicalResult importMain(qeff_onnx::GraphProto &graph, ArrayAttr opsets);
  LogicalResult declareDims(const ValueInfos &infos);
  DictionaryAttr makeIOAttrs(ValueInfoAttr info, Type type);
  LogicalResult takeFunctionSymbols(const qeff_onnx::ModelProto &model);
  LogicalResult importFunction(qeff_onnx::FunctionProto &function);
  LogicalResult importFunctionBody(Nodes &nodes, FunctionOp op);
  LogicalResult checkRecursion();

  // Graphs.
  LogicalResult importGraph(qeff_onnx::GraphProto &graph, Scope &scope,
                            GraphParts &parts);
  FailureOr<ValueInfoAttr> importInfo(const qeff_onnx::ValueInfoProto &proto,
                                      StringRef what);
  LogicalResult importInputs(const qeff_onnx::GraphProto &graph, Scope &scope,
                             GraphParts &parts);
  LogicalResult importInitializer(qeff_onnx::TensorProto &proto, Scope &scope,
                                  const GraphParts &parts);
  LogicalResult importSparse(qeff_onnx::SparseTensorProto &proto,
                             Scope &scope);
  LogicalResult importResults(Scope &scope, GraphParts &parts);
  void takeRest(qeff_onnx::GraphProto &graph, const Scope &scope,
                ArrayRef<Attribute> infos, GraphParts &parts);

  // Nodes.
  LogicalResult importNodes(Nodes &nodes, Scope &scope);
  LogicalResult importNode(qeff_onnx::NodeProto &node, Scope &scope);
  LogicalResult importOperands(const qeff_onnx::NodeProto &node, Scope &scope,
                               SmallVectorImpl<Value> &operands);
  LogicalResult importSubgraphs(ArrayRef<Subgraph> subgraphs, Scope &scope,
                                OperationState &state);
  LogicalResult createNode(qeff_onnx::NodeProto &node,
                           NamedAttrList &attributes, Scope &scope,
                           OperationState &state);
  void importNodeTexts(qeff_onnx::NodeProto &node,
                       NodeOp::Properties &properties);
  LogicalResult importAttributes(Attributes &protos, NamedAttrList &attributes,
                                 SmallVectorImpl<Subgraph> &subgraphs);
  /// Drops the stubs where they say nothing: no more than names, in order.
  static void dropPlainStubs(Attributes &stubs);
  LogicalResult importSubgraph(qeff_onnx::GraphProto &graph, Scope &outer,
                               Region &region, Attribute &about);
  FailureOr<Attribute> importTensor(qeff_onnx::TensorProto &proto,
                                    EmitErrorFn emitError);
  LogicalResult define(Scope &scope, StringRef name, Value value);
  static Value lookup(const Scope &scope, StringRef name);

  MLIRContext *context;
  Location loc;
  OwningOpRef<ModuleOp> module;
  mlir::func::FuncOp main;
  OpBuilder symbolBuilder; ///< in front of the main function
  OpBuilder builder;
  SymbolNames symbols;
  Payloads payloads;
  llvm::StringSet<> dims; ///< that are declared
  FunctionOp function; ///< that is being imported
  const Place *place = nullptr;
};

} // namespace qeff::onnxir

#endif // QEFF_LIB_IMPORT_ONNX_MODELIMPORTER_H
