// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GGUF headers, good and hostile.

#include "qeff/Import/GGUF.h"
#include "TestFiles.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace qeff;
using namespace qeff::test;

static std::string read(llvm::StringRef bytes) {
  return getMessage(readGGUFHeader(makeFile(bytes)));
}

#define EXPECT_HAS(text, part)                                                 \
  EXPECT_NE((text).find(part), std::string::npos) << (text)

/// A file with a value of every type and a tensor of every type read here.
static GGUFWriter makeFull() {
  GGUFWriter writer;
  writer.addString("general.architecture", "llama");
  writer.add<uint8_t>("u8", U8, 200);
  writer.add<int8_t>("i8", I8, -3);
  writer.add<uint16_t>("u16", U16, 60000);
  writer.add<int16_t>("i16", I16, -300);
  writer.add<uint32_t>("u32", U32, 4000000000u);
  writer.add<int32_t>("i32", I32, -70000);
  writer.add<float>("f32", F32, 0.5f);
  writer.add<uint8_t>("bool", Bool, 1);
  writer.add<uint64_t>("u64", U64, 1ull << 63);
  writer.add<int64_t>("i64", I64, -(1ll << 40));
  writer.add<double>("f64", F64, 0.25);
  std::string numbers;
  for (int32_t number : {1, -2, 3}) {
    append<int32_t>(numbers, number);
  }
  writer.addArray("numbers", I32, 3, numbers);
  writer.addArray("strings", String, 2,
                  GGUFWriter::text("one") + GGUFWriter::text("two"));
  std::string nested;
  append<uint32_t>(nested, U8);
  append<uint64_t>(nested, 2);
  writer.addArray("nested", Array, 1, nested + "ab");
  writer.addTensor("f32", {2}, 0, 0);
  writer.addTensor("f16", {4, 2}, 1, 32);
  writer.addTensor("bf16", {4}, 30, 64);
  writer.addTensor("q8_0", {32, 2}, 8, 96);
  writer.addTensor("q4_0", {32}, 2, 192);
  writer.addTensor("q4_1", {64}, 3, 224);
  writer.addTensor("q6_k", {256}, 14, 288);
  return writer;
}

TEST(GGUF, ReadsEverything) {
  for (uint32_t version : {2u, 3u}) {
    GGUFWriter writer = makeFull();
    writer.version = version;
    InputFile file = makeFile(writer.write(512));
    llvm::Expected<GGUFHeader> header = readGGUFHeader(file);
    ASSERT_TRUE(bool(header)) << llvm::toString(header.takeError());
    const llvm::json::Object &metadata = header->metadata;
    EXPECT_EQ(metadata.getString("general.architecture"), "llama");
    EXPECT_EQ(metadata.getInteger("u8"), 200);
    EXPECT_EQ(metadata.getInteger("i8"), -3);
    EXPECT_EQ(metadata.getInteger("u16"), 60000);
    EXPECT_EQ(metadata.getInteger("i16"), -300);
    EXPECT_EQ(metadata.getInteger("u32"), 4000000000);
    EXPECT_EQ(metadata.getInteger("i32"), -70000);
    EXPECT_EQ(metadata.getNumber("f32"), 0.5);
    EXPECT_EQ(metadata.getBoolean("bool"), true);
    EXPECT_EQ(metadata.get("u64")->getAsUINT64(), 1ull << 63);
    EXPECT_EQ(metadata.getInteger("i64"), -(1ll << 40));
    EXPECT_EQ(metadata.getNumber("f64"), 0.25);
    EXPECT_EQ(*metadata.getArray("numbers"), (llvm::json::Array{1, -2, 3}));
    EXPECT_EQ(header->arrayLengths["strings"], 2u);
    EXPECT_EQ(header->arrayLengths["nested"], 1u);
    EXPECT_EQ(header->tensors["f16"].shape, (std::vector<int64_t>{2, 4}));
    EXPECT_EQ(header->tensors["q8_0"].type, StoredType::Q8_0);
    EXPECT_EQ(header->tensors["q8_0"].offset, header->size + 96);
    EXPECT_EQ(header->tensors["q6_k"].type, StoredType::Other);
    EXPECT_EQ(header->tensors["q6_k"].typeName, "Q6_K");
    EXPECT_EQ(header->size % 32, 0u);
    EXPECT_EQ(header->size + 512, file.getSize());
  }
}

TEST(GGUF, RefusesEveryTruncation) {
  std::string file = makeFull().write(288);
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_NE(read(llvm::StringRef(file).take_front(size)), "") << size;
  }
  EXPECT_EQ(read(file), "");
}

TEST(GGUF, RefusesOtherFiles) {
  EXPECT_HAS(read("GGML" + std::string(100, '\0')), "other first bytes");
  GGUFWriter writer;
  for (uint32_t version : {0u, 1u, 4u, 0x03000000u}) {
    writer.version = version;
    EXPECT_HAS(read(writer.write()), "expects version 2 or 3, little-endian");
  }
}

TEST(GGUF, RefusesWildCounts) {
  GGUFWriter writer = makeFull();
  writer.tensorCount = ~0ull;
  EXPECT_HAS(read(writer.write()), "expects a count of tensors");
  writer = makeFull();
  writer.metadataCount = 1ull << 60;
  EXPECT_HAS(read(writer.write()), "expects a count of metadata pairs");
}

TEST(GGUF, RefusesWildStringsAndArrays) {
  std::string wild;
  append<uint64_t>(wild, ~0ull);
  GGUFWriter writer;
  writer.addRaw("key", String, wild);
  EXPECT_HAS(read(writer.write()), "expects a string that fits the file");

  writer = GGUFWriter();
  writer.metadata = wild + std::string(64, '\0');
  writer.metadataCount = 1;
  EXPECT_HAS(read(writer.write()), "expects a key of at most");

  for (uint32_t type : {U8, F64, String, Array}) {
    writer = GGUFWriter();
    writer.addArray("key", type, 1ull << 61, "");
    EXPECT_HAS(read(writer.write()), "expects an array that fits the file");
  }
  writer = GGUFWriter();
  writer.addArray("key", String, 1, wild);
  EXPECT_HAS(read(writer.write()), "got the end of the file");
}

TEST(GGUF, RefusesDeepArrays) {
  std::string level;
  append<uint32_t>(level, Array);
  append<uint64_t>(level, 1);
  std::string deep;
  for (int i = 0; i < 1000; ++i) {
    deep += level;
  }
  GGUFWriter writer;
  writer.addArray("key", Array, 1, deep);
  EXPECT_HAS(read(writer.write()), "nested at most 4 deep");
}

TEST(GGUF, RefusesBadValues) {
  GGUFWriter writer;
  writer.add<uint8_t>("flag", Bool, 2);
  EXPECT_HAS(read(writer.write()), "expects a boolean of 0 or 1, got 2");
  writer = GGUFWriter();
  writer.add<uint32_t>("key", 13, 0);
  EXPECT_HAS(read(writer.write()), "expects a value type up to 12, got 13");
  writer = GGUFWriter();
  writer.addString("key", "\xff");
  EXPECT_HAS(read(writer.write()), "expects UTF-8");
  writer = GGUFWriter();
  writer.addString("\xff", "text");
  EXPECT_HAS(read(writer.write()), "expects a key in UTF-8");
  writer = GGUFWriter();
  writer.addString("key", "a");
  writer.addString("key", "b");
  EXPECT_HAS(read(writer.write()), "got it twice");
}

TEST(GGUF, RefusesBadAlignment) {
  for (uint32_t alignment : {0u, 4u, 12u, 1u << 30}) {
    GGUFWriter writer;
    writer.add<uint32_t>("general.alignment", U32, alignment);
    EXPECT_HAS(read(writer.write()), "expects a multiple of 8");
  }
  GGUFWriter writer;
  writer.add<uint32_t>("general.alignment", U32, 64);
  writer.addTensor("a", {2}, 0, 0);
  writer.addTensor("b", {2}, 0, 64);
  EXPECT_EQ(read(writer.write(72, 64)), "");
  writer.addTensor("c", {2}, 0, 96);
  EXPECT_HAS(read(writer.write(128, 64)), "a multiple of 64, got 96");
}

TEST(GGUF, RefusesBadTensors) {
  GGUFWriter writer;
  writer.addTensor("t", {1, 1, 1, 1, 1}, 0, 0);
  EXPECT_HAS(read(writer.write(64)), "expects at most 4 axes, got 5");
  writer = GGUFWriter();
  writer.addTensor("t", {1ull << 33, 1ull << 33}, 0, 0);
  EXPECT_HAS(read(writer.write(64)), "fits 64 bits");
  writer = GGUFWriter();
  writer.addTensor("t", {~0ull}, 0, 0);
  EXPECT_HAS(read(writer.write(64)), "fit 63 bits");
  writer = GGUFWriter();
  writer.addTensor("t", {16}, 8, 0);
  EXPECT_HAS(read(writer.write(64)), "whole 32-element blocks of Q8_0");
  writer = GGUFWriter();
  writer.addTensor("t", {16, 2}, 2, 0);
  EXPECT_HAS(read(writer.write(64)), "whole 32-element blocks of Q4_0");
  writer = GGUFWriter();
  writer.addTensor("t", {8}, 0, 64);
  EXPECT_HAS(read(writer.write(64)), "is the file cut off?");
  writer = GGUFWriter();
  writer.addTensor("t", {8}, 0, ~0ull - 31);
  EXPECT_HAS(read(writer.write(64)), "is the file cut off?");
  writer = GGUFWriter();
  writer.addTensor("t", {1}, 0, 0);
  writer.addTensor("t", {1}, 0, 32);
  EXPECT_HAS(read(writer.write(64)), "got it twice");
  writer = GGUFWriter();
  writer.addTensor("a", {16}, 0, 0);
  writer.addTensor("b", {1}, 0, 32);
  EXPECT_HAS(read(writer.write(64)), "got an overlap");
  writer = GGUFWriter();
  writer.addTensor(std::string(300, 'n'), {1}, 0, 0);
  EXPECT_HAS(read(writer.write(64)), "a tensor's name of at most 256");
}

TEST(GGUF, KeepsMemoryBounded) {
  // Many keys with large arrays: more than what may stay in memory.
  GGUFWriter writer;
  std::string numbers(4096, '\1');
  for (int i = 0; i < 1000; ++i) {
    writer.addArray(std::to_string(i), U8, 4096, numbers);
  }
  EXPECT_HAS(read(writer.write()), "expects names and values of at most");
}

TEST(GGUF, WritesTheMetadataAlone) {
  InputFile file = makeFile(makeFull().write(512));
  GGUFHeader header = llvm::cantFail(readGGUFHeader(file));
  std::string path = testing::TempDir() + "/metadata.gguf";
  ASSERT_FALSE(bool(writeGGUFMetadata(file, header, path)));
  GGUFHeader copy =
      llvm::cantFail(readGGUFHeader(llvm::cantFail(InputFile::open(path))));
  EXPECT_EQ(copy.metadata, header.metadata);
  EXPECT_EQ(copy.metadataCount, header.metadataCount);
  EXPECT_TRUE(copy.tensors.empty());
  EXPECT_TRUE(bool(llvm::errorToBool(
      writeGGUFMetadata(file, header, "/nonexistent/metadata.gguf"))));
}

TEST(GGUF, MapsNames) {
  static constexpr GGUFNames::Key keys[] = {{"block_count", "layers"}};
  static constexpr GGUFNames::Module modules[] = {
      {"blk.%.q", "model.layers.%.q_proj", false, "heads"},
      {"blk.%.fc", "h.%.fc", true, ""},
      {"output", "lm_head", false, ""}};
  GGUFNames names = {"llama", keys, modules};
  names.complete = [](const InputFile &, const GGUFHeader &,
                      llvm::json::Object &config) -> llvm::Error {
    config["heads"] = 3;
    return llvm::Error::success();
  };
  GGUFWriter writer;
  writer.add<uint32_t>("llama.block_count", U32, 12);
  writer.add<uint32_t>("tokenizer.ggml.eos_token_id", U32, 7);
  writer.add<uint32_t>("tokenizer.ggml.eot_token_id", U32, 9);
  writer.addTensor("blk.11.q.weight", {2}, 0, 0);
  writer.addTensor("blk.0.fc.bias", {2}, 0, 32);
  writer.addTensor("blk.x.q.weight", {2}, 0, 64);
  writer.addTensor("token_embd.weight", {2, 5}, 0, 96);
  InputFile file = makeFile(writer.write(256));
  GGUFHeader header = llvm::cantFail(readGGUFHeader(file));
  Checkpoint checkpoint = llvm::cantFail(mapGGUF(file, header, names));
  EXPECT_EQ(checkpoint.config.getInteger("layers"), 12);
  EXPECT_EQ(checkpoint.config.getInteger("vocab_size"), 5);
  EXPECT_EQ(checkpoint.config.getBoolean("tie_word_embeddings"), true);
  EXPECT_EQ(*checkpoint.config.getArray("eos_token_id"),
            (llvm::json::Array{7, 9}));
  EXPECT_EQ(checkpoint.tensors["model.layers.11.q_proj.weight"].ropePairHeads,
            3);
  EXPECT_TRUE(checkpoint.tensors["h.0.fc.bias"].transposed);
  EXPECT_TRUE(checkpoint.tensors.contains("blk.x.q.weight"));
}
