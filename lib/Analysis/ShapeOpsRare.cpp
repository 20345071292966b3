// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes of results of the operators around a transformer's core: front ends,
// selections, quantization, ONNX Runtime's own.

#include "OperatorAccess.h"
#include "ShapeOps.h"

#include "llvm/ADT/StringMap.h"

using namespace qeff;

/// The attribute `name`, integers, with `otherwise` for each missing one.
static SmallVector<int64_t> getList(Operation *op, StringRef name, size_t size,
                                    int64_t otherwise) {
  SmallVector<int64_t> result(size, otherwise);
  if (auto given = op->getAttrOfType<DenseI64ArrayAttr>(name)) {
    for (size_t i = 0; i < size && i < static_cast<size_t>(given.size()); ++i) {
      result[i] = given[static_cast<int64_t>(i)];
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Selections
//===----------------------------------------------------------------------===//

static void setArgument(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  std::optional<size_t> axis =
      from ? getAxis(getInteger(op, "axis", 0), from->size()) : std::nullopt;
  if (!axis) {
    return;
  }
  Shape shape = *from;
  if (getInteger(op, "keepdims", 1) != 0) {
    shape[*axis] = c.table.integer(1);
  } else {
    shape.erase(shape.begin() + static_cast<int64_t>(*axis));
  }
  c.setShape(op->getResult(0), std::move(shape));
}

static void setTopK(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  const Shape *k = c.getElements(op->getOperand(1));
  std::optional<size_t> axis =
      from ? getAxis(getInteger(op, "axis", -1), from->size()) : std::nullopt;
  if (!axis) {
    return;
  }
  Shape shape = *from;
  shape[*axis] = k && k->size() == 1 ? k->front() : Expr();
  for (Value result : op->getResults()) {
    c.setShape(result, shape);
  }
}

static void setNonZero(ShapeContext &c, Operation *op) {
  if (const Shape *from = c.getShape(op->getOperand(0))) {
    auto rank = static_cast<int64_t>(from->size());
    c.setShape(op->getResult(0), {c.table.integer(rank), Expr()});
  }
}

static void setOneHot(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  const Shape *depth = c.getElements(op->getOperand(1));
  std::optional<size_t> axis =
      from ? getAxis(getInteger(op, "axis", -1), from->size() + 1)
           : std::nullopt;
  if (!axis) {
    return;
  }
  Shape shape = *from;
  shape.insert(shape.begin() + static_cast<int64_t>(*axis),
               depth && depth->size() == 1 ? depth->front() : Expr());
  c.setShape(op->getResult(0), std::move(shape));
}

static void setPad(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  const Shape *pads = c.getElements(op->getOperand(1));
  if (!from) {
    return;
  }
  Shape shape(from->size());
  if (pads && pads->size() == 2 * from->size() && !getOperand(op, 3)) {
    for (size_t i = 0; i < from->size(); ++i) {
      shape[i] = c.table.add(c.table.add((*from)[i], (*pads)[i]),
                             (*pads)[i + from->size()]);
    }
  }
  c.setShape(op->getResult(0), std::move(shape));
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// How many windows of `kernel` elements fit along each axis of `from` behind
/// the first two.
static void addWindows(ShapeContext &c, Operation *op, ArrayRef<Expr> from,
                       ArrayRef<Expr> kernel, Shape &shape) {
  size_t count = kernel.size();
  SmallVector<int64_t> strides = getList(op, "strides", count, 1);
  SmallVector<int64_t> dilations = getList(op, "dilations", count, 1);
  SmallVector<int64_t> pads = getList(op, "pads", 2 * count, 0);
  auto padding = op->getAttrOfType<StringAttr>("auto_pad");
  bool isSame = padding && padding.getValue().starts_with("SAME");
  bool isCeil = getInteger(op, "ceil_mode", 0) != 0;
  ExprTable &t = c.table;
  for (size_t i = 0; i < count; ++i) {
    Expr stride = t.integer(strides[i]);
    if (strides[i] < 1 || isCeil) {
      shape.push_back({});
    } else if (isSame) {
      shape.push_back(
          t.floorDiv(t.add(from[i + 2], t.integer(strides[i] - 1)), stride));
    } else {
      Expr reach = t.mul(t.sub(kernel[i], t.integer(1)),
                         t.integer(dilations[i]));
      Expr room = t.sub(t.add(t.add(from[i + 2], t.integer(pads[i])),
                              t.integer(pads[i + count])),
                        t.add(reach, t.integer(1)));
      shape.push_back(t.add(t.floorDiv(room, stride), t.integer(1)));
    }
  }
}

static void setConv(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  const Shape *weights = c.getShape(op->getOperand(1));
  if (!from || !weights || from->size() < 3 ||
      from->size() != weights->size()) {
    return;
  }
  Shape shape = {from->front(), weights->front()};
  addWindows(c, op, *from, ArrayRef(*weights).drop_front(2), shape);
  c.setShape(op->getResult(0), std::move(shape));
}

static void setPool(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  auto kernel = op->getAttrOfType<DenseI64ArrayAttr>("kernel_shape");
  if (!from || !kernel || from->size() < 3 ||
      from->size() != static_cast<size_t>(kernel.size()) + 2) {
    return;
  }
  Shape shape = {(*from)[0], (*from)[1]};
  SmallVector<Expr> sizes;
  for (int64_t size : kernel.asArrayRef()) {
    sizes.push_back(c.table.integer(size));
  }
  addWindows(c, op, *from, sizes, shape);
  for (Value result : op->getResults()) {
    c.setShape(result, shape);
  }
}

static void setGlobalPool(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  if (from && from->size() >= 2) {
    Shape shape(from->size(), c.table.integer(1));
    shape[0] = (*from)[0];
    shape[1] = (*from)[1];
    c.setShape(op->getResult(0), std::move(shape));
  }
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static void setProduct(ShapeContext &c, Operation *op, unsigned left,
                       unsigned right) {
  const Shape *a = c.getShape(op->getOperand(left));
  const Shape *b = c.getShape(op->getOperand(right));
  if (!a || !b || a->size() < 2 || b->size() < 2 ||
      getInteger(op, "transBatchA", 0) != 0 ||
      getInteger(op, "transBatchB", 0) != 0) {
    return;
  }
  bool swapsA = getInteger(op, "transA", 0) != 0;
  bool swapsB = getInteger(op, "transB", 0) != 0;
  Shape shape = c.broadcast(ArrayRef(*a).drop_back(2),
                            ArrayRef(*b).drop_back(2));
  shape.push_back((*a)[a->size() - (swapsA ? 1 : 2)]);
  shape.push_back((*b)[b->size() - (swapsB ? 2 : 1)]);
  c.setShape(op->getResult(0), std::move(shape));
}

static void setMatMul(ShapeContext &c, Operation *op) {
  setProduct(c, op, 0, 1);
}

static void setQuantizedMatMul(ShapeContext &c, Operation *op) {
  setProduct(c, op, 0, 3);
}

static void setBlockMatMul(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  if (from && !from->empty()) {
    Shape shape = *from;
    shape.back() = c.table.integer(getInteger(op, "N", 0));
    c.setShape(op->getResult(0), std::move(shape));
  }
}

/// Terms of letters only, as many as there are operands.
static void setEinsum(ShapeContext &c, Operation *op) {
  auto equation = op->getAttrOfType<StringAttr>("equation");
  if (!equation) {
    return;
  }
  std::string text;
  llvm::copy_if(equation.getValue(), std::back_inserter(text),
                [](char letter) { return letter != ' '; });
  auto [left, right] = StringRef(text).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (!StringRef(text).contains("->") || StringRef(text).contains('.') ||
      terms.size() != op->getNumOperands()) {
    return;
  }
  Expr sizes[256];
  for (auto [term, operand] : llvm::zip(terms, op->getOperands())) {
    const Shape *shape = c.getShape(operand);
    if (!shape || shape->size() != term.size()) {
      return;
    }
    for (auto [letter, size] : llvm::zip(term, *shape)) {
      Expr &known = sizes[static_cast<unsigned char>(letter)];
      known = known ? c.broadcast(known, size) : size;
    }
  }
  c.setShape(op->getResult(0), llvm::map_to_vector(right, [&](char letter) {
               return sizes[static_cast<unsigned char>(letter)];
             }));
}

//===----------------------------------------------------------------------===//
// Quantization, ONNX Runtime's own
//===----------------------------------------------------------------------===//

static void setDynamicQuantize(ShapeContext &c, Operation *op) {
  setSameShape(c, op);
  c.setShape(op->getResult(1), {});
  c.setShape(op->getResult(2), {});
}

/// The normalized sum, and the sum behind mean and variance.
static void setSkipNormalization(ShapeContext &c, Operation *op) {
  setSameShape(c, op);
  const Shape *shape = c.getShape(op->getOperand(0));
  if (shape && !isa<mlir::NoneType>(op->getResult(3).getType())) {
    c.setShape(op->getResult(3), *shape);
  }
}

/// [B, S, H·D], also where the operand has keys and values behind.
static void setGroupQueryAttention(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  if (!from || from->size() != 3) {
    return;
  }
  Shape shape = *from;
  if (!getOperand(op, 1)) {
    Expr heads = c.table.integer(getInteger(op, "num_heads", 1));
    Expr groups = c.table.integer(getInteger(op, "kv_num_heads", 1));
    Expr parts = c.table.add(heads, c.table.add(groups, groups));
    shape.back() =
        c.table.mul(c.table.exactDiv(shape.back(), parts), heads);
  }
  c.setShape(op->getResult(0), std::move(shape));
}

/// [B, S, H·D] of MultiHeadAttention, whose values are [B, T, H·D],
/// [B, H, T, D], [B, T, H, 2, D] in the keys or [B, S, H, 3, D] in the queries.
static void setMultiHeadAttention(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  Value values = getOperand(op, 2) ? getOperand(op, 2) : getOperand(op, 1);
  const Shape *parts = c.getShape(values ? values : op->getOperand(0));
  if (!from || from->size() < 3 || !parts || parts->size() < 3) {
    return;
  }
  Expr heads = c.table.integer(getInteger(op, "num_heads", 1));
  Expr width = parts->size() == 3 ? parts->back()
                                  : c.table.mul(heads, parts->back());
  c.setShape(op->getResult(0), {(*from)[0], (*from)[1], width});
}

/// [B, S, width of the values] of Attention of com.microsoft.
static void setPackedAttention(ShapeContext &c, Operation *op) {
  const Shape *from = c.getShape(op->getOperand(0));
  const Shape *weights = c.getShape(op->getOperand(1));
  if (!from || from->size() != 3 || !weights || weights->size() != 2) {
    return;
  }
  auto sizes = op->getAttrOfType<DenseI64ArrayAttr>("qkv_hidden_sizes");
  Expr width = sizes && sizes.size() == 3
                   ? c.table.integer(sizes[2])
                   : c.table.exactDiv(weights->back(), c.table.integer(3));
  c.setShape(op->getResult(0), {(*from)[0], (*from)[1], width});
}

/// A product whose operands may be transposed.
static void setFusedMatMul(ShapeContext &c, Operation *op) {
  bool isPlain = true;
  for (StringRef name : {"transA", "transB", "transBatchA", "transBatchB"}) {
    isPlain &= getInteger(op, name, 0) == 0;
  }
  const Shape *a = c.getShape(op->getOperand(0));
  const Shape *b = c.getShape(op->getOperand(1));
  if (isPlain) {
    return setMatMul(c, op);
  }
  if (!a || !b || a->size() < 2 || a->size() < b->size() || b->size() < 2 ||
      getInteger(op, "transBatchA", 0) != 0 ||
      getInteger(op, "transBatchB", 0) != 0) {
    return;
  }
  Shape shape = c.broadcast(ArrayRef(*a).drop_back(2),
                            ArrayRef(*b).drop_back(2));
  bool swapsA = getInteger(op, "transA", 0) != 0;
  bool swapsB = getInteger(op, "transB", 0) != 0;
  shape.push_back((*a)[a->size() - (swapsA ? 1 : 2)]);
  shape.push_back((*b)[b->size() - (swapsB ? 2 : 1)]);
  c.setShape(op->getResult(0), std::move(shape));
}

/// Rows of words, the lengths of the masks, the sum before normalization.
static void setEmbedNormalization(ShapeContext &c, Operation *op) {
  const Shape *ids = c.getShape(op->getOperand(0));
  const Shape *words = c.getShape(op->getOperand(2));
  if (!ids || !words || ids->empty() || words->empty()) {
    return;
  }
  Shape lengths = {(*ids)[0]};
  Shape shape = *ids;
  shape.push_back(words->back());
  for (auto [i, each] : {std::pair(0, shape), std::pair(1, lengths),
                         std::pair(2, shape)}) {
    if (!isa<mlir::NoneType>(op->getResult(i).getType())) {
      c.setShape(op->getResult(i), each);
    }
  }
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static const llvm::StringMap<ShapeFn> &getFunctions() {
  static const llvm::StringMap<ShapeFn> functions = [] {
    llvm::StringMap<ShapeFn> map = {
        {"ArgMax", setArgument},
        {"ArgMin", setArgument},
        {"AveragePool", setPool},
        {"BitShift", setBroadcast},
        {"BitwiseXor", setBroadcast},
        {"Conv", setConv},
        {"ConvInteger", setConv},
        {"DynamicQuantizeLinear", setDynamicQuantize},
        {"Einsum", setEinsum},
        {"GlobalAveragePool", setGlobalPool},
        {"GlobalMaxPool", setGlobalPool},
        {"MatMulInteger", setMatMul},
        {"MaxPool", setPool},
        {"Mean", setBroadcast},
        {"NonZero", setNonZero},
        {"OneHot", setOneHot},
        {"Pad", setPad},
        {"QLinearMatMul", setQuantizedMatMul},
        {"TopK", setTopK},
        {"microsoft.Attention", setPackedAttention},
        {"microsoft.EmbedLayerNormalization", setEmbedNormalization},
        {"microsoft.FusedMatMul", setFusedMatMul},
        {"microsoft.GroupQueryAttention", setGroupQueryAttention},
        {"microsoft.MatMulNBits", setBlockMatMul},
        {"microsoft.MultiHeadAttention", setMultiHeadAttention},
        {"microsoft.SkipLayerNormalization", setSkipNormalization},
        {"microsoft.SkipSimplifiedLayerNormalization", setSkipNormalization},
    };
    for (StringRef name :
         {"Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh",
          "BatchNormalization", "BitwiseNot", "Celu", "Cosh",
          "DequantizeLinear", "EyeLike", "GroupNormalization", "Hardmax",
          "InstanceNormalization", "QuantizeLinear", "Selu", "Sinh",
          "Softsign", "Tan", "TensorScatter", "ThresholdedRelu",
          "microsoft.BiasGelu", "microsoft.FastGelu", "microsoft.Gelu",
          "microsoft.QuickGelu", "microsoft.RotaryEmbedding"}) {
      map[name] = setSameShape;
    }
    return map;
  }();
  return functions;
}

ShapeFn qeff::getRareShapeFn(Operation *op) {
  StringRef name = op->getName().getStringRef();
  return name.consume_front("onnxir.") ? getFunctions().lookup(name) : nullptr;
}
