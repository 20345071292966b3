// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of adapters and low-rank ops, and how a merged weight is computed.

#include "TensorTypes.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace qeff;

static bool isStored(Type type) {
  return type.isF32() || type.isF16() || type.isBF16();
}

static bool isFinite(const llvm::APFloat &value) { return value.isFinite(); }

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

LogicalResult AdapterOp::verifyRegions() {
  llvm::StringSet<> modules;
  llvm::StringSet<> parameters;
  for (Operation &op : getBody().front()) {
    // (C1), (C2)
    if (auto lora = dyn_cast<AdapterLoRAOp>(op)) {
      if (!modules.insert(lora.getModule()).second) {
        return op.emitOpError("expects a module once, got '")
               << lora.getModule() << "' twice";
      }
    } else if (auto parameter = dyn_cast<AdapterParameterOp>(op)) {
      std::string name =
          (parameter.getModule() + "." + parameter.getName()).str();
      if (!parameters.insert(name).second) {
        return op.emitOpError("expects a parameter once, got '")
               << name << "' twice";
      }
    } else {
      return op.emitOpError("expects qeff.adapter_lora and "
                            "qeff.adapter_parameter in an adapter");
    }
  }
  // (C3)
  if (!isFinite(getWeight())) {
    return emitOpError("expects a finite weight");
  }
  return success();
}

/// The type of the weight that `symbol` names, or failure.
static FailureOr<RankedTensorType>
getWeightType(Operation *op, SymbolTableCollection &symbolTable,
              FlatSymbolRefAttr symbol) {
  auto weight = symbolTable.lookupNearestSymbolFrom<WeightOp>(op, symbol);
  if (!weight) {
    op->emitOpError("expects a qeff.weight, got ") << symbol;
    return failure();
  }
  return weight.getTensorType();
}

LogicalResult
AdapterLoRAOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  // (C1)
  FailureOr<RankedTensorType> a = getWeightType(*this, symbolTable, getAAttr());
  FailureOr<RankedTensorType> b = getWeightType(*this, symbolTable, getBAttr());
  if (failed(a) || failed(b)) {
    return failure();
  }
  // (C2)
  if (a->getRank() != 2 || b->getRank() != 2 ||
      a->getDimSize(0) != b->getDimSize(1) || a->getDimSize(0) < 1 ||
      !isStored(a->getElementType()) || !isStored(b->getElementType())) {
    return emitOpError("expects a [R, K] and b [N, R] of floats, got ")
           << *a << " and " << *b;
  }
  if (getMagnitudeAttr()) {
    FailureOr<RankedTensorType> m =
        getWeightType(*this, symbolTable, getMagnitudeAttr());
    if (failed(m)) {
      return failure();
    }
    if (m->getRank() != 1 || m->getDimSize(0) != b->getDimSize(0) ||
        !isStored(m->getElementType())) {
      return emitOpError("expects a magnitude [")
             << b->getDimSize(0) << "] of floats, got " << *m;
    }
  }
  // (C3)
  if (!isFinite(getScaling())) {
    return emitOpError("expects a finite scaling");
  }
  return success();
}

LogicalResult
AdapterParameterOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  // (C1)
  return success(
      succeeded(getWeightType(*this, symbolTable, getValueAttr())));
}

//===----------------------------------------------------------------------===//
// lora_merge
//===----------------------------------------------------------------------===//

LogicalResult LoRAMergeOp::verify() {
  RankedTensorType weight = getTensorType(getWeight());
  RankedTensorType a = getTensorType(getA());
  RankedTensorType b = getTensorType(getB());
  // (C1)
  if (weight.getRank() != 2 || a.getRank() != 2 || b.getRank() != 2 ||
      a.getDimSize(1) != weight.getDimSize(1) ||
      b.getDimSize(0) != weight.getDimSize(0) ||
      a.getDimSize(0) != b.getDimSize(1) || a.getDimSize(0) < 1) {
    return emitOpError("expects weight [N, K], a [R, K] and b [N, R], got ")
           << weight << ", " << a << " and " << b;
  }
  RankedTensorType magnitude;
  if (getMagnitude()) {
    magnitude = getTensorType(getMagnitude());
    if (magnitude.getRank() != 1 ||
        magnitude.getDimSize(0) != weight.getDimSize(0)) {
      return emitOpError("expects a magnitude [")
             << weight.getDimSize(0) << "], got " << magnitude;
    }
  }
  // (C2)
  for (RankedTensorType type : {weight, a, b, magnitude}) {
    if (type &&
        (!type.hasStaticShape() || !isStored(type.getElementType()))) {
      return emitOpError("expects static tensors of f32, f16 or bf16, got ")
             << type;
    }
  }
  // (C3)
  if (!isFinite(getScaling())) {
    return emitOpError("expects a finite scaling");
  }
  return success();
}

//===----------------------------------------------------------------------===//
// lora
//===----------------------------------------------------------------------===//

LogicalResult LoRAOp::verify() {
  RankedTensorType input = getTensorType(getInput());
  RankedTensorType base = getTensorType(getBase());
  RankedTensorType a = getTensorType(getA());
  RankedTensorType b = getTensorType(getB());
  RankedTensorType scaling = getTensorType(getScaling());
  // (C1)
  if (input.getRank() < 1 || base.getRank() != input.getRank() ||
      a.getRank() != 2 || b.getRank() != 2 || !a.hasStaticShape() ||
      !b.hasStaticShape() || a.getDimSize(0) != b.getDimSize(1) ||
      !agree(input.getShape().back(), a.getDimSize(1))) {
    return emitOpError("expects input [..., K], base [..., N], a [R, K] and b "
                       "[T, R], got ")
           << input << ", " << base << ", " << a << " and " << b;
  }
  // (C2)
  int64_t size = base.getShape().back();
  int64_t row = getRow();
  int64_t rows = b.getDimSize(0);
  if (ShapedType::isDynamic(size) || row < 0 || row > rows - size) {
    return emitOpError("expects 0 <= row and row + N <= T, got row ")
           << row << ", base " << base << " and b " << b;
  }
  // (C3)
  for (auto [in, out] : llvm::zip(input.getShape().drop_back(),
                                  base.getShape().drop_back())) {
    if (!agree(in, out)) {
      return emitOpError("expects input and base to agree in all but the last "
                         "axis, got ")
             << input << " and " << base;
    }
  }
  // (C4)
  if (scaling.getRank() != 1 || scaling.getDimSize(0) != 1 ||
      !scaling.getElementType().isF32()) {
    return emitOpError("expects a scaling [1] of f32, got ") << scaling;
  }
  return success();
}

SmallVector<int64_t> LoRAOp::inferResultShape(DictionaryAttr dims) {
  SmallVector<int64_t> shape(getTensorType(getInput()).getShape());
  shape.back() = getTensorType(getBase()).getShape().back();
  return shape;
}
