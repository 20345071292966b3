// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Old forms of operators and how they become new ones.

#include "UpgradeForms.h"

using namespace qeff;
using namespace qeff::onnxir;

//===----------------------------------------------------------------------===//
// Operands and attributes
//===----------------------------------------------------------------------===//

std::optional<int64_t> onnxir::getRank(Value value) {
  auto type = dyn_cast_if_present<RankedTensorType>(
      value ? value.getType() : Type());
  return type ? std::optional<int64_t>(type.getRank()) : std::nullopt;
}

Value Form::getOperand(unsigned i) const {
  return i < operands.size() && !isa<mlir::NoneType>(operands[i].getType())
             ? operands[i]
             : Value();
}

void Form::setOperand(unsigned i, Value value) {
  while (operands.size() <= i) {
    operands.push_back(initializers.getNone());
  }
  operands[i] = value;
}

void Form::setInts(unsigned i, ArrayRef<int64_t> values, StringRef hint) {
  setOperand(i, initializers.getInts(values, hint));
}

void Form::setInt(StringRef attribute, int64_t value) {
  attributes.set(attribute, builder.getI64IntegerAttr(value));
}

static Type getFloatElement(Value value) {
  auto type = dyn_cast_if_present<ShapedType>(value ? value.getType() : Type());
  return type && isa<FloatType>(type.getElementType()) ? type.getElementType()
                                                       : Type();
}

/// Turns the attribute `name`, a number, into operand `i`, a scalar of the
/// first operand's element type.
static LogicalResult moveFloat(Form &form, StringRef name, unsigned i) {
  auto value = form.take<FloatAttr>(name);
  if (!value) {
    return success();
  }
  Type element = getFloatElement(form.getOperand(0));
  if (!element) {
    return failure();
  }
  form.setOperand(i, form.initializers.getFloat(
                         value.getValueAsDouble(), element, name));
  return success();
}

/// Turns the attribute `name`, integers, into operand `i`.
static LogicalResult moveInts(Form &form, StringRef name, unsigned i) {
  auto value = form.take<DenseI64ArrayAttr>(name);
  if (value) {
    form.setInts(i, value.asArrayRef(), name);
  }
  return success();
}

/// The same for an operand that must be there.
static LogicalResult moveNeededInts(Form &form, StringRef name, unsigned i) {
  return success(form.attributes.get(name) &&
                 succeeded(moveInts(form, name, i)));
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

static LogicalResult dropConsumedInputs(Form &form) {
  form.attributes.erase("consumed_inputs");
  return success();
}

static LogicalResult upgradeSelu(Form &form) {
  auto set = [&](StringRef name, float value) {
    if (!form.attributes.get(name)) {
      form.attributes.set(name, form.builder.getF32FloatAttr(value));
    }
  };
  set("alpha", 1.6732f);
  set("gamma", 1.0507f);
  return dropConsumedInputs(form);
}

/// Explicit broadcasting: the second operand's axes are the first one's from
/// `axis` on.
static LogicalResult upgradeBroadcast(Form &form) {
  (void)dropConsumedInputs(form);
  auto broadcast = form.take<IntegerAttr>("broadcast");
  auto axis = form.take<IntegerAttr>("axis");
  if (!broadcast || broadcast.getInt() == 0 || !axis) {
    return success();
  }
  std::optional<int64_t> first = getRank(form.getOperand(0));
  std::optional<int64_t> second = getRank(form.getOperand(1));
  if (!first || !second) {
    return failure();
  }
  int64_t begin = axis.getInt() < 0 ? axis.getInt() + *first : axis.getInt();
  if (begin < 0 || begin > *first - *second) {
    return failure();
  }
  SmallVector<int64_t> axes;
  for (int64_t i = *second; i < *first - begin; ++i) {
    axes.push_back(i);
  }
  if (axes.empty()) {
    return success();
  }
  auto type = cast<RankedTensorType>(form.operands[1].getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.append(axes.size(), 1);
  form.setOperand(1, UnsqueezeOp::create(
                         form.builder, form.node.getLoc(),
                         type.clone(shape), form.operands[1],
                         form.initializers.getInts(axes, "axes"), {}, {}));
  return success();
}

static LogicalResult upgradeGemm(Form &form) {
  form.attributes.erase("broadcast");
  return success();
}

static LogicalResult upgradeBatchNormalization(Form &form) {
  auto spatial = form.take<IntegerAttr>("spatial");
  auto isTest = form.take<IntegerAttr>("is_test");
  bool mayTrain = form.version < 7 && (!isTest || isTest.getInt() == 0);
  return success(form.node.getNumResults() == 1 && !mayTrain &&
                 (!spatial || spatial.getInt() == 1) &&
                 succeeded(dropConsumedInputs(form)));
}

/// The TensorProto.DataType of a name in capitals.
static std::optional<int64_t> parseDataType(StringRef name) {
  static constexpr const char *names[] = {
      "UNDEFINED", "FLOAT",  "UINT8",   "INT8",   "UINT16", "INT16",
      "INT32",     "INT64",  "STRING",  "BOOL",   "FLOAT16", "DOUBLE",
      "UINT32",    "UINT64", "COMPLEX64", "COMPLEX128"};
  const auto *found = llvm::find(names, name);
  return found == std::end(names)
             ? std::nullopt
             : std::optional<int64_t>(found - std::begin(names));
}

static LogicalResult upgradeCast(Form &form) {
  auto to = form.take<StringAttr>("to");
  std::optional<int64_t> type =
      to ? parseDataType(to.getValue()) : std::nullopt;
  if (!type) {
    return failure();
  }
  form.setInt("to", *type);
  return success();
}

static LogicalResult upgradeClip(Form &form) {
  return success(succeeded(dropConsumedInputs(form)) &&
                 succeeded(moveFloat(form, "min", 1)) &&
                 succeeded(moveFloat(form, "max", 2)));
}

static LogicalResult upgradeConcat(Form &form) {
  if (!form.attributes.get("axis")) {
    form.setInt("axis", 1);
  }
  return success();
}

/// Scale and bias per group become those per channel.
static LogicalResult upgradeGroupNormalization(Form &form) {
  if (form.operands.size() != 3) {
    return failure();
  }
  auto type = dyn_cast<RankedTensorType>(form.operands[0].getType());
  auto groups = dyn_cast_if_present<IntegerAttr>(
      form.attributes.get("num_groups"));
  if (!type || !groups || groups.getInt() < 1 || type.getRank() < 2 ||
      type.isDynamicDim(1) || type.getDimSize(1) % groups.getInt() != 0) {
    return failure();
  }
  int64_t channels = type.getDimSize(1);
  int64_t repeats = channels / groups.getInt();
  for (unsigned i : {1, 2}) {
    auto before = dyn_cast<RankedTensorType>(form.operands[i].getType());
    if (!before || before.getRank() != 1) {
      return failure();
    }
    OpBuilder &builder = form.builder;
    Location loc = form.node.getLoc();
    Value column = UnsqueezeOp::create(
        builder, loc, before.clone({groups.getInt(), 1}), form.operands[i],
        form.initializers.getInts({1}, "axes"), {}, {});
    Value wide = ExpandOp::create(
        builder, loc, before.clone({groups.getInt(), repeats}), column,
        form.initializers.getInts({groups.getInt(), repeats}, "shape"), {}, {});
    form.setOperand(i, ReshapeOp::create(
                           builder, loc, before.clone({channels}), wide,
                           form.initializers.getInts({channels}, "shape"),
                           builder.getI64IntegerAttr(0), {}, {}));
  }
  return success();
}

static LogicalResult upgradePad(Form &form) {
  if (auto paddings = form.take<DenseI64ArrayAttr>("paddings")) {
    form.attributes.set("pads", paddings);
  }
  return success(succeeded(moveNeededInts(form, "pads", 1)) &&
                 succeeded(moveFloat(form, "value", 2)));
}

static LogicalResult moveAxes(Form &form) {
  return moveInts(form, "axes", 1);
}

static LogicalResult moveNeededAxes(Form &form) {
  return moveNeededInts(form, "axes", 1);
}

static LogicalResult upgradeReshape(Form &form) {
  (void)dropConsumedInputs(form);
  return moveNeededInts(form, "shape", 1);
}

static LogicalResult upgradeScatter(Form &form) {
  form.name = "ScatterElements";
  return success();
}

static LogicalResult upgradeSlice(Form &form) {
  return success(succeeded(moveNeededInts(form, "starts", 1)) &&
                 succeeded(moveNeededInts(form, "ends", 2)) &&
                 succeeded(moveInts(form, "axes", 3)));
}

static LogicalResult moveSplit(Form &form) {
  return moveInts(form, "split", 1);
}

static LogicalResult countSplits(Form &form) {
  if (!form.getOperand(1)) {
    form.setInt("num_outputs",
                static_cast<int64_t>(form.node.getNumResults()));
  }
  return success();
}

static LogicalResult upgradeTopK(Form &form) {
  auto k = form.take<IntegerAttr>("k");
  if (!k) {
    return failure();
  }
  form.setInts(1, {k.getInt()}, "k");
  return success();
}

/// Flattens from the axis on, unless that is the last one.
static LogicalResult upgradeSoftmax(Form &form) {
  Value input = form.getOperand(0);
  if (!input || form.node.getNumResults() != 1) {
    return failure();
  }
  auto given = form.take<IntegerAttr>("axis");
  int64_t axis = given ? given.getInt() : 1;
  std::optional<int64_t> rank = getRank(input);
  form.setInt("axis", -1);
  if (axis == -1 || (rank && axis == *rank - 1)) {
    return success();
  }
  if (axis < 0 && !rank) {
    return failure();
  }
  Location loc = form.node.getLoc();
  OpBuilder &builder = form.builder;
  auto tensor = dyn_cast<mlir::TensorType>(input.getType());
  if (!tensor) {
    return failure();
  }
  int64_t dynamic = ShapedType::kDynamic;
  auto shapeType = RankedTensorType::get({rank.value_or(dynamic)},
                                         builder.getI64Type());
  auto flat = RankedTensorType::get({dynamic, dynamic},
                                    tensor.getElementType());
  Value shape = ShapeOp::create(builder, loc, shapeType, input, nullptr,
                                builder.getI64IntegerAttr(0), {}, {});
  form.setOperand(0, FlattenOp::create(builder, loc, flat, input,
                                       builder.getI64IntegerAttr(axis), {},
                                       {}));
  Type type = form.node.getOutputs().front().getType();
  form.finish = [=](OpBuilder &after, Value result) -> Value {
    result.setType(flat);
    return ReshapeOp::create(after, loc, type, result, shape,
                             after.getI64IntegerAttr(0), {}, {});
  };
  return success();
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static const UpgradeStep kSteps[] = {
    {"Abs", 6, dropConsumedInputs},
    {"Add", 7, upgradeBroadcast},
    {"And", 7, upgradeBroadcast},
    {"BatchNormalization", 14, upgradeBatchNormalization},
    {"Cast", 6, upgradeCast},
    {"Ceil", 6, dropConsumedInputs},
    {"Clip", 11, upgradeClip},
    {"Concat", 4, upgradeConcat},
    {"Div", 7, upgradeBroadcast},
    {"Elu", 6, dropConsumedInputs},
    {"Equal", 7, upgradeBroadcast},
    {"Exp", 6, dropConsumedInputs},
    {"Floor", 6, dropConsumedInputs},
    {"Gemm", 7, upgradeGemm},
    {"Greater", 7, upgradeBroadcast},
    {"GroupNormalization", 21, upgradeGroupNormalization},
    {"HardSigmoid", 6, dropConsumedInputs},
    {"Hardmax", 13, upgradeSoftmax},
    {"InstanceNormalization", 6, dropConsumedInputs},
    {"LeakyRelu", 6, dropConsumedInputs},
    {"Less", 7, upgradeBroadcast},
    {"Log", 6, dropConsumedInputs},
    {"LogSoftmax", 13, upgradeSoftmax},
    {"Max", 6, dropConsumedInputs},
    {"Mean", 6, dropConsumedInputs},
    {"Min", 6, dropConsumedInputs},
    {"Mul", 7, upgradeBroadcast},
    {"Neg", 6, dropConsumedInputs},
    {"Or", 7, upgradeBroadcast},
    {"Pad", 11, upgradePad},
    {"Pow", 7, upgradeBroadcast},
    {"Reciprocal", 6, dropConsumedInputs},
    {"ReduceL1", 18, moveAxes},
    {"ReduceL2", 18, moveAxes},
    {"ReduceLogSum", 18, moveAxes},
    {"ReduceLogSumExp", 18, moveAxes},
    {"ReduceMax", 18, moveAxes},
    {"ReduceMean", 18, moveAxes},
    {"ReduceMin", 18, moveAxes},
    {"ReduceProd", 18, moveAxes},
    {"ReduceSum", 13, moveAxes},
    {"ReduceSumSquare", 18, moveAxes},
    {"Relu", 6, dropConsumedInputs},
    {"Reshape", 5, upgradeReshape},
    {"Scatter", 11, upgradeScatter},
    {"Selu", 6, upgradeSelu},
    {"Sigmoid", 6, dropConsumedInputs},
    {"Slice", 10, upgradeSlice},
    {"Softmax", 13, upgradeSoftmax},
    {"Split", 13, moveSplit},
    {"Split", 18, countSplits},
    {"Sqrt", 6, dropConsumedInputs},
    {"Squeeze", 13, moveAxes},
    {"Sub", 7, upgradeBroadcast},
    {"Sum", 6, dropConsumedInputs},
    {"Tanh", 6, dropConsumedInputs},
    {"TopK", 10, upgradeTopK},
    {"Unsqueeze", 13, moveNeededAxes},
    {"Xor", 7, upgradeBroadcast},
};

ArrayRef<UpgradeStep> onnxir::getUpgradeSteps() { return kSteps; }
