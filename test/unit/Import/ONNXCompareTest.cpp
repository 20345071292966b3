// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The comparison behind --verify-roundtrip notices every change.

#include "ONNXFiles.h"

#include "qeff/Import/ONNX.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <fstream>
#include <functional>
#include <gtest/gtest.h>

using namespace qeff;
using namespace qeff::test;
using qeff_onnx::ModelProto;

namespace {
class ONNXCompare : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("onnx", folder));
  }
  void TearDown() override {
    (void)llvm::sys::fs::remove_directories(folder);
  }

  std::string write(StringRef name, const std::string &bytes) {
    SmallString<128> path(folder);
    llvm::sys::path::append(path, name);
    std::ofstream(path.c_str(), std::ios::binary) << bytes;
    return path.str().str();
  }

  /// What is said about the two, "" where they are the same.
  std::string compare(const ModelProto &a, const ModelProto &b) {
    std::string messages;
    MLIRContext context;
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &diagnostic) {
          messages += diagnostic.str() + "\n";
          return success();
        });
    LogicalResult result =
        compareONNX(&context, write("a.onnx", a.SerializeAsString()),
                    write("b.onnx", b.SerializeAsString()));
    EXPECT_EQ(failed(result), !messages.empty());
    return messages;
  }

  SmallString<128> folder;
};
} // namespace

TEST_F(ONNXCompare, FindsEachChange) {
  struct {
    std::function<void(ModelProto &)> edit;
    const char *message;
  } cases[] = {
      {[](ModelProto &m) { m.set_doc_string(""); }, "the model's own part"},
      {[](ModelProto &m) { m.mutable_graph()->set_name("other"); },
       "graph: the graph of"},
      {[](ModelProto &m) { m.mutable_graph()->mutable_node(0)->set_name(""); },
       "graph: node 0: the node of"},
      {[](ModelProto &m) { m.mutable_graph()->add_node(); },
       "graph: the number of nodes"},
      {[](ModelProto &m) { m.mutable_graph()->add_input()->set_name("x"); },
       "graph: the number of inputs"},
      {[](ModelProto &m) { m.mutable_functions()->Clear(); },
       "the number of functions"},
      {[](ModelProto &m) {
         m.mutable_functions(0)->mutable_node(0)->set_op_type("x");
       },
       "function 0 'f': node 0: the node of"},
      {[](ModelProto &m) {
         (*m.mutable_graph()->mutable_initializer(1)->mutable_raw_data())[5] ^=
             1;
       },
       "initializer 1 'v': byte 5 of the elements of"},
      {[](ModelProto &m) {
         m.mutable_graph()->mutable_initializer(1)->set_data_type(
             qeff_onnx::TensorProto::UINT8);
       },
       "initializer 1 'v': what the tensor says beside its elements of"},
      {[](ModelProto &m) {
         qeff_onnx::AttributeProto &body =
             *m.mutable_graph()->mutable_node(0)->mutable_attribute(1);
         body.mutable_g()->mutable_initializer(0)->mutable_raw_data()->back()++;
       },
       "node 0: attribute 1 'b': initializer 0 'i': byte"},
      {[](ModelProto &m) {
         m.mutable_functions(0)
             ->mutable_node(0)
             ->mutable_attribute(0)
             ->mutable_t()
             ->set_name("x");
       },
       "attribute 0 'a': what the tensor says"},
  };
  for (size_t unit : {8, 3000}) {
    ModelProto model = makeModel(unit);
    EXPECT_EQ(compare(model, model), "");
    for (const auto &[edit, message] : cases) {
      ModelProto changed = model;
      edit(changed);
      std::string messages = compare(model, changed);
      EXPECT_NE(messages.find(message), std::string::npos)
          << message << "\ngot: " << messages;
      EXPECT_EQ(std::count(messages.begin(), messages.end(), '\n'), 1);
    }
  }
}

TEST_F(ONNXCompare, TakesElementsFromAnywhere) {
  ModelProto model = makeModel(8);
  ModelProto other = model;
  qeff_onnx::TensorProto &typed =
      *other.mutable_graph()->mutable_initializer(0);
  for (char byte : typed.raw_data()) {
    typed.add_int32_data(byte);
  }
  typed.clear_raw_data();
  qeff_onnx::TensorProto &external =
      *other.mutable_graph()->mutable_initializer(1);
  write("v.bin", "front" + external.raw_data());
  external.clear_raw_data();
  external.set_data_location(qeff_onnx::TensorProto::EXTERNAL);
  auto add = [&](const char *key, const char *value) {
    qeff_onnx::StringStringEntryProto &entry = *external.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  add("location", "v.bin");
  add("offset", "5");
  EXPECT_EQ(compare(model, other), "");
  external.mutable_external_data(1)->set_value("4");
  EXPECT_NE(compare(model, other).find("byte 0 of the elements"),
            std::string::npos);
}

TEST_F(ONNXCompare, StopsAfterSomeDifferences) {
  ModelProto model = makeModel(8);
  for (int i = 0; i < 50; ++i) {
    model.mutable_graph()->add_node()->set_op_type("Op");
  }
  ModelProto other = model;
  for (qeff_onnx::NodeProto &node : *other.mutable_graph()->mutable_node()) {
    node.set_op_type("Other");
  }
  std::string messages = compare(model, other);
  EXPECT_EQ(std::count(messages.begin(), messages.end(), '\n'), 10);
}
