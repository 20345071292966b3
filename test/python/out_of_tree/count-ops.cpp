// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// count-ops MODEL OUT: compiles MODEL into the package OUT for the host, and
// prints how many qeff.linear ops a pass of this project finds in the module.

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Import/Import.h"
#include "qeff/InitAll.h"
#include "qeff/Pipelines/Compiler.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/Support/raw_ostream.h"

namespace {
class CountLinears
    : public mlir::PassWrapper<CountLinears,
                               mlir::OperationPass<mlir::ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CountLinears)

  void runOnOperation() override {
    int64_t count = 0;
    getOperation().walk([&](qeff::LinearOp) { ++count; });
    llvm::outs() << count << "\n";
  }
};
} // namespace

int main(int argc, char **argv) {
  if (argc != 3) {
    llvm::errs() << "usage: count-ops MODEL OUT\n";
    return 1;
  }
  mlir::DialectRegistry registry;
  qeff::registerAllDialects(registry);
  mlir::MLIRContext context(registry);

  auto module = qeff::importModel(&context, argv[1]);
  if (mlir::failed(module)) {
    return 1;
  }
  mlir::PassManager passes(&context);
  passes.addPass(std::make_unique<CountLinears>());
  if (mlir::failed(passes.run(**module))) {
    return 1;
  }

  qeff::CompileOptions options;
  options.model = argv[1];
  options.output = argv[2];
  options.targets = {"host"};
  options.ctxLen = 64;
  options.prefillSeqLen = 4;
  return mlir::failed(qeff::compile(&context, options));
}
