// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transposes against the definition, for every element size, with tails.

#include "qeff/Weights/Transpose.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

using namespace qeff;

namespace {
std::vector<char> randomBytes(int64_t count) {
  std::mt19937 random(count);
  std::vector<char> bytes(count);
  for (char &byte : bytes) {
    byte = static_cast<char>(random());
  }
  return bytes;
}

TEST(Transpose, MatrixMatchesDefinition) {
  for (int64_t bytes : {1, 2, 4, 8}) {
    for (auto [rows, columns] :
         {std::pair<int64_t, int64_t>{1, 1}, {3, 5}, {32, 32}, {64, 16},
          {31, 97}, {130, 67}, {1, 200}, {200, 1}}) {
      int64_t sourceStride = columns + 3;
      int64_t targetStride = rows + 1;
      std::vector<char> source = randomBytes(rows * sourceStride * bytes);
      std::vector<char> target(columns * targetStride * bytes, 7);
      transposeMatrix(source.data(), sourceStride, target.data(), targetStride,
                      rows, columns, bytes);
      for (int64_t c = 0; c < columns; ++c) {
        for (int64_t r = 0; r < rows; ++r) {
          ASSERT_EQ(0, std::memcmp(&target[(c * targetStride + r) * bytes],
                                   &source[(r * sourceStride + c) * bytes],
                                   bytes))
              << rows << "x" << columns << " of " << bytes << " bytes";
        }
        // Nothing beyond a row is written.
        ASSERT_EQ(7, target[(c * targetStride + rows) * bytes]);
      }
    }
  }
}

TEST(Transpose, TensorMatchesDefinition) {
  std::vector<int64_t> sizes = {3, 1, 34, 5};
  std::vector<int64_t> permutation = {0, 1, 2, 3};
  std::vector<char> source = randomBytes(3 * 34 * 5 * 2);
  do {
    std::vector<char> target(source.size());
    transposeTensor(source.data(), sizes.data(), permutation.data(), 4,
                    target.data(), 2);
    int64_t position = 0;
    int64_t index[4];
    const int64_t strides[4] = {170, 170, 5, 1};
    for (index[0] = 0; index[0] < sizes[permutation[0]]; ++index[0]) {
      for (index[1] = 0; index[1] < sizes[permutation[1]]; ++index[1]) {
        for (index[2] = 0; index[2] < sizes[permutation[2]]; ++index[2]) {
          for (index[3] = 0; index[3] < sizes[permutation[3]]; ++index[3]) {
            int64_t from = 0;
            for (int k = 0; k < 4; ++k) {
              from += index[k] * strides[permutation[k]];
            }
            ASSERT_EQ(0, std::memcmp(&target[2 * position++],
                                     &source[2 * from], 2));
          }
        }
      }
    }
  } while (std::next_permutation(permutation.begin(), permutation.end()));
}
} // namespace
