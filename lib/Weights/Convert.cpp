// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Float conversions: a portable form of each, and forms for x86 CPUs with AVX2
// and F16C, chosen when the program runs.

#include "qeff/Weights/Convert.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#define QEFF_TARGET_AVX2 __attribute__((target("avx2,f16c")))
#endif

using namespace qeff;

namespace {
uint32_t toBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

constexpr uint32_t kF32Infinity = 0x7f800000;
constexpr uint16_t kF16Infinity = 0x7c00;
constexpr uint16_t kBF16Infinity = 0x7f80;
} // namespace

//===----------------------------------------------------------------------===//
// One element
//===----------------------------------------------------------------------===//

float qeff::convertF16ToF32(uint16_t value) {
  uint32_t sign = static_cast<uint32_t>(value & 0x8000) << 16;
  uint32_t magnitude = value & 0x7fff;
  if (magnitude >= kF16Infinity) {
    uint32_t quiet = magnitude > kF16Infinity ? 0x400000 : 0;
    return fromBits(sign | kF32Infinity | quiet | (magnitude & 0x3ff) << 13);
  }
  if (magnitude < 0x400) {
    // A subnormal is its integer times 2^-24.
    float scaled = static_cast<float>(magnitude) * 0x1p-24f;
    return fromBits(sign | toBits(scaled));
  }
  return fromBits(sign | ((magnitude << 13) + ((127u - 15u) << 23)));
}

uint16_t qeff::convertF32ToF16(float value) {
  uint32_t bits = toBits(value);
  uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > kF32Infinity) {
    return sign | 0x7e00 | static_cast<uint16_t>(magnitude >> 13 & 0x3ff);
  }
  if (magnitude >= toBits(65536.0f)) {
    return sign | kF16Infinity;
  }
  if (magnitude < toBits(0x1p-14f)) {
    // Adding 0.5 aligns the subnormal's last bit with the sum's, so that the
    // addition rounds.
    float sum = fromBits(magnitude) + 0.5f;
    return sign | static_cast<uint16_t>(toBits(sum) - toBits(0.5f));
  }
  uint32_t odd = magnitude >> 13 & 1;
  magnitude += 0xfff + odd - ((127u - 15u) << 23);
  return sign | static_cast<uint16_t>(magnitude >> 13);
}

float qeff::convertBF16ToF32(uint16_t value) {
  return fromBits(static_cast<uint32_t>(value) << 16);
}

uint16_t qeff::convertF32ToBF16(float value) {
  uint32_t bits = toBits(value);
  if ((bits & 0x7fffffff) > kF32Infinity) {
    return static_cast<uint16_t>((bits >> 16 & 0x8000) | 0x7fc0);
  }
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

namespace {
/// How 16-bit and 32-bit arrays are converted on this CPU.
struct Converters {
  void (*f16ToF32)(const uint16_t *, float *, int64_t);
  void (*f32ToF16)(const float *, uint16_t *, int64_t);
  void (*bf16ToF32)(const uint16_t *, float *, int64_t);
  void (*f32ToBF16)(const float *, uint16_t *, int64_t);
  void (*clipF32)(const float *, float *, int64_t, const ClipBounds &);
};

float clipF32One(float value, const ClipBounds &bounds) {
  if (value < bounds.min) {
    bool keep = bounds.keepNegativeInfinity &&
                value == -std::numeric_limits<float>::infinity();
    return keep ? value : bounds.min;
  }
  return value > bounds.max ? bounds.max : value;
}

template <typename From, typename To, To (*convert)(From)>
void convertPortable(const From *source, To *target, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    target[i] = convert(source[i]);
  }
}

void clipF32Portable(const float *source, float *target, int64_t count,
                     const ClipBounds &bounds) {
  for (int64_t i = 0; i < count; ++i) {
    target[i] = clipF32One(source[i], bounds);
  }
}

constexpr Converters kPortable = {
    convertPortable<uint16_t, float, convertF16ToF32>,
    convertPortable<float, uint16_t, convertF32ToF16>,
    convertPortable<uint16_t, float, convertBF16ToF32>,
    convertPortable<float, uint16_t, convertF32ToBF16>, clipF32Portable};

#if defined(__x86_64__)
QEFF_TARGET_AVX2 void f16ToF32AVX2(const uint16_t *source, float *target,
                                   int64_t count) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m128i half =
        _mm_loadu_si128(reinterpret_cast<const __m128i *>(source + i));
    _mm256_storeu_ps(target + i, _mm256_cvtph_ps(half));
  }
  kPortable.f16ToF32(source + i, target + i, count - i);
}

QEFF_TARGET_AVX2 void f32ToF16AVX2(const float *source, uint16_t *target,
                                   int64_t count) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m128i half = _mm256_cvtps_ph(
        _mm256_loadu_ps(source + i),
        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm_storeu_si128(reinterpret_cast<__m128i *>(target + i), half);
  }
  kPortable.f32ToF16(source + i, target + i, count - i);
}

QEFF_TARGET_AVX2 void bf16ToF32AVX2(const uint16_t *source, float *target,
                                    int64_t count) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256i wide = _mm256_cvtepu16_epi32(
        _mm_loadu_si128(reinterpret_cast<const __m128i *>(source + i)));
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(target + i),
                        _mm256_slli_epi32(wide, 16));
  }
  kPortable.bf16ToF32(source + i, target + i, count - i);
}

/// The eight rounded values in the lower halves of 32-bit lanes.
QEFF_TARGET_AVX2 inline __m256i roundToBF16(const float *source) {
  __m256 value = _mm256_loadu_ps(source);
  __m256i bits = _mm256_castps_si256(value);
  __m256i upper = _mm256_srli_epi32(bits, 16);
  __m256i odd = _mm256_and_si256(upper, _mm256_set1_epi32(1));
  __m256i rounded = _mm256_srli_epi32(
      _mm256_add_epi32(bits,
                       _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))),
      16);
  __m256i nan = _mm256_or_si256(
      _mm256_and_si256(upper, _mm256_set1_epi32(0x8000)),
      _mm256_set1_epi32(0x7fc0));
  __m256i isNaN =
      _mm256_castps_si256(_mm256_cmp_ps(value, value, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(rounded, nan, isNaN);
}

QEFF_TARGET_AVX2 void f32ToBF16AVX2(const float *source, uint16_t *target,
                                    int64_t count) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m256i packed =
        _mm256_packus_epi32(roundToBF16(source + i), roundToBF16(source + i + 8));
    // The pack works within 128-bit lanes: put the quarters in order.
    packed = _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0));
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(target + i), packed);
  }
  kPortable.f32ToBF16(source + i, target + i, count - i);
}

QEFF_TARGET_AVX2 void clipF32AVX2(const float *source, float *target,
                                  int64_t count, const ClipBounds &bounds) {
  __m256 min = _mm256_set1_ps(bounds.min);
  __m256 max = _mm256_set1_ps(bounds.max);
  __m256 kept = _mm256_set1_ps(
      bounds.keepNegativeInfinity ? -std::numeric_limits<float>::infinity()
                                  : bounds.min);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 value = _mm256_loadu_ps(source + i);
    // Both instructions give their second operand where one is a NaN.
    __m256 clipped = _mm256_min_ps(max, _mm256_max_ps(min, value));
    __m256 keep = _mm256_cmp_ps(value, kept, _CMP_EQ_OQ);
    _mm256_storeu_ps(target + i, _mm256_blendv_ps(clipped, value, keep));
  }
  kPortable.clipF32(source + i, target + i, count - i, bounds);
}

constexpr Converters kAVX2 = {f16ToF32AVX2, f32ToF16AVX2, bf16ToF32AVX2,
                              f32ToBF16AVX2, clipF32AVX2};
#endif // defined(__x86_64__)

const Converters &getConverters() {
#if defined(__x86_64__)
  static const bool hasAVX2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c");
  return hasAVX2 ? kAVX2 : kPortable;
#else
  return kPortable;
#endif
}

void convertToF32(FloatKind from, const void *source, float *target,
                  int64_t count) {
  const auto *halves = static_cast<const uint16_t *>(source);
  if (from == FloatKind::F16) {
    getConverters().f16ToF32(halves, target, count);
  } else {
    getConverters().bf16ToF32(halves, target, count);
  }
}

void convertFromF32(const float *source, FloatKind to, void *target,
                    int64_t count) {
  auto *halves = static_cast<uint16_t *>(target);
  if (to == FloatKind::F16) {
    getConverters().f32ToF16(source, halves, count);
  } else {
    getConverters().f32ToBF16(source, halves, count);
  }
}
} // namespace

void qeff::convertElements(FloatKind from, const void *source, FloatKind to,
                           void *target, int64_t count) {
  if (from == to) {
    std::memcpy(target, source, count * getFloatBytes(from));
    return;
  }
  if (to == FloatKind::F32) {
    convertToF32(from, source, static_cast<float *>(target), count);
    return;
  }
  if (from == FloatKind::F32) {
    convertFromF32(static_cast<const float *>(source), to, target, count);
    return;
  }
  constexpr int64_t kChunk = 1024;
  float wide[kChunk];
  const auto *in = static_cast<const uint16_t *>(source);
  auto *out = static_cast<uint16_t *>(target);
  for (int64_t i = 0; i < count; i += kChunk) {
    int64_t size = std::min(kChunk, count - i);
    convertToF32(from, in + i, wide, size);
    convertFromF32(wide, to, out + i, size);
  }
}

//===----------------------------------------------------------------------===//
// Clip
//===----------------------------------------------------------------------===//

namespace {
uint16_t encode16(FloatKind kind, float value) {
  return kind == FloatKind::F16 ? convertF32ToF16(value)
                                : convertF32ToBF16(value);
}

float decode16(FloatKind kind, uint16_t value) {
  return kind == FloatKind::F16 ? convertF16ToF32(value)
                                : convertBF16ToF32(value);
}

/// The largest value of the 16-bit format that is not above `value`.
float roundDown(FloatKind kind, float value) {
  uint16_t bits = encode16(kind, value);
  if (!(decode16(kind, bits) > value)) {
    return decode16(kind, bits);
  }
  // One step towards −∞; the nearest value is never 0 from below here unless
  // `value` is a tiny negative number.
  if ((bits & 0x7fff) == 0) {
    return decode16(kind, 0x8001);
  }
  return decode16(kind, bits & 0x8000 ? bits + 1 : bits - 1);
}

/// Integers in the order of the 16-bit floats they stand for.
int16_t toOrder(uint16_t bits) {
  auto value = static_cast<int16_t>(bits);
  return static_cast<int16_t>(value ^ ((value >> 15) & 0x7fff));
}

void clip16(const ClipBounds &bounds, const uint16_t *source, uint16_t *target,
            int64_t count) {
  uint16_t infinity =
      bounds.kind == FloatKind::F16 ? kF16Infinity : kBF16Infinity;
  uint16_t min = encode16(bounds.kind, bounds.min);
  uint16_t max = encode16(bounds.kind, bounds.max);
  int16_t minOrder = toOrder(min);
  int16_t maxOrder = toOrder(max);
  // A value that is left as it is besides NaN.
  uint16_t kept = bounds.keepNegativeInfinity ? infinity | 0x8000 : min;
  for (int64_t i = 0; i < count; ++i) {
    uint16_t value = source[i];
    int16_t order = toOrder(value);
    uint16_t clipped = order < minOrder ? min : order > maxOrder ? max : value;
    bool keep = (value & 0x7fff) > infinity || value == kept;
    target[i] = keep ? value : clipped;
  }
}
} // namespace

ClipBounds::ClipBounds(FloatKind kind, double min, double max,
                       bool keepNegativeInfinity)
    : kind(kind), min(static_cast<float>(min)), max(static_cast<float>(max)),
      keepNegativeInfinity(keepNegativeInfinity) {
  if (kind == FloatKind::F32) {
    return;
  }
  float nearest = decode16(kind, encode16(kind, this->min));
  this->min = -roundDown(kind, -this->min);
  this->max = roundDown(kind, this->max);
  if (this->min > this->max) {
    this->min = this->max = nearest;
  }
}

void qeff::clipElements(const ClipBounds &bounds, const void *source,
                        void *target, int64_t count) {
  if (bounds.kind == FloatKind::F32) {
    getConverters().clipF32(static_cast<const float *>(source),
                            static_cast<float *>(target), count, bounds);
    return;
  }
  clip16(bounds, static_cast<const uint16_t *>(source),
         static_cast<uint16_t *>(target), count);
}
