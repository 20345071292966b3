// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bounds of the evaluator: with a budget of 8 MB, the transpose of a 525 MB
// weight adds under 64 MB of resident memory (file pages included) and reads at
// most 1.1 times the weight's bytes. A binary of its own, since the peak is the
// process's.

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Weights/Evaluator.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <unistd.h>

using namespace qeff;

namespace {
constexpr int64_t kRows = 128256;
constexpr int64_t kColumns = 2048;
constexpr int64_t kBytes = kRows * kColumns * 2;

/// The number after `key` in a file of /proc/self, in its own unit.
int64_t readNumber(const char *path, const std::string &key) {
  std::ifstream stream(path);
  std::string word;
  int64_t number = -1;
  while (stream >> word) {
    if (word == key) {
      stream >> number;
    }
  }
  return number;
}

/// A sparse file: large, without taking room on the disk.
int openSparse(const std::string &path, int64_t size) {
  int fd = ::open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR, 0644);
  EXPECT_GE(fd, 0);
  EXPECT_EQ(::ftruncate(fd, size), 0);
  return fd;
}

TEST(EvaluatorMemory, LargeTransposeWithSmallBudget) {
  char name[] = "/tmp/qeff-memory-XXXXXX";
  std::string folder = ::mkdtemp(name);
  int source = openSparse(folder + "/source", kBytes);
  // One element that must arrive: row 70000, column 3.
  uint16_t one = 0x3c00;
  ASSERT_EQ(::pwrite(source, &one, 2, (int64_t(70000) * kColumns + 3) * 2), 2);
  ::close(source);

  MLIRContext context;
  context.loadDialect<QEffDialect, mlir::func::FuncDialect>();
  std::string text = R"mlir(
    qeff.file "private" @f "source" {root = "model", size = )mlir" +
                     std::to_string(kBytes) + R"mlir( : i64}
    qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<128256x2048xf16>
    func.func @main() -> tensor<2048x128256xf16> {
      %0 = qeff.weight_ref @w : tensor<128256x2048xf16>
      %1 = qeff.transpose %0 [1, 0] : tensor<128256x2048xf16> -> tensor<2048x128256xf16>
      return %1 : tensor<2048x128256xf16>
    })mlir";
  OwningOpRef<ModuleOp> module =
      mlir::parseSourceString<ModuleOp>(text, &context);
  ASSERT_TRUE(module);
  Value value;
  module->walk([&](TransposeOp op) { value = op.getResult(); });

  EvaluatorOptions options;
  options.roots["model"] = folder;
  options.budgetBytes = int64_t(8) << 20;
  int target = openSparse(folder + "/target", kBytes);

  std::ofstream("/proc/self/clear_refs") << 5; // the peak starts here
  int64_t residentBefore = readNumber("/proc/self/status", "VmRSS:");
  int64_t readBefore = readNumber("/proc/self/io", "rchar:");
  ASSERT_TRUE(succeeded(writeWeights(*module, {{value, 0}}, target, options)));
  int64_t added = readNumber("/proc/self/status", "VmHWM:") - residentBefore;
  int64_t read = readNumber("/proc/self/io", "rchar:") - readBefore;
  std::printf("added %lld kB, read %.3f of the bytes\n",
              static_cast<long long>(added), double(read) / double(kBytes));

  EXPECT_LT(added, 64 * 1024);
  EXPECT_LE(read, kBytes * 11 / 10);
  uint16_t arrived = 0;
  EXPECT_EQ(::pread(target, &arrived, 2, (3 * kRows + 70000) * 2), 2);
  EXPECT_EQ(arrived, one);
  ::close(target);
  (void)std::system(("rm -rf " + folder).c_str());
}
} // namespace
