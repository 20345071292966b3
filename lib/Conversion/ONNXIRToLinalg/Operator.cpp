// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators by ONNX's names.

#include "Operator.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"

#include "mlir/IR/Matchers.h"

using namespace qeff;
using namespace qeff::onnxir;

/// Elements that a constant may have to be read while compiling.
static constexpr int64_t kMaxConstant = 64;

namespace {
/// An operator that has no typed op, in a form that did not change since.
struct NodeOperator {
  StringRef name;
  unsigned operands; ///< at least
  int64_t since;
};
} // namespace

static constexpr NodeOperator kNodeOperators[] = {
    {"BitCast", 1, 26},        {"CenterCropPad", 2, 18},
    {"CumProd", 2, 26},        {"Dropout", 1, 12},
    {"LpNormalization", 1, 1}, {"LpPool", 1, 11},
    {"MeanVarianceNormalization", 1, 9},
    {"QLinearConv", 8, 10},    {"ReverseSequence", 2, 10},
    {"Shrink", 1, 9}};

/// The name of an operator that has no typed op, or "".
static StringRef getNodeName(NodeOp node) {
  for (const NodeOperator &known : kNodeOperators) {
    bool fits =
        node.getDomain().empty() && node.getOpType() == known.name &&
        node.getSinceVersion().value_or(known.since) >=
            static_cast<uint64_t>(known.since) &&
        node.getNumOperands() >= known.operands && node.getNumResults() > 0 &&
        llvm::none_of(node.getOperands().take_front(known.operands),
                      [](Value operand) {
                        return isa<mlir::NoneType>(operand.getType());
                      });
    if (fits) {
      return known.name;
    }
  }
  return {};
}

std::string Operator::getName() const {
  if (auto node = dyn_cast<NodeOp>(op)) {
    return getNodeName(node).str();
  }
  auto typed = dyn_cast<OperatorOpInterface>(op);
  if (!typed) {
    return {};
  }
  StringRef domain = typed.getDomain();
  return (domain.empty() ? Twine() : domain + "::").str() +
         typed.getOperatorName().str();
}

size_t Operator::getNumOperands() const { return op->getNumOperands(); }

Value Operator::getOperand(size_t index) const {
  if (index >= op->getNumOperands() ||
      isa<mlir::NoneType>(op->getOperand(index).getType())) {
    return {};
  }
  return op->getOperand(index);
}

static RankedTensorType getStaticType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() ? tensor : RankedTensorType();
}

RankedTensorType Operator::getType(size_t index) const {
  Value operand = getOperand(index);
  return operand ? getStaticType(operand.getType()) : RankedTensorType();
}

RankedTensorType Operator::getResultType(size_t index) const {
  return index < op->getNumResults()
             ? getStaticType(op->getResult(index).getType())
             : RankedTensorType();
}

Attribute Operator::getAttribute(StringRef name) const {
  if (auto node = dyn_cast<NodeOp>(op)) {
    DictionaryAttr attributes = node.getOnnxAttrsAttr();
    return attributes ? attributes.get(name) : Attribute();
  }
  return op->getAttr(name);
}

int64_t Operator::getInt(StringRef name, int64_t otherwise) const {
  auto value = dyn_cast_if_present<IntegerAttr>(getAttribute(name));
  return value && value.getType().isSignlessInteger(64) ? value.getInt()
                                                        : otherwise;
}

double Operator::getFloat(StringRef name, double otherwise) const {
  auto value = dyn_cast_if_present<FloatAttr>(getAttribute(name));
  return value ? value.getValueAsDouble() : otherwise;
}

StringRef Operator::getString(StringRef name, StringRef otherwise) const {
  auto value = dyn_cast_if_present<StringAttr>(getAttribute(name));
  return value ? value.getValue() : otherwise;
}

std::optional<SmallVector<int64_t>> Operator::getInts(StringRef name) const {
  auto value = dyn_cast_if_present<DenseI64ArrayAttr>(getAttribute(name));
  if (!value) {
    return std::nullopt;
  }
  return llvm::to_vector(value.asArrayRef());
}

std::optional<SmallVector<int64_t>>
Operator::getConstant(size_t index) const {
  Value operand = getOperand(index);
  Operation *source = operand ? operand.getDefiningOp() : nullptr;
  mlir::DenseIntElementsAttr elements;
  if (auto initializer = dyn_cast_if_present<InitializerOp>(source)) {
    elements = dyn_cast<mlir::DenseIntElementsAttr>(initializer.getValue());
  } else if (source) {
    mlir::matchPattern(source, mlir::m_Constant(&elements));
  }
  if (!elements || elements.getNumElements() > kMaxConstant) {
    return std::nullopt;
  }
  bool isUnsigned = elements.getElementType().isUnsignedInteger() ||
                    elements.getElementType().isInteger(1);
  SmallVector<int64_t> values;
  for (const llvm::APInt &value : elements.getValues<llvm::APInt>()) {
    values.push_back(isUnsigned ? static_cast<int64_t>(value.getZExtValue())
                                : value.getSExtValue());
  }
  return values;
}
