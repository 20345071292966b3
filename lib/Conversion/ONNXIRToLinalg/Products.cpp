// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products. The innermost loop runs over columns of the result, so that
// it is a vector loop whose sums keep one order.

#include "Lowering.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <map>

using namespace qeff;
using namespace qeff::onnxir;
namespace linalg = mlir::linalg;
using mlir::AffineExpr;
using mlir::AffineMap;
using mlir::utils::IteratorType;

namespace {
/// A product as letters for axes: operands' and the result's. Letters that the
/// result lacks are summed over.
struct Contraction {
  SmallVector<SmallVector<int64_t>> inputs;
  SmallVector<int64_t> output;
};
} // namespace

/// Loops: the result's axes but the last, the summed ones, the last.
static SmallVector<int64_t> getLoopOrder(const Contraction &contraction) {
  SmallVector<int64_t> order(contraction.output);
  for (ArrayRef<int64_t> input : contraction.inputs) {
    for (int64_t letter : input) {
      if (!llvm::is_contained(order, letter)) {
        auto place = order.end() - (contraction.output.empty() ? 0 : 1);
        order.insert(place, letter);
      }
    }
  }
  return order;
}

/// Sums `term(elements)` as `contraction` says into a tensor [sizes of output]
/// of type `sum`. A size-1 axis of an input is broadcast.
static Value contract(Lowering &l, ValueRange inputs,
                      const Contraction &contraction,
                      ArrayRef<int64_t> outputShape, Type sum,
                      Lowering::ElementFn term) {
  SmallVector<int64_t> order = getLoopOrder(contraction);
  auto position = [&](int64_t letter) {
    return llvm::find(order, letter) - order.begin();
  };
  SmallVector<int64_t> sizes(order.size(), 1);
  for (auto [input, letters] : llvm::zip(inputs, contraction.inputs)) {
    auto shape = cast<RankedTensorType>(input.getType()).getShape();
    for (auto [letter, size] : llvm::zip(letters, shape)) {
      sizes[position(letter)] =
          sizes[position(letter)] == 1 ? size : sizes[position(letter)];
    }
  }
  MLIRContext *context = l.b.getContext();
  SmallVector<AffineMap> maps;
  for (auto [input, letters] : llvm::zip(inputs, contraction.inputs)) {
    auto shape = cast<RankedTensorType>(input.getType()).getShape();
    SmallVector<AffineExpr> exprs;
    for (auto [letter, size] : llvm::zip(letters, shape)) {
      bool isBroadcast = size == 1 && sizes[position(letter)] != 1;
      exprs.push_back(isBroadcast
                          ? mlir::getAffineConstantExpr(0, context)
                          : mlir::getAffineDimExpr(position(letter), context));
    }
    maps.push_back(AffineMap::get(order.size(), 0, exprs, context));
  }
  SmallVector<AffineExpr> results;
  SmallVector<IteratorType> iterators(order.size(), IteratorType::reduction);
  for (int64_t letter : contraction.output) {
    results.push_back(mlir::getAffineDimExpr(position(letter), context));
    iterators[position(letter)] = IteratorType::parallel;
  }
  maps.push_back(AffineMap::get(order.size(), 0, results, context));
  Value init = l.filled(outputShape, l.s.constant(sum, 0));
  auto generic = linalg::GenericOp::create(
      l.b, mlir::TypeRange(init.getType()), inputs, ValueRange(init), maps, iterators,
      [&](OpBuilder &, Location, ValueRange arguments) {
        OpBuilder::InsertionGuard guard(l.b);
        l.b.setInsertionPointToEnd(arguments.front().getParentBlock());
        linalg::YieldOp::create(
            l.b, l.s.add(arguments.back(), term(arguments.drop_back())));
      });
  return generic.getResult(0);
}

/// The contraction of a matrix product of operands with these ranks, and the
/// shape of its result with an axis for each letter.
static Contraction getMatMul(int64_t rankA, int64_t rankB) {
  int64_t batch = std::max<int64_t>({rankA - 2, rankB - 2, 0});
  int64_t m = batch, n = batch + 1, k = batch + 2;
  Contraction result;
  for (int64_t letter = 0; letter < batch; ++letter) {
    result.output.push_back(letter);
  }
  auto addInput = [&](int64_t rank, std::initializer_list<int64_t> matrix) {
    SmallVector<int64_t> letters;
    for (int64_t i = rank - 2; i > 0; --i) {
      letters.push_back(batch - i);
    }
    if (rank == 1) {
      letters.push_back(k);
    } else {
      llvm::append_range(letters, matrix);
    }
    result.inputs.push_back(letters);
  };
  addInput(rankA, {m, k});
  addInput(rankB, {k, n});
  if (rankA > 1) {
    result.output.push_back(m);
  }
  if (rankB > 1) {
    result.output.push_back(n);
  }
  return result;
}

/// The product of a and b with elements that `term` multiplies; its shape is the
/// result's.
static FailureOr<Value> multiply(Lowering &l, Value a, Value c, Type sum,
                                 Lowering::ElementFn term) {
  auto rankA = cast<RankedTensorType>(a.getType()).getRank();
  auto rankB = cast<RankedTensorType>(c.getType()).getRank();
  if (rankA == 0 || rankB == 0) {
    return l.fail("expects matrices or vectors, got a scalar");
  }
  return contract(l, {a, c}, getMatMul(rankA, rankB), l.resultShape(), sum,
                  term);
}

static Results lowerMatMul(Lowering &l) {
  Type sum = getComputeElement(l.resultElement()).type;
  FailureOr<Value> product =
      multiply(l, l.get(0), l.get(1), sum, [&](ValueRange v) {
        return l.s.mul(l.s.widen(v[0]), l.s.widen(v[1]));
      });
  if (failed(product)) {
    return failure();
  }
  if (sum == l.resultElement().type) {
    return one(*product);
  }
  return one(l.map(*product, l.resultType(), [](ValueRange v) { return v[0]; }));
}

static Results lowerGemm(Lowering &l) {
  bool transA = l.op.getInt("transA", 0) != 0;
  bool transB = l.op.getInt("transB", 0) != 0;
  if (l.shape(0).size() != 2 || l.shape(1).size() != 2) {
    return l.fail("expects matrices");
  }
  Type sum = getComputeElement(l.resultElement()).type;
  auto letters = [](bool transposed, int64_t row, int64_t column) {
    return transposed ? SmallVector<int64_t>{column, row}
                      : SmallVector<int64_t>{row, column};
  };
  Contraction contraction{{letters(transA, 0, 2), letters(transB, 2, 1)},
                          {0, 1}};
  Value product = contract(
      l, {l.get(0), l.get(1)}, contraction, l.resultShape(), sum,
      [&](ValueRange v) {
        return l.s.mul(l.s.widen(v[0]), l.s.widen(v[1]));
      });
  double alpha = l.op.getFloat("alpha", 1);
  double beta = l.op.getFloat("beta", 1);
  SmallVector<Value> inputs{product};
  if (l.has(2)) {
    inputs.push_back(l.get(2));
  }
  return one(l.map(inputs, l.resultType(), [&](ValueRange v) {
    Value result = v[0];
    if (alpha != 1) {
      result = l.s.mul(result, l.s.constant(sum, alpha));
    }
    if (v.size() == 1) {
      return result;
    }
    Value bias = beta == 1 ? v[1] : l.s.mul(v[1], l.s.constant(sum, beta));
    return l.s.add(result, bias);
  }));
}

//===----------------------------------------------------------------------===//
// Integers with zero points
//===----------------------------------------------------------------------===//

/// i32 elements less a zero point: a scalar, or one for each row (`axis` −2) or
/// column (−1).
static FailureOr<Value> centered(Lowering &l, size_t index, size_t zeroPoint,
                                 int64_t axis) {
  auto type = RankedTensorType::get(l.shape(index), l.b.getI32Type());
  Element i32{l.b.getI32Type(), false};
  SmallVector<Value> inputs{l.get(index)};
  if (l.has(zeroPoint)) {
    Value point = l.get(zeroPoint);
    if (l.shape(zeroPoint).size() == 1 &&
        static_cast<int64_t>(l.shape(index).size()) >= -axis) {
      SmallVector<int64_t> shape(static_cast<size_t>(-axis), 1);
      shape[0] = l.shape(zeroPoint)[0];
      point = l.reshape(point, shape);
    }
    inputs.push_back(point);
  }
  return l.map(inputs, type, [&](ValueRange v) {
    Value x = l.s.convert(v[0], l.element(index), i32);
    return v.size() == 1
               ? x
               : l.s.sub(x, l.s.convert(v[1], l.element(zeroPoint), i32));
  });
}

static Results lowerMatMulInteger(Lowering &l) {
  FailureOr<Value> a = centered(l, 0, 2, -2);
  FailureOr<Value> c = centered(l, 1, 3, -1);
  if (failed(a) || failed(c)) {
    return failure();
  }
  FailureOr<Value> product =
      multiply(l, *a, *c, l.b.getI32Type(),
               [&](ValueRange v) { return l.s.mul(v[0], v[1]); });
  return failed(product) ? Results(failure()) : Results(one(*product));
}

/// a, its scale and zero point, b, its scale and zero point, those of y.
static Results lowerQLinearMatMul(Lowering &l) {
  FailureOr<Value> a = centered(l, 0, 2, -2);
  FailureOr<Value> c = centered(l, 3, 5, -1);
  if (failed(a) || failed(c)) {
    return failure();
  }
  FailureOr<Value> product =
      multiply(l, *a, *c, l.b.getI32Type(),
               [&](ValueRange v) { return l.s.mul(v[0], v[1]); });
  return failed(product) ? Results(failure())
                         : requantize(l, *product, {1, 4}, 6);
}

//===----------------------------------------------------------------------===//
// Einsum
//===----------------------------------------------------------------------===//

/// The letters of one term; an ellipsis stands for `ellipsis` axes, numbered
/// from 1000 + (most − ellipsis) on.
static FailureOr<SmallVector<int64_t>> parseTerm(StringRef term, int64_t rank,
                                                 int64_t most) {
  SmallVector<int64_t> letters;
  size_t dots = term.find("...");
  auto named = static_cast<int64_t>(term.size());
  if (dots != StringRef::npos) {
    named -= 3;
  }
  int64_t ellipsis = rank - named;
  if (ellipsis < 0 || (dots == StringRef::npos && ellipsis != 0)) {
    return failure();
  }
  for (size_t i = 0; i < term.size(); ++i) {
    if (i == dots) {
      for (int64_t axis = most - ellipsis; axis < most; ++axis) {
        letters.push_back(1000 + axis);
      }
      i += 2;
      continue;
    }
    if (!llvm::isAlpha(term[i])) {
      return failure();
    }
    letters.push_back(term[i]);
  }
  return letters;
}

/// "ij,jk->ik" for the operands' ranks.
static FailureOr<Contraction> parseEquation(Lowering &l, StringRef text) {
  std::string compact;
  llvm::copy_if(text, std::back_inserter(compact),
                [](char c) { return c != ' '; });
  auto [left, right] = StringRef(compact).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  bool hasAll = terms.size() == l.getNumOperands();
  for (size_t i = 0; i < l.getNumOperands(); ++i) {
    hasAll &= l.has(i);
  }
  if (!hasAll) {
    return failure();
  }
  int64_t most = 0;
  for (auto [i, term] : llvm::enumerate(terms)) {
    if (term.contains("...")) {
      most = std::max<int64_t>(most,
                               static_cast<int64_t>(l.shape(i).size()) -
                                   static_cast<int64_t>(term.size()) + 3);
    }
  }
  Contraction contraction;
  std::map<int64_t, int64_t> counts;
  for (auto [i, term] : llvm::enumerate(terms)) {
    auto letters =
        parseTerm(term, static_cast<int64_t>(l.shape(i).size()), most);
    if (failed(letters)) {
      return failure();
    }
    for (int64_t letter : *letters) {
      ++counts[letter < 1000 ? letter : letter - 2000];
    }
    contraction.inputs.push_back(*letters);
  }
  if (StringRef(compact).contains("->")) {
    auto rank = static_cast<int64_t>(l.resultShape().size());
    auto letters = parseTerm(right, rank, right.contains("...") ? most : 0);
    if (failed(letters)) {
      return failure();
    }
    contraction.output = *letters;
    return contraction;
  }
  // Letters that occur once, in the alphabet's order, broadcast axes first.
  for (auto [letter, count] : counts) {
    if (letter < 0 || count == 1) {
      contraction.output.push_back(letter < 0 ? letter + 2000 : letter);
    }
  }
  return contraction;
}

static Results lowerEinsum(Lowering &l) {
  FailureOr<Contraction> contraction =
      parseEquation(l, l.op.getString("equation", ""));
  bool known = succeeded(contraction) &&
               contraction->output.size() == l.resultShape().size() &&
               llvm::all_of(contraction->output, [&](int64_t letter) {
                 return llvm::any_of(contraction->inputs, [&](auto &input) {
                   return llvm::is_contained(input, letter);
                 });
               });
  if (!known) {
    return l.fail("expects an equation that fits the operands' ranks, got '" +
                  l.op.getString("equation", "") + "'");
  }
  SmallVector<Value> inputs;
  for (size_t i = 0; i < l.getNumOperands(); ++i) {
    inputs.push_back(l.get(i));
  }
  Type sum = getComputeElement(l.resultElement()).type;
  Value product = contract(l, inputs, *contraction, l.resultShape(), sum,
                           [&](ValueRange v) {
                             Value result = l.s.widen(v[0]);
                             for (Value factor : v.drop_front()) {
                               result = l.s.mul(result, l.s.widen(factor));
                             }
                             return result;
                           });
  return one(
      l.map(product, l.resultType(), [](ValueRange v) { return v[0]; }));
}

void onnxir::addProducts(LoweringTable &table) {
  table["MatMul"] = lowerMatMul;
  table["Gemm"] = lowerGemm;
  table["MatMulInteger"] = lowerMatMulInteger;
  table["QLinearMatMul"] = lowerQLinearMatMul;
  table["Einsum"] = lowerEinsum;
}
