// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Float conversions: arrays against single elements, single elements against
// the definition. The Python tests compare with NumPy and ml_dtypes.

#include "qeff/Weights/Convert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

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

/// Every 16-bit value, its neighbourhood halfway points included, and noise.
std::vector<float> interestingFloats() {
  std::vector<float> values;
  for (uint32_t half = 0; half < 0x10000; ++half) {
    for (float exact : {convertF16ToF32(half), convertBF16ToF32(half)}) {
      uint32_t bits = toBits(exact);
      for (uint32_t near : {bits, bits + 1, bits - 1, bits + 0x1000,
                            bits + 0x0fff, bits + 0x1001, bits + 0x8000,
                            bits + 0x7fff, bits + 0x8001}) {
        values.push_back(fromBits(near));
      }
    }
  }
  std::mt19937 random(1);
  for (int i = 0; i < 100000; ++i) {
    values.push_back(fromBits(random()));
  }
  return values;
}

TEST(Convert, SixteenBitRoundTrips) {
  for (uint32_t half = 0; half < 0x10000; ++half) {
    float f16 = convertF16ToF32(half);
    uint16_t back = convertF32ToF16(f16);
    EXPECT_EQ(back, std::isnan(f16) ? half | 0x200 : half);
    float bf16 = convertBF16ToF32(half);
    back = convertF32ToBF16(bf16);
    EXPECT_EQ(back, std::isnan(bf16) ? (half & 0x8000) | 0x7fc0 : half);
  }
}

TEST(Convert, RoundsToNearestEven) {
  EXPECT_EQ(convertF32ToF16(1.0f), 0x3c00);
  EXPECT_EQ(convertF32ToF16(1.0f + 0x1p-11f), 0x3c00);
  EXPECT_EQ(convertF32ToF16(1.0f + 3 * 0x1p-11f), 0x3c02);
  EXPECT_EQ(convertF32ToF16(65519.996f), 0x7bff);
  EXPECT_EQ(convertF32ToF16(65520.0f), 0x7c00);
  EXPECT_EQ(convertF32ToF16(0x1p-25f), 0x0000);
  EXPECT_EQ(convertF32ToF16(0x1.000002p-25f), 0x0001);
  EXPECT_EQ(convertF32ToF16(-0.0f), 0x8000);
  EXPECT_EQ(convertF32ToBF16(1.0f + 0x1p-8f), 0x3f80);
  EXPECT_EQ(convertF32ToBF16(1.0f + 3 * 0x1p-8f), 0x3f82);
  EXPECT_EQ(convertF32ToBF16(std::numeric_limits<float>::max()), 0x7f80);
}

TEST(Convert, ArraysMatchElements) {
  std::vector<float> values = interestingFloats();
  int64_t count = static_cast<int64_t>(values.size());
  std::vector<uint16_t> f16(count);
  std::vector<uint16_t> bf16(count);
  convertElements(FloatKind::F32, values.data(), FloatKind::F16, f16.data(),
                  count);
  convertElements(FloatKind::F32, values.data(), FloatKind::BF16, bf16.data(),
                  count);
  for (int64_t i = 0; i < count; ++i) {
    ASSERT_EQ(f16[i], convertF32ToF16(values[i])) << toBits(values[i]);
    ASSERT_EQ(bf16[i], convertF32ToBF16(values[i])) << toBits(values[i]);
  }
  std::vector<uint16_t> halves(0x10000);
  for (uint32_t i = 0; i < halves.size(); ++i) {
    halves[i] = i;
  }
  std::vector<float> wide(halves.size());
  std::vector<uint16_t> other(halves.size());
  convertElements(FloatKind::F16, halves.data(), FloatKind::F32, wide.data(),
                  halves.size());
  convertElements(FloatKind::F16, halves.data(), FloatKind::BF16,
                  other.data(), halves.size());
  for (uint32_t i = 0; i < halves.size(); ++i) {
    ASSERT_EQ(toBits(wide[i]), toBits(convertF16ToF32(i)));
    ASSERT_EQ(other[i], convertF32ToBF16(convertF16ToF32(i)));
  }
  convertElements(FloatKind::BF16, halves.data(), FloatKind::F32, wide.data(),
                  halves.size());
  convertElements(FloatKind::BF16, halves.data(), FloatKind::F16,
                  other.data(), halves.size());
  for (uint32_t i = 0; i < halves.size(); ++i) {
    ASSERT_EQ(toBits(wide[i]), i << 16);
    ASSERT_EQ(other[i], convertF32ToF16(convertBF16ToF32(i)));
  }
}

TEST(Clip, BoundsRoundInward) {
  ClipBounds bf16(FloatKind::BF16, -65504, 65504, false);
  EXPECT_EQ(bf16.max, 65280.0f);
  EXPECT_EQ(bf16.min, -65280.0f);
  ClipBounds f16(FloatKind::F16, -0.1, 0.1, false);
  EXPECT_LE(f16.max, 0.1f);
  EXPECT_GE(f16.min, -0.1f);
  ClipBounds narrow(FloatKind::BF16, 1.001, 1.002, false);
  EXPECT_EQ(narrow.min, narrow.max);
  ClipBounds f32(FloatKind::F32, -8, 8, false);
  EXPECT_EQ(f32.max, 8.0f);
}

TEST(Clip, ArraysMatchDefinition) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> values = interestingFloats();
  for (bool keep : {false, true}) {
    for (FloatKind kind : {FloatKind::F32, FloatKind::F16, FloatKind::BF16}) {
      ClipBounds bounds(kind, -2.5, 1000, keep);
      int64_t count = static_cast<int64_t>(values.size());
      std::vector<char> buffer(count * getFloatBytes(kind));
      convertElements(FloatKind::F32, values.data(), kind, buffer.data(),
                      count);
      std::vector<float> before(count);
      std::vector<float> after(count);
      convertElements(kind, buffer.data(), FloatKind::F32, before.data(),
                      count);
      clipElements(bounds, buffer.data(), buffer.data(), count);
      convertElements(kind, buffer.data(), FloatKind::F32, after.data(),
                      count);
      for (int64_t i = 0; i < count; ++i) {
        if (std::isnan(before[i])) {
          ASSERT_TRUE(std::isnan(after[i]));
        } else if (keep && before[i] == -kInfinity) {
          ASSERT_EQ(after[i], -kInfinity);
        } else {
          float expected =
              std::min(std::max(before[i], bounds.min), bounds.max);
          ASSERT_EQ(after[i], expected) << before[i];
        }
      }
    }
  }
}
} // namespace
