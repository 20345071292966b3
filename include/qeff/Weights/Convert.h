// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversions between the float formats that weights are stored in. Every
// function gives the same bits on every CPU: vector instructions are used where
// the CPU has them and agree with the portable code.
#ifndef QEFF_WEIGHTS_CONVERT_H
#define QEFF_WEIGHTS_CONVERT_H

#include <cstdint>

namespace qeff {

/// The float formats of weights: IEEE 754 binary32, binary16, and bfloat16.
enum class FloatKind { F32, F16, BF16 };

/// Bytes per element.
inline constexpr int64_t getFloatBytes(FloatKind kind) {
  return kind == FloatKind::F32 ? 4 : 2;
}

/// Exact; a NaN becomes quiet and keeps its payload.
float convertF16ToF32(uint16_t value);
/// Rounds to nearest even, overflow gives infinity; a NaN becomes quiet and
/// keeps the upper bits of its payload.
uint16_t convertF32ToF16(float value);
/// Exact.
float convertBF16ToF32(uint16_t value);
/// Rounds to nearest even; every NaN becomes the quiet NaN of its sign.
uint16_t convertF32ToBF16(float value);

/// Converts `count` elements, f16 <-> bf16 by way of f32. The buffers do not
/// overlap and need no alignment.
void convertElements(FloatKind from, const void *source, FloatKind to,
                     void *target, int64_t count);

/// The bounds of a clip in one float format.
struct ClipBounds {
  /// Rounds the bounds to f32, then inward to the format, so that no result
  /// lies outside; where nothing lies between them both are the nearest value.
  ClipBounds(FloatKind kind, double min, double max,
             bool keepNegativeInfinity);

  FloatKind kind;
  float min;
  float max;
  bool keepNegativeInfinity;
};

/// target[i] = min(max(source[i], bounds.min), bounds.max) for `count` elements
/// of `bounds.kind`; a NaN stays as it is, and so does −∞ with
/// `keepNegativeInfinity`. `target` may be `source`.
void clipElements(const ClipBounds &bounds, const void *source, void *target,
                  int64_t count);

} // namespace qeff

#endif // QEFF_WEIGHTS_CONVERT_H
