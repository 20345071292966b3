// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Merged weights, as they are and transposed, against the whole computed at
// once: tiles of any size give the same bits.

#include "EvaluatorFixture.h"

#include "qeff/Weights/LowRank.h"

#include <cmath>
#include <random>

using namespace qeff;
using namespace qeff::test;

namespace {
constexpr int64_t kRows = 70;
constexpr int64_t kColumns = 300;
constexpr int64_t kRank = 5;
constexpr double kScaling = 1.5;

class LoRAMergeTest : public EvaluatorTest {
protected:
  ReferenceTensor makeTensor(const Index &shape, FloatKind kind) {
    std::normal_distribution<float> normal;
    return ReferenceTensor::build(shape, kind, [&](const Index &) {
      return ReferenceTensor::fromFloat(kind, normal(random));
    });
  }

  static std::vector<float> widen(const ReferenceTensor &tensor) {
    std::vector<float> values(tensor.count());
    convertElements(tensor.kind, tensor.toBytes().data(), FloatKind::F32,
                    values.data(), tensor.count());
    return values;
  }

  /// The merged weight in one piece.
  std::vector<float> merge(const ReferenceTensor &weight,
                           const ReferenceTensor &a, const ReferenceTensor &b,
                           const ReferenceTensor *magnitude) {
    std::vector<float> values = widen(weight);
    std::vector<float> wideA = widen(a);
    std::vector<float> wideB = widen(b);
    LowRankProduct product = {wideA.data(), wideB.data(), kRows,
                              kColumns,     kRank,        kScaling};
    addLowRank(FloatKind::F32, values.data(), product, values.data());
    for (int64_t n = 0; magnitude && n < kRows; ++n) {
      double squares = 0;
      for (int64_t k = 0; k < kColumns; ++k) {
        double value = values[n * kColumns + k];
        squares += value * value;
      }
      auto factor =
          static_cast<float>(widen(*magnitude)[n] / std::sqrt(squares));
      for (int64_t k = 0; k < kColumns; ++k) {
        values[n * kColumns + k] *= factor;
      }
    }
    return values;
  }

  void checkMerge(FloatKind weightKind, FloatKind pairKind,
                  bool hasMagnitude) {
    ReferenceTensor weight = makeTensor({kRows, kColumns}, weightKind);
    ReferenceTensor a = makeTensor({kRank, kColumns}, pairKind);
    ReferenceTensor b = makeTensor({kRows, kRank}, pairKind);
    ReferenceTensor magnitude = makeTensor({kRows}, pairKind);
    std::vector<float> merged =
        merge(weight, a, b, hasMagnitude ? &magnitude : nullptr);
    ReferenceTensor expected = ReferenceTensor::build(
        {kRows, kColumns}, weightKind, [&](const Index &index) {
          return ReferenceTensor::fromFloat(
              weightKind, merged[index[0] * kColumns + index[1]]);
        });
    Value base = addWeight(weight);
    Value valueA = addWeight(a);
    Value valueB = addWeight(b);
    Value result = LoRAMergeOp::create(
        *values, base.getType(), base, valueA, valueB,
        hasMagnitude ? addWeight(magnitude) : Value(),
        values->getF64FloatAttr(kScaling));
    check(result, expected.toBytes(), "merged");
    auto type = cast<RankedTensorType>(result.getType());
    Value transposed = TransposeOp::create(
        *values, type.clone({kColumns, kRows}), result,
        ArrayRef<int64_t>{1, 0});
    check(transposed, expected.transpose({1, 0}).toBytes(), "transposed");
  }

  std::mt19937 random{11};
};
} // namespace

TEST_F(LoRAMergeTest, EveryFormat) {
  for (FloatKind weight : {FloatKind::F32, FloatKind::F16, FloatKind::BF16}) {
    for (FloatKind pair : {FloatKind::F32, FloatKind::F16, FloatKind::BF16}) {
      checkMerge(weight, pair, /*hasMagnitude=*/false);
    }
  }
}

TEST_F(LoRAMergeTest, Magnitude) {
  for (FloatKind weight : {FloatKind::F32, FloatKind::F16, FloatKind::BF16}) {
    checkMerge(weight, FloatKind::F32, /*hasMagnitude=*/true);
    checkMerge(weight, FloatKind::BF16, /*hasMagnitude=*/true);
  }
}
