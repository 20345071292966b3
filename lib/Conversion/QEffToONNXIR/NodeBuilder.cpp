// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds ONNX nodes with their types and their names by scope.

#include "NodeBuilder.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace qeff;
using namespace qeff::onnxir;

/// "layers.0.mlp" to "/layers.0/mlp": a number belongs to the name before it.
static std::string getPath(StringRef scope) {
  std::string path;
  for (StringRef part : llvm::split(scope, '.')) {
    if (part.empty()) {
      continue;
    }
    bool number = llvm::all_of(part, llvm::isDigit) && !path.empty();
    path += number ? '.' : '/';
    path += part;
  }
  return path;
}

/// The opset that defines the form of an operator which opset 17 uses.
static int64_t getSinceVersion(StringRef opType) {
  return llvm::StringSwitch<int64_t>(opType)
      .Case("And", 7)
      .Case("Or", 7)
      .Case("Range", 11)
      .Cases({"Add", "Sub", "Mul", "Div", "Relu", "Reshape"}, 14)
      .Case("Shape", 15)
      .Cases({"Where", "Identity", "GreaterOrEqual"}, 16)
      .Case("LayerNormalization", 17)
      .Cases({"Attention", "RMSNormalization", "RotaryEmbedding"}, 23)
      .Default(13);
}

NodeBuilder::NodeBuilder(OpBuilder &builder, Location loc, StringRef scope)
    : builder(builder), loc(loc), scope(scope.str()), path(getPath(scope)) {}

Value NodeBuilder::node(StringRef opType, ValueRange inputs, Type elementType,
                        ArrayRef<int64_t> shape,
                        ArrayRef<NamedAttribute> attrs, StringRef domain,
                        int64_t since) {
  Type type = RankedTensorType::get(shape, elementType);
  if (since == 0) {
    since = domain.empty() ? getSinceVersion(opType) : 1;
  }
  auto node = NodeOp::create(
      builder, loc, type, domain, opType, since,
      (Twine(path) + "/" + opType).str(), inputs, attrs);
  return node.getResult(0);
}

NamedAttribute NodeBuilder::attr(StringRef name, int64_t value) {
  return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
}

NamedAttribute NodeBuilder::attr(StringRef name, ArrayRef<int64_t> values) {
  return builder.getNamedAttr(name, builder.getDenseI64ArrayAttr(values));
}

NamedAttribute NodeBuilder::attr(StringRef name, float value) {
  return builder.getNamedAttr(name, builder.getF32FloatAttr(value));
}

//===----------------------------------------------------------------------===//
// Initializers
//===----------------------------------------------------------------------===//

Value NodeBuilder::initializer(StringRef name, mlir::ElementsAttr value) {
  return InitializerOp::create(builder, loc, value.getShapedType(), name,
                               value);
}

Value NodeBuilder::i64(int64_t value) {
  auto type = RankedTensorType::get({}, builder.getI64Type());
  return initializer(("const.i64." + Twine(value)).str(),
                     DenseElementsAttr::get(type, value));
}

Value NodeBuilder::i64s(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    builder.getI64Type());
  std::string name = "const.i64s";
  for (int64_t value : values) {
    name += "." + std::to_string(value);
  }
  return initializer(name, DenseElementsAttr::get(type, values));
}

Value NodeBuilder::scalar(double value, Type elementType) {
  auto type = RankedTensorType::get({}, elementType);
  if (isa<IntegerType>(elementType)) {
    return i64(static_cast<int64_t>(value));
  }
  std::string name;
  llvm::raw_string_ostream os(name);
  os << "const." << elementType << "." << llvm::format("%.9g", value);
  return initializer(
      name, DenseElementsAttr::get(type, builder.getFloatAttr(elementType,
                                                              value)
                                             .getValue()));
}

/// The name of the only stored weight that `value` reads, adapters merged into
/// it aside, or "".
static StringRef getWeightName(Value value) {
  StringRef name;
  SmallVector<Value> worklist = {value};
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (!seen.insert(op).second) {
      continue;
    }
    if (auto ref = dyn_cast_if_present<WeightRefOp>(op)) {
      if (!name.empty() && name != ref.getWeight()) {
        return "";
      }
      name = ref.getWeight();
    } else if (auto merge = dyn_cast_if_present<LoRAMergeOp>(op)) {
      worklist.push_back(merge.getWeight());
    } else if (op) {
      llvm::append_range(worklist, op->getOperands());
    }
  }
  return name;
}

Value qeff::castWeight(OpBuilder &builder, Location loc, Value value,
                       Type elementType) {
  RankedTensorType type = getTensorType(value);
  if (type.getElementType() == elementType) {
    return value;
  }
  return builder.createOrFold<CastOp>(loc, type.clone(elementType), value);
}

Value NodeBuilder::weight(Value value, Type elementType, StringRef suffix) {
  std::string scoped =
      scope.empty() ? suffix.str() : (Twine(scope) + "." + suffix).str();
  StringRef stored = getWeightName(value);
  value = castWeight(builder, loc, value, elementType);
  return onnxir::WeightOp::create(builder, loc, value.getType(),
                                  stored.empty() ? scoped : stored, value,
                                  builder.getStringAttr(scoped));
}

//===----------------------------------------------------------------------===//
// Nodes by operator
//===----------------------------------------------------------------------===//

static int64_t broadcastSize(int64_t a, int64_t b) {
  if (a == 1) {
    return b;
  }
  if (b == 1 || a == b) {
    return a;
  }
  return ShapedType::isDynamic(a) ? b : a;
}

static SmallVector<int64_t> broadcast(ArrayRef<int64_t> a,
                                      ArrayRef<int64_t> b) {
  if (a.size() < b.size()) {
    std::swap(a, b);
  }
  SmallVector<int64_t> shape(a);
  size_t offset = a.size() - b.size();
  for (auto [i, size] : llvm::enumerate(b)) {
    shape[offset + i] = broadcastSize(shape[offset + i], size);
  }
  return shape;
}

Value NodeBuilder::unary(StringRef opType, Value x) {
  RankedTensorType type = getTensorType(x);
  return node(opType, x, type.getElementType(), type.getShape());
}

Value NodeBuilder::binary(StringRef opType, Value a, Value b) {
  return node(opType, {a, b}, getTensorType(a).getElementType(),
              broadcast(getTensorType(a).getShape(),
                        getTensorType(b).getShape()));
}

Value NodeBuilder::compare(StringRef opType, Value a, Value b) {
  return node(opType, {a, b}, builder.getI1Type(),
              broadcast(getTensorType(a).getShape(),
                        getTensorType(b).getShape()));
}

Value NodeBuilder::where(Value condition, Value a, Value b) {
  SmallVector<int64_t> shape =
      broadcast(broadcast(getTensorType(condition).getShape(),
                          getTensorType(a).getShape()),
                getTensorType(b).getShape());
  return node("Where", {condition, a, b}, getTensorType(b).getElementType(),
              shape);
}

Value NodeBuilder::cast(Value x, Type elementType) {
  RankedTensorType type = getTensorType(x);
  if (type.getElementType() == elementType) {
    return x;
  }
  return node("Cast", x, elementType, type.getShape(),
              attr("to", *getDataType(elementType)));
}

Value NodeBuilder::matmul(Value a, Value b) {
  RankedTensorType lhs = getTensorType(a);
  RankedTensorType rhs = getTensorType(b);
  SmallVector<int64_t> shape = broadcast(lhs.getShape().drop_back(2),
                                         rhs.getShape().drop_back(2));
  shape.push_back(lhs.getDimSize(lhs.getRank() - 2));
  shape.push_back(rhs.getShape().back());
  return node("MatMul", {a, b}, lhs.getElementType(), shape);
}

Value NodeBuilder::transpose(Value x, ArrayRef<int64_t> permutation) {
  RankedTensorType type = getTensorType(x);
  SmallVector<int64_t> shape;
  for (int64_t axis : permutation) {
    shape.push_back(type.getDimSize(axis));
  }
  return node("Transpose", x, type.getElementType(), shape,
              attr("perm", permutation));
}

Value NodeBuilder::unsqueeze(Value x, ArrayRef<int64_t> axes) {
  RankedTensorType type = getTensorType(x);
  SmallVector<int64_t> shape(type.getShape());
  for (int64_t axis : axes) {
    shape.insert(shape.begin() + axis, 1);
  }
  return node("Unsqueeze", {x, i64s(axes)}, type.getElementType(), shape);
}

Value NodeBuilder::reshape(Value x, ArrayRef<int64_t> target,
                           ArrayRef<int64_t> shape) {
  return node("Reshape", {x, i64s(target)}, getTensorType(x).getElementType(),
              shape);
}

Value NodeBuilder::gather(Value table, Value indices, int64_t axis) {
  RankedTensorType type = getTensorType(table);
  SmallVector<int64_t> shape(type.getShape().take_front(axis));
  llvm::append_range(shape, getTensorType(indices).getShape());
  llvm::append_range(shape, type.getShape().drop_front(axis + 1));
  return node("Gather", {table, indices}, type.getElementType(), shape,
              attr("axis", axis));
}

Value NodeBuilder::slice(Value x, int64_t axis, int64_t start, int64_t end,
                         int64_t step) {
  RankedTensorType type = getTensorType(x);
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = (end - start + step - 1) / step;
  return node("Slice", {x, i64s(start), i64s(end), i64s(axis), i64s(step)},
              type.getElementType(), shape);
}

Value NodeBuilder::concat(ValueRange values, int64_t axis) {
  RankedTensorType type = getTensorType(values.front());
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = 0;
  for (Value value : values) {
    int64_t size = getTensorType(value).getDimSize(axis);
    bool isDynamic = ShapedType::isDynamic(size) ||
                     ShapedType::isDynamic(shape[axis]);
    shape[axis] = isDynamic ? ShapedType::kDynamic : shape[axis] + size;
  }
  return node("Concat", values, type.getElementType(), shape,
              attr("axis", axis));
}

Value NodeBuilder::reduce(StringRef opType, Value x, int64_t axis,
                          bool keepDims, bool standard) {
  RankedTensorType type = getTensorType(x);
  SmallVector<int64_t> shape(type.getShape());
  int64_t place = axis < 0 ? axis + type.getRank() : axis;
  shape[place] = 1;
  if (!keepDims) {
    shape.erase(shape.begin() + place);
  }
  NamedAttribute keep = attr("keepdims", static_cast<int64_t>(keepDims));
  if (standard) {
    return node(opType, {x, i64s(axis)}, type.getElementType(), shape, keep,
                /*domain=*/"", /*since=*/18);
  }
  return node(opType, x, type.getElementType(), shape,
              {attr("axes", ArrayRef<int64_t>{axis}), keep});
}

Value NodeBuilder::dim(Value x, int64_t axis) {
  Type i64Type = builder.getI64Type();
  Value shape = node("Shape", x, i64Type, getTensorType(x).getRank());
  return node("Gather", {shape, i64(axis)}, i64Type, {},
              attr("axis", int64_t(0)));
}

Value NodeBuilder::range(Value count) {
  return node("Range", {i64(0), count, i64(1)}, builder.getI64Type(),
              ShapedType::kDynamic);
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

namespace {
class UniqueNames {
public:
  void reserve(StringRef name) { seen.insert(name); }

  StringAttr get(StringAttr wanted, StringRef second = "") {
    if (seen.insert(wanted.getValue()).second) {
      return wanted;
    }
    if (!second.empty() && seen.insert(second).second) {
      return StringAttr::get(wanted.getContext(), second);
    }
    std::string name;
    do {
      name = (wanted.getValue() + "_" + Twine(++counters[wanted.getValue()]))
                 .str();
    } while (!seen.insert(name).second);
    return StringAttr::get(wanted.getContext(), name);
  }

private:
  llvm::StringSet<> seen;
  llvm::StringMap<unsigned> counters;
};
} // namespace

void qeff::uniquifyNames(ModuleOp module, ArrayRef<StringRef> reserved) {
  UniqueNames nodes;
  UniqueNames values;
  for (StringRef name : reserved) {
    values.reserve(name);
  }
  module.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<FunctionOp>(op)) {
      return WalkResult::skip();
    }
    if (auto node = dyn_cast<NodeOp>(op); node && node.getNameAttr()) {
      node.setNameAttr(nodes.get(node.getNameAttr()));
    } else if (auto initializer = dyn_cast<InitializerOp>(op)) {
      initializer.setNameAttr(values.get(initializer.getNameAttr()));
    } else if (auto weight = dyn_cast<onnxir::WeightOp>(op)) {
      weight.setNameAttr(
          values.get(weight.getNameAttr(), weight.getScope().value_or("")));
    }
    return WalkResult::advance();
  });
}
