// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frequencies of rotary position embeddings. Where the reference computes with
// Python numbers this file computes in double, where it computes with f32
// tensors in float, and `scalar / tensor` is a reciprocal and a product there.

#include "qeff/Dialect/QEff/IR/Rope.h"

#include <algorithm>
#include <cmath>

using namespace qeff;

namespace {
constexpr double kPi = 3.14159265358979323846;

/// What every kind of scaling starts from.
struct RopeParameters {
  double theta;
  int64_t rotaryDim;
  int64_t maxPosition;
  int64_t positions;
  RopeScalingAttr scaling;

  int64_t getNumFrequencies() const { return rotaryDim / 2; }

  double get(StringRef name, double otherwise) const {
    return scaling.getNumber(name).value_or(otherwise);
  }

  /// `factor`, or the ratio of the supported and the trained length.
  double getLengthRatio() const {
    return get("factor",
               static_cast<double>(maxPosition) / getTrainedLength());
  }

  double getTrainedLength() const {
    return get("original_max_position_embeddings",
               static_cast<double>(maxPosition));
  }
};
} // namespace

/// base^(2i / dim), rounded to f32 once.
static SmallVector<float> computePowers(double base, int64_t dim) {
  SmallVector<float> powers;
  auto floatBase = static_cast<float>(base);
  for (int64_t i = 0; i < dim; i += 2) {
    float exponent = static_cast<float>(i) / static_cast<float>(dim);
    powers.push_back(static_cast<float>(
        std::pow(static_cast<double>(floatBase), exponent)));
  }
  return powers;
}

static SmallVector<float> computeInverse(double base, int64_t dim) {
  SmallVector<float> inverse = computePowers(base, dim);
  for (float &value : inverse) {
    value = 1.0f / value;
  }
  return inverse;
}

static RopeFrequencies computeLinear(const RopeParameters &rope) {
  RopeFrequencies result{computeInverse(rope.theta, rope.rotaryDim)};
  for (float &value : result.inverse) {
    value /= static_cast<float>(rope.get("factor", 1.0));
  }
  return result;
}

static RopeFrequencies computeDynamic(const RopeParameters &rope) {
  double factor = rope.get("factor", 1.0);
  auto maxPosition = static_cast<double>(rope.maxPosition);
  double length = static_cast<double>(
      std::max(rope.positions, rope.maxPosition));
  auto dim = static_cast<double>(rope.rotaryDim);
  double base =
      rope.theta * std::pow(factor * length / maxPosition - (factor - 1),
                            dim / (dim - 2));
  return {computeInverse(base, rope.rotaryDim)};
}

static RopeFrequencies computeLlama3(const RopeParameters &rope) {
  auto factor = static_cast<float>(rope.get("factor", 1.0));
  double low = rope.get("low_freq_factor", 1.0);
  double high = rope.get("high_freq_factor", 4.0);
  double trained = rope.getTrainedLength();
  auto longest = static_cast<float>(trained / low);
  auto shortest = static_cast<float>(trained / high);

  RopeFrequencies result{computeInverse(rope.theta, rope.rotaryDim)};
  for (float &value : result.inverse) {
    float wavelength = 1.0f / value * static_cast<float>(2 * kPi);
    float scaled = wavelength > longest ? value / factor : value;
    bool between = !(wavelength < shortest) && !(wavelength > longest);
    if (between) {
      float smooth = (1.0f / wavelength * static_cast<float>(trained) -
                      static_cast<float>(low)) /
                     static_cast<float>(high - low);
      scaled = (1.0f - smooth) * scaled / factor + smooth * scaled;
    }
    value = scaled;
  }
  return result;
}

/// YaRN's attention temperature (arXiv:2309.00071, section 3.4).
static double computeMScale(double scale, double mscale) {
  return scale <= 1 ? 1.0 : 0.1 * mscale * std::log(scale) + 1.0;
}

static double computeYarnAttentionFactor(const RopeParameters &rope,
                                         double factor) {
  if (std::optional<double> given = rope.scaling.getNumber("attention_factor")) {
    return *given;
  }
  double mscale = rope.get("mscale", 0.0);
  double mscaleAllDim = rope.get("mscale_all_dim", 0.0);
  if (mscale != 0.0 && mscaleAllDim != 0.0) {
    return computeMScale(factor, mscale) / computeMScale(factor, mscaleAllDim);
  }
  return computeMScale(factor, 1.0);
}

static RopeFrequencies computeYarn(const RopeParameters &rope) {
  double factor = rope.getLengthRatio();
  auto dim = static_cast<double>(rope.rotaryDim);
  // The (fractional) pair that turns `rotations` times in the trained length.
  auto correctionDim = [&](double rotations) {
    return dim * std::log(rope.getTrainedLength() / (rotations * 2 * kPi)) /
           (2 * std::log(rope.theta));
  };
  auto orDefault = [&](StringRef name, double otherwise) {
    double value = rope.get(name, otherwise);
    return value == 0.0 ? otherwise : value;
  };
  double low = correctionDim(orDefault("beta_fast", 32));
  double high = correctionDim(orDefault("beta_slow", 1));
  if (rope.get("truncate", 1) != 0) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dim - 1);
  double span = low == high ? 0.001 : high - low;

  RopeFrequencies result{computePowers(rope.theta, rope.rotaryDim)};
  for (auto [i, value] : llvm::enumerate(result.inverse)) {
    float extrapolated = 1.0f / value;
    float interpolated = 1.0f / (static_cast<float>(factor) * value);
    float ramp = (static_cast<float>(i) - static_cast<float>(low)) /
                 static_cast<float>(span);
    float keep = 1.0f - std::clamp(ramp, 0.0f, 1.0f);
    value = interpolated * (1.0f - keep) + extrapolated * keep;
  }
  result.attentionFactor =
      static_cast<float>(computeYarnAttentionFactor(rope, factor));
  return result;
}

static RopeFrequencies computeLongRope(const RopeParameters &rope) {
  double trained = rope.getTrainedLength();
  bool isLong = static_cast<double>(rope.positions) > trained;
  SmallVector<double> factors =
      rope.scaling.getNumbers(isLong ? "long_factor" : "short_factor");
  factors.resize(rope.getNumFrequencies(), 1.0);

  RopeFrequencies result{computePowers(rope.theta, rope.rotaryDim)};
  for (auto [value, factor] : llvm::zip(result.inverse, factors)) {
    value = 1.0f / (static_cast<float>(factor) * value);
  }
  double ratio = rope.getLengthRatio();
  double attentionFactor =
      ratio <= 1.0 ? 1.0 : std::sqrt(1 + std::log(ratio) / std::log(trained));
  result.attentionFactor =
      static_cast<float>(rope.get("attention_factor", attentionFactor));
  return result;
}

/// The given numbers; a missing one counts as 0.
static RopeFrequencies computeExplicit(const RopeParameters &rope) {
  RopeFrequencies result;
  for (double value : rope.scaling.getNumbers("inv_freq")) {
    result.inverse.push_back(static_cast<float>(value));
  }
  result.inverse.resize(rope.getNumFrequencies(), 0.0f);
  result.attentionFactor =
      static_cast<float>(rope.get("attention_factor", 1.0));
  return result;
}

RopeFrequencies qeff::computeRopeFrequencies(double theta, int64_t rotaryDim,
                                             int64_t maxPosition,
                                             RopeScalingAttr scaling,
                                             int64_t positions) {
  if (!scaling) {
    return {computeInverse(theta, rotaryDim)};
  }
  RopeParameters rope = {theta, rotaryDim, maxPosition, positions, scaling};
  switch (scaling.getKind()) {
  case RopeScalingKind::Linear:
    return computeLinear(rope);
  case RopeScalingKind::Dynamic:
    return computeDynamic(rope);
  case RopeScalingKind::Llama3:
    return computeLlama3(rope);
  case RopeScalingKind::Yarn:
    return computeYarn(rope);
  case RopeScalingKind::LongRope:
    return computeLongRope(rope);
  case RopeScalingKind::Explicit:
    return computeExplicit(rope);
  }
  return {computeInverse(theta, rotaryDim)};
}

/// The arrays that each kind has, with a number per frequency.
static SmallVector<StringRef> getNeededArrays(RopeScalingKind kind) {
  switch (kind) {
  case RopeScalingKind::LongRope:
    return {"short_factor", "long_factor"};
  case RopeScalingKind::Explicit:
    return {"inv_freq"};
  default:
    return {};
  }
}

LogicalResult qeff::verifyRopeScaling(Operation *op,
                                      std::optional<RopeScalingAttr> scaling,
                                      int64_t rotaryDim) {
  if (!scaling) {
    return success();
  }
  for (StringRef name : getNeededArrays(scaling->getKind())) {
    auto count = static_cast<int64_t>(scaling->getNumbers(name).size());
    if (count != rotaryDim / 2) {
      return op->emitOpError("expects ")
             << rotaryDim / 2 << " numbers in '" << name << "', got " << count;
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// RopeScalingAttr
//===----------------------------------------------------------------------===//

/// The value of a float or integer attribute, or nothing.
static std::optional<double> toNumber(Attribute value) {
  if (auto number = dyn_cast_if_present<FloatAttr>(value)) {
    return number.getValueAsDouble();
  }
  if (auto number = dyn_cast_if_present<IntegerAttr>(value)) {
    return number.getValue().signedRoundToDouble();
  }
  return std::nullopt;
}

/// The parameters that each kind cannot do without.
static SmallVector<StringRef> getNeededNumbers(RopeScalingKind kind) {
  switch (kind) {
  case RopeScalingKind::Linear:
  case RopeScalingKind::Dynamic:
    return {"factor"};
  case RopeScalingKind::Llama3:
    return {"factor", "low_freq_factor", "high_freq_factor",
            "original_max_position_embeddings"};
  case RopeScalingKind::Yarn:
  case RopeScalingKind::LongRope:
    return {"original_max_position_embeddings"};
  case RopeScalingKind::Explicit:
    return {};
  }
  return {};
}

LogicalResult RopeScalingAttr::verify(
    llvm::function_ref<InFlightDiagnostic()> emitError, RopeScalingKind kind,
    DictionaryAttr params) {
  for (StringRef name : getNeededNumbers(kind)) {
    if (!(toNumber(params.get(name)).value_or(0) > 0)) {
      return emitError() << "expects a positive number '" << name
                         << "' for rope scaling "
                         << stringifyRopeScalingKind(kind) << ", got "
                         << params;
    }
  }
  for (StringRef name : getNeededArrays(kind)) {
    auto numbers = params.getAs<mlir::DenseF64ArrayAttr>(name);
    if (!numbers || numbers.empty()) {
      return emitError() << "expects an array<f64> '" << name
                         << "' for rope scaling "
                         << stringifyRopeScalingKind(kind) << ", got "
                         << params;
    }
  }
  return success();
}

std::optional<double> RopeScalingAttr::getNumber(StringRef name) const {
  return toNumber(getParams().get(name));
}

SmallVector<double> RopeScalingAttr::getNumbers(StringRef name) const {
  SmallVector<double> numbers;
  if (auto array = getParams().getAs<mlir::DenseF64ArrayAttr>(name)) {
    llvm::append_range(numbers, array.asArrayRef());
  }
  return numbers;
}
