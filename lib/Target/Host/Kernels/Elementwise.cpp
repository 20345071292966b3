// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise kernels and activation functions.

#include "KernelBuilder.h"

#include <cmath>

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;

/// Elements of one tile.
static constexpr int64_t kSpan = 2048;

static int64_t getWidth(Value vector) {
  return cast<mlir::VectorType>(vector.getType()).getNumElements();
}

/// x·e^y / (…) forms below keep their relative accuracy for large negative x,
/// where the textbook forms cancel.
static Value buildActivation(KernelBuilder &b, Value x, Activation kind) {
  int64_t width = getWidth(x);
  Value zero = b.splat(width, 0.0), one = b.splat(width, 1.0);
  switch (kind) {
  case Activation::Tanh:
    return b.tanh(x);
  case Activation::Sigmoid:
    return b.div(one, b.add(b.exp(b.neg(x)), one));
  case Activation::QuickGELU:
    return b.div(x, b.add(b.exp(b.mul(x, b.splat(width, -1.702))), one));
  case Activation::ReLU:
    return b.select(b.compare(arith::CmpFPredicate::OLT, x, zero), zero, x);
  case Activation::SiLU:
    return b.div(x, b.add(b.exp(b.neg(x)), one));
  case Activation::GELUTanh: {
    // 0.5·x·(1 + tanh u) = x / (1 + e^(−2u)).
    constexpr double kScale = -2.0 * 0.79788456080286535588; // −2·√(2/π)
    Value square = b.mul(x, x);
    Value inner = b.fma(square, kScale * 0.044715, b.splat(width, kScale));
    return b.div(x, b.add(b.exp(b.mul(x, inner)), one));
  }
  case Activation::GELU: {
    // Φ(−|x|) = erfc(z)/2 with z = |x|/√2 and erfc(z) = e^(−z²)·t·P(t),
    // t = 1 / (1 + z/2); relative error of P below 5e-8.
    static constexpr double kCoefficients[] = {
        0.2820864179,   0.2823753076, 0.2431037696,
        0.202686845,    -0.02662562012, 0.2780671155,
        -0.4871998823,  0.2845749676, -0.0590689637};
    Value negative = b.compare(arith::CmpFPredicate::OLT, x, zero);
    Value magnitude = b.select(negative, b.neg(x), x);
    Value t = b.div(one, b.fma(magnitude, 0.35355339059327376220, one));
    // e^(−x²/2): the rounding error of x² would be amplified, so it goes into
    // the result to first order.
    Value square = b.mul(x, x);
    Value exponential = b.exp(b.mul(square, b.splat(width, -0.5)));
    if (b.getTarget().hasFMA()) {
      Value error = b.fma(x, x, b.neg(square));
      Value finite = b.compare(arith::CmpFPredicate::OLT, square,
                               b.splat(width, 1.0e4));
      error = b.select(finite, error, zero);
      exponential = b.fma(b.mul(exponential, error), -0.5, exponential);
    }
    Value tail = b.mul(b.mul(exponential, t), b.polynomial(t, kCoefficients));
    tail = b.mul(tail, b.splat(width, 0.5));
    // x·Φ(x); for |x| so large that its square overflows, Φ(−|x|) is 0.
    Value phi = b.select(negative, tail, b.sub(one, tail));
    return b.mul(x, phi);
  }
  }
  return x;
}

static int64_t getTiles(int64_t count) {
  return llvm::divideCeil(count, kSpan);
}

/// Calls `body` for each vector of the tiles' elements with its offset and
/// width.
static void
buildElementwise(KernelBuilder &b, int64_t count,
                 llvm::function_ref<void(Value, int64_t)> body) {
  int64_t lanes = b.getLanes();
  int64_t full = count / lanes * lanes;
  b.forEachTile([&](Value tile) {
    Value first = b.mulIndex(tile, kSpan);
    Value last = b.minIndex(b.addIndex(first, kSpan), b.index(full));
    b.loop(first, last, lanes, [&](Value i) { body(i, lanes); });
    if (full == count) {
      return;
    }
    Value isLast = b.compare(arith::CmpIPredicate::eq, tile,
                             b.index(getTiles(count) - 1));
    b.ifThen(isLast, [&] {
      for (Chunk chunk : getChunks(count - full, lanes)) {
        body(b.index(full + chunk.offset), chunk.width);
      }
    });
  });
}

/// Two inputs, `second` unused where the kernel has one.
static void
buildMap(KernelBuilder &b, int64_t count, unsigned inputs,
         llvm::function_ref<Value(Value first, Value second)> map) {
  buildElementwise(b, count, [&](Value i, int64_t width) {
    Value first = b.load(b.arg(0), i, width);
    Value second = inputs == 2 ? b.load(b.arg(1), i, width) : Value();
    b.store(map(first, second), b.arg(inputs), i);
  });
}

static SmallVector<Type> getOperands(MLIRContext *context, int64_t count,
                                     unsigned inputs) {
  return SmallVector<Type>(
      inputs + 1,
      mlir::MemRefType::get({count}, mlir::Float32Type::get(context)));
}

Kernel KernelLibrary::add(int64_t count) {
  return getOrBuild("add_" + Twine(count),
                    getOperands(module.getContext(), count, 2),
                    getTiles(count), /*inPlace=*/true, [&](KernelBuilder &b) {
                      buildMap(b, count, 2, [&](Value x, Value y) {
                        return b.add(x, y);
                      });
                    });
}

Kernel KernelLibrary::mul(int64_t count) {
  return getOrBuild("mul_" + Twine(count),
                    getOperands(module.getContext(), count, 2),
                    getTiles(count), /*inPlace=*/true, [&](KernelBuilder &b) {
                      buildMap(b, count, 2, [&](Value x, Value y) {
                        return b.mul(x, y);
                      });
                    });
}

Kernel KernelLibrary::scale(int64_t count, double factor) {
  return getOrBuild("scale_" + Twine(count) + "_" + getNumberName(factor),
                    getOperands(module.getContext(), count, 1),
                    getTiles(count), /*inPlace=*/true, [&](KernelBuilder &b) {
                      buildMap(b, count, 1, [&](Value x, Value) {
                        return b.mul(x, b.splat(getWidth(x), factor));
                      });
                    });
}

Kernel KernelLibrary::offset(int64_t count, double value) {
  return getOrBuild("offset_" + Twine(count) + "_" + getNumberName(value),
                    getOperands(module.getContext(), count, 1),
                    getTiles(count), /*inPlace=*/true, [&](KernelBuilder &b) {
                      buildMap(b, count, 1, [&](Value x, Value) {
                        return b.add(x, b.splat(getWidth(x), value));
                      });
                    });
}

Kernel KernelLibrary::softcap(int64_t count, double cap) {
  return getOrBuild("softcap_" + Twine(count) + "_" + getNumberName(cap),
                    getOperands(module.getContext(), count, 1),
                    getTiles(count), /*inPlace=*/true, [&](KernelBuilder &b) {
                      buildMap(b, count, 1, [&](Value x, Value) {
                        Value limit = b.splat(getWidth(x), cap);
                        return b.mul(b.tanh(b.div(x, limit)), limit);
                      });
                    });
}

Kernel KernelLibrary::activate(int64_t count, Activation kind) {
  return getOrBuild(stringifyActivation(kind) + "_" + Twine(count),
                    getOperands(module.getContext(), count, 1),
                    getTiles(count), /*inPlace=*/true, [&](KernelBuilder &b) {
                      buildMap(b, count, 1, [&](Value x, Value) {
                        return buildActivation(b, x, kind);
                      });
                    });
}

Kernel KernelLibrary::gate(int64_t count, Activation kind) {
  return getOrBuild("gate_" + stringifyActivation(kind) + "_" + Twine(count),
                    getOperands(module.getContext(), count, 2),
                    getTiles(count), /*inPlace=*/true, [&](KernelBuilder &b) {
                      buildMap(b, count, 2, [&](Value gate, Value up) {
                        return b.mul(buildActivation(b, gate, kind), up);
                      });
                    });
}

Kernel KernelLibrary::clip(int64_t count, double low, double high) {
  return getOrBuild(
      "clip_" + Twine(count) + "_" + getNumberName(low) + "_" +
          getNumberName(high),
      getOperands(module.getContext(), count, 1), getTiles(count),
      /*inPlace=*/true, [&](KernelBuilder &b) {
        buildMap(b, count, 1, [&](Value x, Value) {
          int64_t width = getWidth(x);
          Value lower = b.splat(width, low), upper = b.splat(width, high);
          x = b.select(b.compare(arith::CmpFPredicate::OLT, x, lower), lower,
                       x);
          return b.select(b.compare(arith::CmpFPredicate::OGT, x, upper),
                          upper, x);
        });
      });
}
