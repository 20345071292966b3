// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small ONNX models for the readers' tests.
#ifndef QEFF_TEST_UNIT_IMPORT_ONNXFILES_H
#define QEFF_TEST_UNIT_IMPORT_ONNXFILES_H

#include "qeff_onnx.pb.h"

#include <string>

namespace qeff::test {

inline void setTensor(qeff_onnx::TensorProto &tensor, const std::string &name,
                      const std::string &bytes) {
  tensor.set_name(name);
  tensor.set_data_type(qeff_onnx::TensorProto::INT8);
  tensor.add_dims(static_cast<int64_t>(bytes.size()));
  tensor.set_raw_data(bytes);
}

/// `size` bytes that tell their place.
inline std::string makeBytes(size_t size, char seed) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>(seed + i * 7 + i / 251);
  }
  return bytes;
}

/// Tensors in every place where they can be: an initializer, attributes, a
/// subgraph, a function. Sizes are multiples of `unit`.
inline qeff_onnx::ModelProto makeModel(size_t unit) {
  qeff_onnx::ModelProto model;
  model.set_ir_version(10);
  qeff_onnx::OperatorSetIdProto &opset = *model.add_opset_import();
  opset.set_domain("");
  opset.set_version(21);
  qeff_onnx::GraphProto &graph = *model.mutable_graph();
  graph.set_name("graph");
  setTensor(*graph.add_initializer(), "w", makeBytes(unit, 1));
  setTensor(*graph.add_initializer(), "v", makeBytes(3 * unit, 2));
  qeff_onnx::NodeProto &node = *graph.add_node();
  node.set_op_type("Op");
  node.add_input("w");
  node.add_output("y");
  qeff_onnx::AttributeProto &value = *node.add_attribute();
  value.set_name("a");
  value.set_type(qeff_onnx::AttributeProto::TENSOR);
  setTensor(*value.mutable_t(), "", makeBytes(2 * unit, 3));
  qeff_onnx::AttributeProto &body = *node.add_attribute();
  body.set_name("b");
  body.set_type(qeff_onnx::AttributeProto::GRAPH);
  body.mutable_g()->set_name("body");
  setTensor(*body.mutable_g()->add_initializer(), "i", makeBytes(unit, 4));
  qeff_onnx::FunctionProto &function = *model.add_functions();
  function.set_domain("d");
  function.set_name("f");
  function.add_output("z");
  *function.add_opset_import() = opset;
  qeff_onnx::NodeProto &inner = *function.add_node();
  inner.set_op_type("Constant");
  inner.add_output("z");
  *inner.add_attribute() = value;
  return model;
}

} // namespace qeff::test

#endif // QEFF_TEST_UNIT_IMPORT_ONNXFILES_H
