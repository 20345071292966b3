// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a module to a ModelProto.
#ifndef QEFF_LIB_TARGET_ONNX_MODELBUILDER_H
#define QEFF_LIB_TARGET_ONNX_MODELBUILDER_H

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Target/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include "qeff_onnx.pb.h"

namespace qeff {

/// The names of the values of one graph or function.
class ValueNames {
public:
  /// Gives `value` the name `wanted`, or `wanted_N` where that is taken.
  std::string assign(Value value, const Twine &wanted);
  /// Reserves `name`; false where it is taken.
  bool reserve(StringRef name) { return used.insert(name).second; }
  void set(Value value, StringRef name) { names[value] = name.str(); }
  bool contains(Value value) const { return names.contains(value); }
  /// The name of `value`, "" for an operand that is left out.
  StringRef lookup(Value value) const;

private:
  llvm::DenseMap<Value, std::string> names;
  llvm::StringSet<> used;
  llvm::StringMap<unsigned> counters;
};

class ModelBuilder {
public:
  ModelBuilder(ModuleOp module, StringRef dataFileName, ONNXModel &result)
      : module(module), dataFileName(dataFileName), result(result) {}

  LogicalResult build(qeff_onnx::ModelProto &model);

private:
  LogicalResult buildGraph(mlir::func::FuncOp function,
                           qeff_onnx::GraphProto &graph);
  LogicalResult buildIO(mlir::func::FuncOp function, unsigned index,
                        bool isResult, qeff_onnx::ValueInfoProto &info);
  LogicalResult buildFunction(onnxir::FunctionOp function,
                              qeff_onnx::FunctionProto &proto);
  LogicalResult buildBody(Block &block, ValueNames &names, ArrayAttr opsets,
                          google::protobuf::RepeatedPtrField<
                              qeff_onnx::NodeProto> &nodes,
                          qeff_onnx::GraphProto *graph);
  LogicalResult buildNode(onnxir::NodeOp op, ValueNames &names,
                          ArrayAttr opsets, qeff_onnx::NodeProto &node);
  LogicalResult buildAttribute(onnxir::NodeOp op, NamedAttribute attribute,
                               qeff_onnx::AttributeProto &proto);
  LogicalResult buildTensor(Operation *op, mlir::ElementsAttr value,
                            qeff_onnx::TensorProto &proto);
  LogicalResult buildWeight(onnxir::WeightOp op,
                            qeff_onnx::TensorProto &proto);

  ModuleOp module;
  StringRef dataFileName;
  ONNXModel &result;
};

} // namespace qeff

#endif // QEFF_LIB_TARGET_ONNX_MODELBUILDER_H
