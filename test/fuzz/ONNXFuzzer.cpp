// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fuzzes the reader and the writer of ONNX files. What is imported must come
// out again: the exported model is read and compared. The mutator changes
// fields of the protobuf tree, and starts from models that have a bit of
// everything.

#include "FuzzSupport.h"
#include "MemoryFile.h"
#include "ModelFile.h"
#include "SparseFile.h"
#include "WireTree.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Import/ONNX.h"
#include "qeff/Target/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"

#include <cstdio>
#include <cstdlib>

using namespace qeff;
using qeff_onnx::AttributeProto;
using qeff_onnx::GraphProto;
using qeff_onnx::NodeProto;
using qeff_onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Seeds
//===----------------------------------------------------------------------===//

static NodeProto &addNode(google::protobuf::RepeatedPtrField<NodeProto> &nodes,
                          const char *type, const char *input,
                          const char *output) {
  NodeProto &node = *nodes.Add();
  node.set_op_type(type);
  node.add_input(input);
  node.add_output(output);
  return node;
}

static void setInfo(qeff_onnx::ValueInfoProto &info, const char *name,
                    const char *dim) {
  info.set_name(name);
  auto &tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(TensorProto::FLOAT);
  tensor.mutable_shape()->add_dim()->set_dim_param(dim);
  tensor.mutable_shape()->add_dim()->set_dim_value(2);
}

static void addTensor(TensorProto &tensor, const char *name, int type,
                      int64_t size, size_t bytes) {
  tensor.set_name(name);
  tensor.set_data_type(type);
  tensor.add_dims(size);
  tensor.set_raw_data(std::string(bytes, '\1'));
}

static void addOpset(google::protobuf::RepeatedPtrField<
                         qeff_onnx::OperatorSetIdProto> &opsets,
                     const char *domain, int64_t version) {
  qeff_onnx::OperatorSetIdProto &opset = *opsets.Add();
  opset.set_domain(domain);
  opset.set_version(version);
}

/// A branch that uses a value of the graph around it.
static void fillBranch(GraphProto &graph) {
  graph.set_name("branch");
  addNode(*graph.mutable_node(), "Abs", "x", "b");
  addTensor(*graph.add_initializer(), "bw", TensorProto::INT4, 3, 2);
  setInfo(*graph.add_output(), "b", "n");
}

static void fillGraph(GraphProto &graph, std::mt19937 &random) {
  graph.set_name("graph");
  setInfo(*graph.add_input(), "x", "n");
  setInfo(*graph.add_output(), "y", "n");
  setInfo(*graph.add_value_info(), "t", "n");
  addTensor(*graph.add_initializer(), "w", TensorProto::FLOAT, 2, 8);
  addTensor(*graph.add_initializer(), "u", TensorProto::UINT8, 2000, 2000);
  TensorProto &typed = *graph.add_initializer();
  typed.set_name("v");
  typed.set_data_type(TensorProto::INT64);
  typed.add_int64_data(-3);
  NodeProto &add = addNode(*graph.mutable_node(), "Add", "x", "t");
  add.add_input("w");
  add.set_name("add");
  NodeProto &constant = addNode(*graph.mutable_node(), "Constant", "", "c");
  constant.clear_input();
  AttributeProto &value = *constant.add_attribute();
  value.set_name("value");
  value.set_type(AttributeProto::TENSOR);
  addTensor(*value.mutable_t(), "", TensorProto::BOOL, 1, 1);
  NodeProto &branch = addNode(*graph.mutable_node(), "If", "c", "y");
  for (const char *name : {"then_branch", "else_branch"}) {
    AttributeProto &attribute = *branch.add_attribute();
    attribute.set_name(name);
    attribute.set_type(AttributeProto::GRAPH);
    fillBranch(*attribute.mutable_g());
  }
  if (random() % 2 == 0) {
    NodeProto &call = addNode(*graph.mutable_node(), "F", "t", "z");
    call.set_domain("d");
    AttributeProto &alpha = *call.add_attribute();
    alpha.set_name("alpha");
    alpha.set_type(AttributeProto::FLOAT);
    alpha.set_f(0.5f);
  }
}

static void fillFunction(qeff_onnx::FunctionProto &function) {
  function.set_domain("d");
  function.set_name("F");
  function.add_input("x");
  function.add_output("y");
  function.add_attribute("alpha");
  addOpset(*function.mutable_opset_import(), "", 21);
  NodeProto &node = addNode(*function.mutable_node(), "LeakyRelu", "x", "y");
  AttributeProto &reference = *node.add_attribute();
  reference.set_name("alpha");
  reference.set_type(AttributeProto::FLOAT);
  reference.set_ref_attr_name("alpha");
  AttributeProto &ints = *function.add_attribute_proto();
  ints.set_name("axes");
  ints.set_type(AttributeProto::INTS);
  ints.add_ints(1);
}

static std::string makeSeed(std::mt19937 &random) {
  qeff_onnx::ModelProto model;
  model.set_ir_version(10);
  model.set_producer_name("fuzz");
  addOpset(*model.mutable_opset_import(), "", 21);
  addOpset(*model.mutable_opset_import(), "d", 1);
  fillGraph(*model.mutable_graph(), random);
  fillFunction(*model.add_functions());
  return model.SerializeAsString();
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t max, unsigned seed) {
  std::mt19937 random(seed);
  unsigned choice = random() % 16;
  if (choice == 0) {
    return LLVMFuzzerMutate(data, size, max);
  }
  std::vector<fuzz::WireField> fields;
  if (choice < 4 || size == 0 ||
      !fuzz::parseWire({reinterpret_cast<const char *>(data), size}, fields)) {
    fields.clear();
    (void)fuzz::parseWire(makeSeed(random), fields);
  }
  if (choice != 1) {
    fuzz::mutateWire(fields, random);
  }
  std::string out;
  fuzz::printWire(fields, out);
  size_t copied = fuzz::copyBack(out, data, max);
  return copied != 0 ? copied : LLVMFuzzerMutate(data, size, max);
}

//===----------------------------------------------------------------------===//
// The round trip
//===----------------------------------------------------------------------===//

/// A context that is renewed now and then: it keeps every type it has seen.
static MLIRContext &getContext() {
  static std::unique_ptr<MLIRContext> context;
  static unsigned uses = 0;
  if (!context || ++uses % 2048 == 0) {
    context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  }
  return *context;
}

/// Exports what was imported from `path` and compares.
static void checkRoundTrip(MLIRContext &context, ModuleOp module,
                           StringRef path, const std::string &messages) {
  auto check = [&](LogicalResult result, const char *what) {
    if (failed(result)) {
      std::fprintf(stderr, "%s\n%s", what, messages.c_str());
      std::abort();
    }
  };
  FailureOr<ONNXModel> model = buildONNXModel(module, "data");
  check(model, "an imported model cannot be exported");
  if (model->dataSize > 0) {
    return; // external data is this very file
  }
  EvaluatorOptions options;
  options.roots["model"] = "/proc/self/fd";
  options.threads = 1;
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  check(writeONNXModel(module, *model, stream, options),
        "an imported model cannot be written");
  fuzz::MemoryFile exported(bytes);
  check(compareONNX(&context, path, exported.getPath()),
        "an exported model differs from the imported one");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ++fuzz::stats.executions;
  MLIRContext &context = getContext();
  std::string messages;
  int errors = 0;
  mlir::ScopedDiagnosticHandler handler(
      &context, [&](mlir::Diagnostic &diagnostic) {
        messages += diagnostic.str() + "\n";
        ++errors;
        return success();
      });
  fuzz::MemoryFile file({reinterpret_cast<const char *>(data), size});
  std::string path = file.getPath();
  {
    qeff_onnx::ModelProto model;
    std::vector<onnxir::Payload> payloads;
    InputFile input = llvm::cantFail(InputFile::open(path));
    if (llvm::Error error = onnxir::readModel(input, model, payloads)) {
      llvm::consumeError(std::move(error));
      return 0;
    }
  }
  ++fuzz::stats.pastParser;
  FailureOr<OwningOpRef<ModuleOp>> module = importONNX(&context, path);
  if (failed(module)) {
    // One clear error of one line.
    if (errors != 1 || StringRef(messages).count('\n') != 1) {
      std::fprintf(stderr, "expects one error, got:\n%s", messages.c_str());
      std::abort();
    }
    return 0;
  }
  ++fuzz::stats.accepted;
  checkRoundTrip(context, **module, path, messages);
  return 0;
}
