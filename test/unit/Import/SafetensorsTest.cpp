// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Safetensors headers, good and hostile.

#include "qeff/Import/Safetensors.h"
#include "TestFiles.h"

#include <gtest/gtest.h>

using namespace qeff;
using namespace qeff::test;

static std::string readBytes(llvm::StringRef bytes) {
  return getMessage(readSafetensorsHeader(makeFile(bytes)));
}

static std::string read(llvm::StringRef header, size_t dataBytes) {
  return readBytes(makeSafetensors(header, dataBytes));
}

#define EXPECT_HAS(text, part)                                                 \
  EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(Safetensors, ReadsTensors) {
  InputFile file = makeFile(makeSafetensors(
      R"({"__metadata__":{"format":"pt","count":3},
          "b":{"dtype":"BF16","shape":[2,3],"data_offsets":[8,20]},
          "a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
          "i":{"dtype":"I64","shape":[],"data_offsets":[20,28]},
          "none":{"dtype":"F16","shape":[0,4],"data_offsets":[28,28]}})",
      28));
  llvm::Expected<SafetensorsHeader> header = readSafetensorsHeader(file);
  ASSERT_TRUE(bool(header)) << llvm::toString(header.takeError());
  ASSERT_EQ(header->tensors.size(), 4u);
  const StoredTensor &b = header->tensors["b"];
  EXPECT_EQ(b.type, StoredType::BF16);
  EXPECT_EQ(b.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(b.offset, header->size + 8);
  EXPECT_EQ(header->tensors["i"].type, StoredType::Other);
  EXPECT_EQ(header->tensors["i"].typeName, "I64");
  EXPECT_EQ(header->size + 28, file.getSize());
  EXPECT_EQ(header->metadata["format"], "pt");
  EXPECT_EQ(header->metadata.count("count"), 0u);
}

TEST(Safetensors, TakesATypeItDoesNotKnow) {
  EXPECT_EQ(read(R"({"a":{"dtype":"X7","shape":[3],"data_offsets":[0,5]}})", 5),
            "");
}

TEST(Safetensors, RefusesTruncatedFiles) {
  EXPECT_HAS(readBytes(""), "expects a safetensors file, got 0 bytes");
  EXPECT_HAS(readBytes("1234567"), "got 7 bytes");
  std::string file = makeSafetensors(
      R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})", 16);
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_NE(readBytes(llvm::StringRef(file).take_front(size)), "") << size;
  }
  EXPECT_EQ(readBytes(file), "");
}

TEST(Safetensors, RefusesAHeaderLongerThanTheFile) {
  for (uint64_t length : {uint64_t(3), uint64_t(1) << 40, ~uint64_t(0)}) {
    std::string file;
    append<uint64_t>(file, length);
    EXPECT_HAS(readBytes(file + "{}"), "expects a header inside the file");
  }
}

TEST(Safetensors, RefusesAHugeHeader) {
  std::string file;
  append<uint64_t>(file, 40u << 20);
  file.resize((40u << 20) + 8, ' ');
  EXPECT_HAS(readBytes(file), "expects a header of at most");
}

TEST(Safetensors, RefusesBadJSON) {
  EXPECT_HAS(read("", 0), "syntax error");
  EXPECT_HAS(read("{", 0), "syntax error");
  EXPECT_HAS(read("[]", 0), "expects a JSON object, got an array");
  EXPECT_HAS(read("{\"\xff\":1}", 0), "UTF-8");
  EXPECT_HAS(read(R"({"a":3})", 0), "expects an object, got a number");
  EXPECT_HAS(read(std::string(100000, '['), 0), "nested at most 64 deep");
  std::string wide = "{\"a\":[0";
  for (int i = 0; i < (3 << 20); ++i) {
    wide += ",0";
  }
  EXPECT_HAS(read(wide + "]}", 0), "JSON values");
}

TEST(Safetensors, RefusesANameTwice) {
  constexpr llvm::StringRef tensor =
      R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_HAS(read(("{\"a\":" + tensor + ",\"a\":" + tensor + "}").str(), 4),
             "expects distinct names");
  EXPECT_HAS(
      read(("{\"a\":" + tensor + ",\"\\u0061\":" + tensor + "}").str(), 4),
      "expects distinct names");
}

TEST(Safetensors, RefusesBadTensors) {
  auto tensor = [](llvm::StringRef dtype, llvm::StringRef shape,
                   llvm::StringRef offsets) {
    return ("{\"t\":{\"dtype\":" + dtype + ",\"shape\":" + shape +
            ",\"data_offsets\":" + offsets + "}}")
        .str();
  };
  EXPECT_EQ(read(tensor("\"F32\"", "[2,1]", "[0,8]"), 8), "");
  EXPECT_HAS(read(tensor("7", "[2]", "[0,8]"), 8), "expects a 'dtype' string");
  EXPECT_HAS(read(tensor("\"F32\"", "2", "[0,8]"), 8), "expects a 'shape'");
  EXPECT_HAS(read(tensor("\"F32\"", "[-2]", "[0,8]"), 8), "sizes >= 0");
  EXPECT_HAS(read(tensor("\"F32\"", "[1.5]", "[0,8]"), 8), "sizes >= 0");
  EXPECT_HAS(read(tensor("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4),
             "at most 8 sizes");
  EXPECT_HAS(read(tensor("\"F32\"", "[4294967296,4294967296]", "[0,8]"), 8),
             "fits 64 bits");
  EXPECT_HAS(
      read(tensor("\"F32\"", "[4611686018427387904]", "[0,8]"), 8),
      "expects 'data_offsets' that span");
  EXPECT_HAS(read(tensor("\"F32\"", "[2]", "[0,7]"), 7), "span 2 elements");
  EXPECT_HAS(read(tensor("\"F32\"", "[2]", "[8,0]"), 8), "begin <= end");
  EXPECT_HAS(read(tensor("\"F32\"", "[2]", "[-8,0]"), 8), "begin <= end");
  EXPECT_HAS(read(tensor("\"F32\"", "[2]", "[0]"), 8), "begin <= end");
  EXPECT_HAS(read(tensor("\"F32\"", "[2]", "[0,18446744073709551615]"), 8),
             "begin <= end");
  EXPECT_HAS(read(tensor("\"F32\"", "[2]", "[8,16]"), 8),
             "expects to end within the 8 bytes");
  EXPECT_HAS(read(R"({"t":{"dtype":"F32","shape":[],"data_offsets":[0,4],)"
                  R"("x":1}})",
                  4),
             "got 'x'");
}

TEST(Safetensors, RefusesOverlapsAndHoles) {
  EXPECT_HAS(
      read(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
           R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
           12),
      "(an overlap)");
  EXPECT_HAS(
      read(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
           R"("b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
           12),
      "(a hole)");
  EXPECT_HAS(
      read(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 8),
      "where the last tensor ends");
}
