// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types of the results of typed operators.

#include "ElementTypes.h"

#include "llvm/ADT/StringMap.h"

using namespace qeff;
using namespace qeff::onnxir;

namespace {
/// Where the element type of a result is from: the first of these that is
/// known.
struct Rule {
  const char *attribute = nullptr; ///< a TensorProto.DataType, or a tensor
  int operand = -1;
  int otherwise = -1; ///< an operand, too
  int64_t dataType = 0; ///< a TensorProto.DataType
};

// TensorProto.DataType.
enum DataType : int64_t {
  Float = 1,
  UInt8 = 2,
  Int32 = 6,
  Int64 = 7,
  Bool = 9
};
} // namespace

static Rule fromOperand(int operand, int otherwise = -1) {
  return {nullptr, operand, otherwise, 0};
}

static Rule fixed(int64_t dataType) { return {nullptr, -1, -1, dataType}; }

/// By operator and number of the result; the others are like operand 0.
static const llvm::StringMap<Rule> &getRules() {
  static const llvm::StringMap<Rule> rules = [] {
    llvm::StringMap<Rule> map = {
        {"ArgMax/0", fixed(Int64)},
        {"ArgMin/0", fixed(Int64)},
        {"Attention/1", fromOperand(1)},
        {"Attention/2", fromOperand(2)},
        {"BatchNormalization/1", fromOperand(3)},
        {"BatchNormalization/2", fromOperand(4)},
        {"Cast/0", {"to", -1, -1, 0}},
        {"CastLike/0", fromOperand(1)},
        {"ConstantOfShape/0", {"value", -1, -1, Float}},
        {"ConvInteger/0", fixed(Int32)},
        {"DequantizeLinear/0", {"output_dtype", 1, -1, 0}},
        {"DynamicQuantizeLinear/0", fixed(UInt8)},
        {"DynamicQuantizeLinear/1", fixed(Float)},
        {"DynamicQuantizeLinear/2", fixed(UInt8)},
        {"EyeLike/0", {"dtype", 0, -1, 0}},
        {"LayerNormalization/1", {"stash_type", -1, -1, Float}},
        {"LayerNormalization/2", {"stash_type", -1, -1, Float}},
        {"MatMulInteger/0", fixed(Int32)},
        {"MaxPool/1", fixed(Int64)},
        {"NonZero/0", fixed(Int64)},
        {"OneHot/0", fromOperand(2)},
        {"QLinearMatMul/0", fromOperand(7)},
        {"QuantizeLinear/0", {"output_dtype", 2, -1, UInt8}},
        {"Shape/0", fixed(Int64)},
        {"SimplifiedLayerNormalization/1", fixed(Float)},
        {"Size/0", fixed(Int64)},
        {"TopK/1", fixed(Int64)},
        {"Where/0", fromOperand(1, 2)},
        {"com.microsoft::EmbedLayerNormalization/0", fromOperand(2)},
        {"com.microsoft::EmbedLayerNormalization/1", fixed(Int32)},
        {"com.microsoft::EmbedLayerNormalization/2", fromOperand(2)},
        {"com.microsoft::GroupQueryAttention/1", fromOperand(3, 0)},
        {"com.microsoft::GroupQueryAttention/2", fromOperand(4, 0)},
        {"com.microsoft::SkipLayerNormalization/1", fixed(Float)},
        {"com.microsoft::SkipLayerNormalization/2", fixed(Float)},
        {"com.microsoft::SkipSimplifiedLayerNormalization/1", fixed(Float)},
        {"com.microsoft::SkipSimplifiedLayerNormalization/2", fixed(Float)},
    };
    for (StringRef name : {"And", "Equal", "Greater", "GreaterOrEqual", "IsInf",
                           "IsNaN", "Less", "LessOrEqual", "Not", "Or",
                           "Xor"}) {
      map[(name + "/0").str()] = fixed(Bool);
    }
    return map;
  }();
  return rules;
}

static Type getElement(Operation *op, int operand) {
  if (operand < 0 || operand >= static_cast<int>(op->getNumOperands())) {
    return {};
  }
  auto type = dyn_cast<mlir::TensorType>(op->getOperand(operand).getType());
  return type ? type.getElementType() : Type();
}

Type onnxir::inferElementType(OperatorOpInterface op, unsigned number) {
  std::string key = (op.getDomain() + (op.getDomain().empty() ? "" : "::") +
                     op.getOperatorName() + "/" + Twine(number))
                        .str();
  auto found = getRules().find(key);
  Rule rule = found == getRules().end() ? fromOperand(0) : found->second;
  MLIRContext *context = op->getContext();
  if (rule.attribute) {
    Attribute value = op->getAttr(rule.attribute);
    if (auto tensor = dyn_cast_if_present<TypedAttr>(value);
        tensor && isa<ShapedType>(tensor.getType())) {
      return cast<ShapedType>(tensor.getType()).getElementType();
    }
    auto dataType = dyn_cast_if_present<IntegerAttr>(value);
    if (dataType && dataType.getInt() != 0) {
      return getElementType(context, dataType.getInt());
    }
  }
  for (int operand : {rule.operand, rule.otherwise}) {
    if (Type element = getElement(op, operand)) {
      return element;
    }
  }
  return rule.dataType ? getElementType(context, rule.dataType) : Type();
}
