// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frequencies of stored waves.

#include "StoredWaves.h"

#include "qeff/Analysis/Constants.h"

#include <cmath>

using namespace qeff;

std::optional<StoredWave> qeff::getStoredWave(Elements &elements, Expr load) {
  Value source = load.getSource();
  auto type = dyn_cast<RankedTensorType>(source.getType());
  if (!type || !isa<FloatType>(type.getElementType()) ||
      !type.hasStaticShape() ||
      static_cast<size_t>(type.getRank()) != load.getOperands().size()) {
    return std::nullopt;
  }
  StoredWave wave;
  int64_t offset = 0, stride = 1, positionStride = 0, positions = 0;
  for (size_t axis = load.getOperands().size(); axis-- > 0;) {
    Expr index = load.getOperand(static_cast<unsigned>(axis));
    std::optional<int64_t> i = index.getInteger();
    int64_t size = type.getDimSize(static_cast<unsigned>(axis));
    if (!i && wave.position) {
      return std::nullopt;
    }
    if (!i) {
      wave.position = index;
      positionStride = stride;
      positions = size;
    } else if (*i < 0 || *i >= size) {
      return std::nullopt;
    } else {
      offset += *i * stride;
    }
    stride *= size;
  }
  if (!wave.position || positions < 2) {
    return std::nullopt;
  }
  std::shared_ptr<const ConstantTensor> table =
      elements.getConstants().read(source);
  if (!table) {
    return std::nullopt;
  }
  for (int64_t i = 0; i < positions; ++i) {
    wave.values.push_back(table->getFloat(offset + i * positionStride));
  }
  wave.isSine = wave.values[0] == 0;
  // Counted from the end where negative, which no position is.
  if (wave.position.is(ExprKind::Mod) &&
      wave.position.getOperand(1).getInteger() == positions) {
    wave.position = wave.position.getOperand(0);
  }
  return wave;
}

std::optional<WaveFit> qeff::fitWaves(const StoredWave &cosine,
                                      const StoredWave &sine) {
  if (cosine.isSine || !sine.isSine || cosine.position != sine.position ||
      cosine.values.size() != sine.values.size()) {
    return std::nullopt;
  }
  size_t last = cosine.values.size() - 1;
  WaveFit fit{0, cosine.values[0]};
  // Each position tells the frequency better than the one before it, up to
  // whole turns, which that one tells.
  for (size_t position = 1;;) {
    double at = static_cast<double>(position);
    double angle = std::atan2(sine.values[position] / fit.factor,
                              cosine.values[position] / fit.factor);
    double turns = std::round((fit.frequency * at - angle) / (2 * M_PI));
    fit.frequency = (angle + 2 * M_PI * turns) / at;
    if (position == last) {
      break;
    }
    position = std::min(2 * position, last);
  }
  fit.frequency = static_cast<float>(fit.frequency);
  constexpr double kRounding = 1.2e-7, kTolerance = 2e-6;
  for (size_t position = 0; position <= last; ++position) {
    double angle = fit.frequency * static_cast<double>(position);
    double bound = kTolerance + kRounding * std::abs(angle);
    if (!(std::abs(cosine.values[position] / fit.factor - std::cos(angle)) <=
          bound) ||
        !(std::abs(sine.values[position] / fit.factor - std::sin(angle)) <=
          bound)) {
      return std::nullopt;
    }
  }
  return fit;
}
