// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decoding of GGUF's block encodings.

#include "qeff/Dialect/QEff/IR/BlockFormat.h"
#include "qeff/Weights/Convert.h"

#include <cstring>

using namespace qeff;

int64_t qeff::getBlockBytes(BlockEncoding encoding) {
  switch (encoding) {
  case BlockEncoding::Q8_0:
    return 34;
  case BlockEncoding::Q4_0:
    return 18;
  case BlockEncoding::Q4_1:
    return 20;
  }
  return 0;
}

static float loadF16(const uint8_t *source) {
  uint16_t bits;
  std::memcpy(&bits, source, sizeof(bits));
  return convertF16ToF32(bits);
}

static void decodeQ8_0(const uint8_t *block, float *target) {
  float d = loadF16(block);
  for (int64_t i = 0; i < kBlockLength; ++i) {
    target[i] = d * static_cast<float>(static_cast<int8_t>(block[2 + i]));
  }
}

static void decodeQ4_0(const uint8_t *block, float *target) {
  float d = loadF16(block);
  for (int64_t i = 0; i < kBlockLength / 2; ++i) {
    int byte = block[2 + i];
    target[i] = d * static_cast<float>((byte & 15) - 8);
    target[i + kBlockLength / 2] = d * static_cast<float>((byte >> 4) - 8);
  }
}

static void decodeQ4_1(const uint8_t *block, float *target) {
  float d = loadF16(block);
  float m = loadF16(block + 2);
  for (int64_t i = 0; i < kBlockLength / 2; ++i) {
    int byte = block[4 + i];
    target[i] = d * static_cast<float>(byte & 15) + m;
    target[i + kBlockLength / 2] = d * static_cast<float>(byte >> 4) + m;
  }
}

void qeff::decodeBlocks(BlockEncoding encoding, const void *source,
                        float *target, int64_t blocks) {
  auto decode = encoding == BlockEncoding::Q8_0   ? decodeQ8_0
                : encoding == BlockEncoding::Q4_0 ? decodeQ4_0
                                                  : decodeQ4_1;
  const auto *bytes = static_cast<const uint8_t *>(source);
  int64_t blockBytes = getBlockBytes(encoding);
  for (int64_t i = 0; i < blocks; ++i) {
    decode(bytes + i * blockBytes, target + i * kBlockLength);
  }
}
