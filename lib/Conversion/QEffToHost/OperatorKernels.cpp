// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators to kernel functions.

#include "OperatorKernels.h"

#include "qeff/Conversion/ONNXIRToLinalg.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Verifier.h"

using namespace qeff;
using namespace qeff::host;
using mlir::func::FuncOp;
namespace bufferization = mlir::bufferization;

/// Elements that a constant may have to be a part of a kernel's key.
static constexpr int64_t kMaxConstant = 64;

OperatorKernels::OperatorKernels(ModuleOp module, const KernelTarget &target)
    : module(module), target(target) {
  module.getContext()
      ->loadDialect<mlir::affine::AffineDialect,
                    bufferization::BufferizationDialect,
                    mlir::linalg::LinalgDialect, mlir::math::MathDialect,
                    mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                    mlir::tensor::TensorDialect>();
}

/// The operator as ONNX calls it.
static std::string getOperatorName(Operation *op) {
  if (auto node = dyn_cast<onnxir::NodeOp>(op)) {
    return node.getQualifiedName();
  }
  auto typed = dyn_cast<onnxir::OperatorOpInterface>(op);
  if (!typed) {
    return op->getName().getStringRef().str();
  }
  StringRef domain = typed.getDomain();
  return (domain.empty() ? Twine() : domain + "::").str() +
         typed.getOperatorName().str();
}

InFlightDiagnostic host::emitOperatorError(Operation *op,
                                           const Twine &reason) {
  InFlightDiagnostic diagnostic = mlir::emitError(op->getLoc());
  diagnostic << "operator " << getOperatorName(op);
  if (auto name = op->getAttrOfType<StringAttr>("name")) {
    diagnostic << " of node '" << name.getValue() << "'";
  }
  diagnostic << ": " << reason;
  return diagnostic;
}

/// The constant that `value` is, if it shapes kernels: few integers.
static Attribute getSmallConstant(Value value) {
  Operation *source = value.getDefiningOp();
  mlir::DenseIntElementsAttr elements;
  if (auto initializer =
          dyn_cast_if_present<onnxir::InitializerOp>(source)) {
    elements = dyn_cast<mlir::DenseIntElementsAttr>(initializer.getValue());
  } else if (source) {
    mlir::matchPattern(source, mlir::m_Constant(&elements));
  }
  return elements && elements.getNumElements() <= kMaxConstant ? elements
                                                               : Attribute();
}

/// What makes a kernel different from others.
static std::string getKey(Operation *op) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << getOperatorName(op);
  NamedAttrList attributes(op->getAttrDictionary());
  for (StringRef label : {"name", "scope", "output_names", "doc", "metadata"}) {
    attributes.erase(label);
  }
  os << attributes.getDictionary(op->getContext());
  for (Value operand : op->getOperands()) {
    os << ", " << operand.getType();
    if (Attribute constant = getSmallConstant(operand)) {
      os << " " << constant;
    }
  }
  llvm::interleaveComma(op->getResultTypes(), os << " -> ");
  return key;
}

/// A symbol from an operator's name: letters, digits and underlines.
static std::string getSymbol(Operation *op) {
  std::string symbol = getOperatorName(op);
  for (char &c : symbol) {
    c = llvm::isAlnum(c) ? c : '_';
  }
  return symbol.substr(0, 100);
}

FailureOr<OperatorKernel> OperatorKernels::get(Operation *op) {
  std::string key = getKey(op);
  auto found = kernels.find(key);
  if (found != kernels.end()) {
    return found->second;
  }
  std::string symbol = getSymbol(op);
  std::string name;
  do {
    name = "onnx_" + symbol + "_" + std::to_string(counts[symbol]++);
  } while (module.lookupSymbol(name));
  FailureOr<OperatorKernel> kernel = build(op, name);
  if (succeeded(kernel)) {
    kernels[key] = *kernel;
  }
  return kernel;
}

static mlir::MemRefType getMemRefType(Type type) {
  auto tensor = cast<RankedTensorType>(onnxir::getSignlessType(type));
  return mlir::MemRefType::get(tensor.getShape(), tensor.getElementType());
}

static bool isStaticTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && getDenseBytes(cast<RankedTensorType>(
                       onnxir::getSignlessType(tensor)));
}

namespace {
/// A kernel function while its body is filled.
class KernelFunction {
public:
  KernelFunction(Operation *op, StringRef name)
      : op(op), holder(ModuleOp::create(op->getLoc())),
        builder(op->getLoc(), op->getContext()) {
    builder.setInsertionPointToStart(holder->getBody());
    function = FuncOp::create(builder, name, builder.getFunctionType({}, {}));
    builder.setInsertionPointToStart(function.addEntryBlock());
  }

  /// Fills the body: all operands as tensors, the lowering, the results.
  LogicalResult fill(OperatorKernel &kernel, std::string &reason);
  FuncOp getFunction() { return function; }
  void addRange();

private:
  Value addArgument(Type type);

  Operation *op;
  OwningOpRef<ModuleOp> holder;
  ImplicitLocOpBuilder builder;
  FuncOp function;
};
} // namespace

Value KernelFunction::addArgument(Type type) {
  unsigned index = function.getNumArguments();
  (void)function.insertArgument(index, type, {}, op->getLoc());
  return function.getArgument(index);
}

LogicalResult KernelFunction::fill(OperatorKernel &kernel,
                                   std::string &reason) {
  SmallVector<Value> operands;
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    if (!isStaticTensor(operand.getType())) {
      operands.push_back({});
      continue;
    }
    Value memory = addArgument(getMemRefType(operand.getType()));
    operands.push_back(bufferization::ToTensorOp::create(
        builder, onnxir::getSignlessType(operand.getType()), memory,
        /*restrict=*/true));
    kernel.reads.push_back(index);
  }
  auto results = onnxir::lowerOperator(builder, op, operands, reason);
  if (failed(results)) {
    return failure();
  }
  for (auto [index, result] : llvm::enumerate(op->getResults())) {
    if (isa<mlir::NoneType>(result.getType())) {
      continue;
    }
    if (index >= results->size() || !(*results)[index]) {
      reason = "expects results that the host computes";
      return failure();
    }
    Value memory = addArgument(getMemRefType(result.getType()));
    auto store = bufferization::MaterializeInDestinationOp::create(
        builder, (*results)[index], memory);
    store.setRestrict(true);
    store.setWritable(true);
    kernel.writes.push_back(index);
  }
  addRange();
  mlir::func::ReturnOp::create(builder);
  return success();
}

/// Removes the arguments that the loops do not use: constants that shaped them,
/// and tensors without elements.
static void dropUnused(FuncOp function, OperatorKernel &kernel) {
  llvm::BitVector dead(function.getNumArguments());
  unsigned argument = 0;
  auto keepUsed = [&](auto &list) {
    llvm::erase_if(list, [&](auto) {
      bool isUnused = function.getArgument(argument).use_empty();
      dead[argument++] = isUnused;
      return isUnused;
    });
  };
  keepUsed(kernel.reads);
  keepUsed(kernel.writes);
  keepUsed(kernel.scratchBytes);
  (void)function.eraseArguments(dead);
}

void KernelFunction::addRange() {
  addArgument(builder.getIndexType());
  addArgument(builder.getIndexType());
}

/// Runs `check` without its diagnostics.
static bool isQuietlyTrue(MLIRContext *context,
                          llvm::function_ref<bool()> check) {
  mlir::ScopedDiagnosticHandler quiet(context,
                                      [](mlir::Diagnostic &diagnostic) {
                                        return success(
                                            diagnostic.getSeverity() ==
                                            mlir::DiagnosticSeverity::Error);
                                      });
  return check();
}

FailureOr<OperatorKernel> OperatorKernels::build(Operation *op,
                                                 StringRef name) {
  OperatorKernel kernel;
  std::string reason;
  KernelFunction builder(op, name);
  if (failed(builder.fill(kernel, reason))) {
    return emitOperatorError(op, reason);
  }
  FuncOp function = builder.getFunction();
  bool fits = isQuietlyTrue(op->getContext(), [&] {
    return succeeded(mlir::verify(function));
  });
  if (!fits) {
    return emitOperatorError(op, "expects operands and results of types and "
                                 "shapes that fit each other");
  }
  unsigned known = function.getNumArguments();
  std::optional<int64_t> tiles = bufferizeKernel(function, target);
  if (!tiles) {
    return emitOperatorError(op, "expects a form that the host has a kernel "
                                 "for");
  }
  for (unsigned i = known - 2; i + 2 < function.getNumArguments(); ++i) {
    auto type = cast<mlir::MemRefType>(function.getArgumentTypes()[i]);
    kernel.scratchBytes.push_back(getDenseBytes(type).value_or(0));
  }
  dropUnused(function, kernel);
  if (function.getNumArguments() == 2) {
    return kernel; // nothing to compute
  }
  function->remove();
  module.push_back(function);
  function.setPrivate();
  function->setAttr(kKernelAttr, UnitAttr::get(op->getContext()));
  for (unsigned i = 0; i + 2 < function.getNumArguments(); ++i) {
    function.setArgAttr(i, "llvm.noalias", UnitAttr::get(op->getContext()));
  }
  kernel.kernel = {FlatSymbolRefAttr::get(op->getContext(), name), *tiles};
  return kernel;
}
