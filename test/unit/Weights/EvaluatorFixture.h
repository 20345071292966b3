// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A module with weights in a folder of its own, whose values are written under
// several budgets and numbers of threads.
#ifndef QEFF_TEST_UNIT_WEIGHTS_EVALUATORFIXTURE_H
#define QEFF_TEST_UNIT_WEIGHTS_EVALUATORFIXTURE_H

#include "ReferenceTensor.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Weights/Evaluator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

namespace qeff::test {

/// A folder that disappears with the test.
struct TemporaryFolder {
  TemporaryFolder() {
    char name[] = "/tmp/qeff-weights-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~TemporaryFolder() { (void)::system(("rm -rf " + path).c_str()); }

  void write(const std::string &name, const std::vector<char> &bytes) {
    int fd = ::open((path + "/" + name).c_str(),
                    O_CREAT | O_TRUNC | O_WRONLY, 0644);
    ASSERT_EQ(::write(fd, bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
    ::close(fd);
  }

  std::string path;
};

class EvaluatorTest : public ::testing::Test {
protected:
  EvaluatorTest()
      : handler(&context, [this](mlir::Diagnostic &diagnostic) {
          diagnostics.push_back(diagnostic.str());
        }) {
    context.loadDialect<QEffDialect, mlir::func::FuncDialect,
                        mlir::arith::ArithDialect>();
    module = ModuleOp::create(mlir::UnknownLoc::get(&context));
    OpBuilder builder(&context);
    builder.setInsertionPointToEnd(module->getBody());
    function = mlir::func::FuncOp::create(
        builder, module->getLoc(), "main", builder.getFunctionType({}, {}));
    Block *entry = function.addEntryBlock();
    builder.setInsertionPointToEnd(entry);
    auto end = mlir::func::ReturnOp::create(builder, module->getLoc());
    values.emplace(module->getLoc(), &context);
    values->setInsertionPoint(end);
    options.roots["model"] = folder.path;
  }

  Type getType(FloatKind kind) {
    Builder builder(&context);
    return kind == FloatKind::F32   ? Type(builder.getF32Type())
           : kind == FloatKind::F16 ? Type(builder.getF16Type())
                                    : Type(builder.getBF16Type());
  }

  RankedTensorType getType(const ReferenceTensor &tensor) {
    return RankedTensorType::get(tensor.shape, getType(tensor.kind));
  }

  /// A file with these bytes after 24 bytes of header, and a weight over them.
  Value addWeight(const std::vector<char> &bytes, RankedTensorType type,
                  BlockEncodingAttr encoding = {}) {
    std::vector<char> content(24, 'h');
    content.insert(content.end(), bytes.begin(), bytes.end());
    std::string name = "w" + std::to_string(numWeights++);
    folder.write(name, content);
    OpBuilder builder(&context);
    builder.setInsertionPointToStart(module->getBody());
    Location loc = module->getLoc();
    auto file = FileOp::create(
        builder, loc, name + ".file", builder.getStringAttr("private"), name,
        "model", static_cast<int64_t>(content.size()), 24, StringAttr());
    builder.setInsertionPointAfter(file);
    WeightOp::create(builder, loc, builder.getStringAttr(name),
                     builder.getStringAttr("private"),
                     FlatSymbolRefAttr::get(&context, name + ".file"),
                     builder.getI64IntegerAttr(24), encoding, StringAttr(),
                     mlir::TypeAttr::get(type));
    return WeightRefOp::create(*values, type, name);
  }

  Value addWeight(const ReferenceTensor &tensor) {
    return addWeight(tensor.toBytes(), getType(tensor));
  }

  /// Writes `placements` and returns the file's content.
  std::vector<char> write(ArrayRef<WeightPlacement> placements,
                          unsigned threads, int64_t budget, int64_t size) {
    std::string path = folder.path + "/out";
    int fd = ::open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR, 0644);
    EXPECT_EQ(::ftruncate(fd, size), 0);
    options.threads = threads;
    options.budgetBytes = budget;
    EXPECT_TRUE(succeeded(writeWeights(*module, placements, fd, options)));
    std::vector<char> result(size + 1);
    EXPECT_EQ(::pread(fd, result.data(), size + 1, 0), size);
    ::close(fd);
    result.pop_back();
    return result;
  }

  /// Compares `value` with `expected` under several threads and budgets.
  void check(Value value, const std::vector<char> &expected,
             const std::string &what) {
    constexpr int64_t kOffset = 12;
    auto size = static_cast<int64_t>(expected.size());
    for (auto [threads, budget] :
         {std::pair<unsigned, int64_t>{1, 64 << 20}, {4, 64 << 20},
          {1, 4 << 10}, {3, 1}}) {
      std::vector<char> got =
          write(WeightPlacement(value, kOffset), threads, budget,
                size + kOffset);
      got.erase(got.begin(), got.begin() + kOffset);
      ASSERT_TRUE(got == expected)
          << what << " with " << threads << " threads in " << budget;
    }
    options.budgetBytes = 5 << 10;
    FailureOr<std::vector<char>> read = readValue(*module, value, options);
    ASSERT_TRUE(succeeded(read));
    ASSERT_TRUE(*read == expected) << what << ", streamed";
  }

  TemporaryFolder folder;
  MLIRContext context;
  std::vector<std::string> diagnostics;
  mlir::ScopedDiagnosticHandler handler;
  OwningOpRef<ModuleOp> module;
  mlir::func::FuncOp function;
  std::optional<ImplicitLocOpBuilder> values;
  EvaluatorOptions options;
  int numWeights = 0;
};

} // namespace qeff::test

#endif // QEFF_TEST_UNIT_WEIGHTS_EVALUATORFIXTURE_H
