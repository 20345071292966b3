// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scopes of nodes and names of weights as paths of modules.

#include "ModuleNames.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"

using namespace qeff;

static constexpr StringRef kWeightSuffix = ".weight";

namespace {
/// The tensor of the file behind a weight.
struct Origin {
  StringRef name;
  bool transposed = false;
};
} // namespace

/// Nothing but transposes, casts and reshapes may lie between; `name` is empty
/// where something else does.
static Origin findOrigin(Value value) {
  Origin origin;
  while (Operation *op = value.getDefiningOp()) {
    if (auto weight = dyn_cast<onnxir::WeightOp>(op)) {
      origin.name = weight.getName();
    } else if (auto initializer = dyn_cast<onnxir::InitializerOp>(op)) {
      origin.name = initializer.getName();
    } else if (isa<onnxir::TransposeOp, onnxir::CastOp, onnxir::ReshapeOp>(
                   op)) {
      origin.transposed ^= isa<onnxir::TransposeOp>(op);
      value = op->getOperand(0);
      continue;
    }
    break;
  }
  return origin;
}

/// The path of the module whose weight is called `name`, or "".
static StringRef getPath(StringRef name) {
  return name.consume_back(kWeightSuffix) ? name : StringRef();
}

static StringRef getPath(Operation *op, StringRef weightName) {
  auto scope = op->getAttrOfType<StringAttr>("scope");
  return scope && !scope.empty() ? scope.getValue() : getPath(weightName);
}

static ModuleAttr makeModule(Operation *op, StringRef path, bool transposed) {
  return path.empty() ? ModuleAttr()
                      : ModuleAttr::get(op->getContext(),
                                        StringAttr::get(op->getContext(), path),
                                        /*row=*/0, transposed);
}

ModuleAttr qeff::getLinearModule(Operation *op, Value weight, bool isInOut) {
  Origin origin = findOrigin(weight);
  StringRef path = getPath(op, origin.name);
  bool isOwn = getPath(origin.name) == path;
  return makeModule(op, path, isOwn && isInOut != origin.transposed);
}

ModuleAttr qeff::getEmbeddingModule(Operation *op, Value table) {
  return makeModule(op, getPath(op, findOrigin(table).name),
                    /*transposed=*/false);
}

ModuleAttr qeff::getNormModule(Operation *op, Value weight) {
  Origin origin = findOrigin(weight);
  StringRef own = getPath(origin.name);
  return own == getPath(op, origin.name)
             ? makeModule(op, own, /*transposed=*/false)
             : ModuleAttr();
}
