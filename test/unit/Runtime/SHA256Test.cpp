// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The examples of FIPS 180-2, and pieces of every size.

#include "SHA256.h"

#include <gtest/gtest.h>

using namespace qeff::runtime;

static std::string hash(const std::string &text, size_t piece = 1 << 20) {
  SHA256 sha;
  for (size_t i = 0; i < text.size(); i += piece) {
    sha.update(text.data() + i, std::min(piece, text.size() - i));
  }
  return sha.final();
}

TEST(SHA256, examples) {
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb924"
                      "27ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223"
                         "b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039"
            "a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67"
            "f1809a48a497200e046d39ccc7112cd0");
}

TEST(SHA256, pieces) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += char(i * 7);
  }
  for (size_t piece = 1; piece < 200; ++piece) {
    EXPECT_EQ(hash(text, piece), hash(text));
  }
}
