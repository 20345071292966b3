// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qpc.json as written, and every way in which it can be wrong.

#include "Manifest.h"

#include "CPU.h"
#include "Error.h"
#include "FakePackage.h"

#include <gtest/gtest.h>

using namespace qeff::runtime;
using namespace qeff::runtime::test;
using nlohmann::json;

namespace {
json getManifest() {
  return json::parse(readFile(getFakePackage() + "/qpc.json"));
}

std::string parseError(const std::string &text) {
  try {
    Manifest::parse(text);
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

/// A change of one value, by its JSON pointer, and the message.
struct Case {
  const char *name;
  const char *pointer;
  const char *value; ///< JSON, or null to remove it
  const char *message;
};

class HostileManifest : public testing::TestWithParam<Case> {};

const Case cases[] = {
    {"format", "/format", "\"zip\"",
     "format: expects 'qeff.host-qpc', got 'zip'"},
    {"version", "/version", "2", "version: expects 1, got 2"},
    {"versionType", "/version", "\"1\"",
     "version: expects an integer in [0, 2147483647], got '1'"},
    {"producer", "/producer", nullptr,
     "producer: expects a value, got none"},
    {"cpu", "/cpu", "[]", "cpu: expects an object, got an array"},
    {"features", "/cpu/features/0", "7",
     "cpu.features[0]: expects a string, got 7"},
    {"noFeatures", "/cpu/features", "{}",
     "cpu.features: expects an array, got an object"},
    {"parentPath", "/files/program/path", "\"../program.so\"",
     "files.program.path: expects a file name inside the package, got "
     "'../program.so'"},
    {"absolutePath", "/files/weights/path", "\"/etc/passwd\"",
     "files.weights.path: expects a file name inside the package, got "
     "'/etc/passwd'"},
    {"dotPath", "/files/weights/path", "\"..\"",
     "files.weights.path: expects a file name inside the package, got '..'"},
    {"zeroInPath", "/files/weights/path", "\"a\\u0000b\"",
     "files.weights.path: expects a string without zero characters, got "},
    {"emptyPath", "/files/program/path", "\"\"",
     "files.program.path: expects a name, got ''"},
    {"fileSize", "/files/weights/size", "-1",
     "files.weights.size: expects an integer in [0, 281474976710656], got -1"},
    {"hugeFileSize", "/files/weights/size", "18446744073709551615",
     "files.weights.size: expects an integer in [0, 281474976710656], got "
     "18446744073709551615"},
    {"fraction", "/state_bytes", "1.5",
     "state_bytes: expects an integer in [0, 281474976710656], got a fraction"},
    {"hash", "/files/program/sha256", "\"abc\"",
     "files.program.sha256: expects 64 lower-case hex digits, got 'abc'"},
    {"vocabSize", "/model/vocab_size", "-1",
     "model.vocab_size: expects an integer in [0, 2147483647], got -1"},
    {"eos", "/model/eos_token_ids/0", "-3",
     "model.eos_token_ids[0]: expects an integer in [0, 2147483647], got -3"},
    {"stateOutside", "/state_bytes", "128",
     "states: expects 'past_key.0' inside state_bytes = 128, got offset 0 and "
     "size 480"},
    {"stateLayout", "/states/0/layout", "\"xyz\"",
     "states[0].layout: expects 'bhcd' or 'bhc/16dc', got 'xyz'"},
    {"stateRank", "/states/0/shape", "[3, 40]",
     "states[0].shape: expects 4 dims, got 2"},
    {"blockedStateSize", "/states/0/layout", "\"bhc/16dc\"",
     "states[0].size: expects 576 by dtype and shape, got 480"},
    {"twoStates", "/states/1", "{\"name\": \"past_key.0\", \"dtype\": \"f32\", "
     "\"shape\": [1, 1, 1, 1], \"layout\": \"bhcd\", \"offset\": 0, "
     "\"size\": 4}",
     "states: expects distinct names, got 'past_key.0' twice"},
    {"overlappingStates", "/states/1",
     "{\"name\": \"past_value.0\", \"dtype\": \"f32\", \"shape\": [1, 1, 1, "
     "1], \"layout\": \"bhcd\", \"offset\": 448, \"size\": 4}",
     "states: expects 'past_key.0' and 'past_value.0' not to overlap"},
    {"adapterBytes", "/adapter/bytes", "128",
     "adapter.targets: expects 'layers.0.self_attn a' inside adapter.bytes = "
     "128, got offset 128 and size 128"},
    {"adapterRank", "/adapter/max_lora_rank", "65537",
     "adapter.max_lora_rank: expects an integer in [1, 65536], got 65537"},
    {"noTargets", "/adapter/targets", "[]",
     "adapter.targets: expects 1 to 65536 targets, got 0"},
    {"twoTargets", "/adapter/targets/1/module", "\"layers.0.self_attn\"",
     "adapter.targets: expects distinct modules, got 'layers.0.self_attn' "
     "twice"},
    {"targetSize", "/adapter/targets/1/in", "4294967296",
     "adapter.targets: expects 'layers.0.mlp a' inside adapter.bytes = 8640, "
     "got offset 6400 and size 274877906944"},
    {"targetOffset", "/adapter/targets/1/a", "6401",
     "adapter.targets[1].a: expects a multiple of 64, got 6401"},
    {"targetOverlap", "/adapter/targets/1/header", "0",
     "adapter.targets: expects 'layers.0.self_attn header' and 'layers.0.mlp "
     "header' not to overlap"},
    {"noParts", "/adapter/targets/0/parts", "[]",
     "adapter.targets[0].parts: expects 1 to 64 parts, got 0"},
    {"partRows", "/adapter/targets/0/parts/1/row", "32",
     "adapter.targets[0].parts[1].row: expects an integer in [33, 39], got "
     "32"},
    {"partSize", "/adapter/targets/0/parts/1/size", "8",
     "adapter.targets[0].parts[1].size: expects an integer in [1, 7], got 8"},
    {"partOffset", "/adapter/targets/1/parts/0/b", "6656",
     "adapter.targets: expects 'layers.0.mlp b 0' inside adapter.bytes = 8640, "
     "got offset 6656 and size 2048"},
    {"noFunctions", "/functions", "[]",
     "functions: expects 1 to 1024 functions, got 0"},
    {"twoFunctions", "/functions/1/name", "\"prefill\"",
     "functions: expects distinct names, got 'prefill' twice"},
    {"emptyName", "/functions/1/name", "\"\"",
     "functions[1].name: expects a name, got ''"},
    {"dims", "/functions/0/dims/seq_len", "-1",
     "functions[0].dims.seq_len: expects an integer in [0, 4294967296], got "
     "-1"},
    {"dtype", "/functions/0/inputs/0/dtype", "\"f8\"",
     "functions[0].inputs[0].dtype: expects one of bool, i8, u8, i16, u16, "
     "i32, u32, i64, u64, f16, bf16, f32, f64, got 'f8'"},
    {"unaligned", "/functions/0/inputs/1/offset", "8",
     "functions[0].inputs[1].offset: expects a multiple of 64, got 8"},
    {"overlap", "/functions/0/inputs/1/offset", "64",
     "functions[0]: expects 'input_ids' and 'position_ids' not to overlap"},
    {"outside", "/functions/0/inputs/1/offset", "281474976710656",
     "functions[0]: expects 'position_ids' inside io_bytes = 1932, got offset "
     "281474976710656 and size 384"},
    {"tensorSize", "/functions/0/inputs/1/size", "383",
     "functions[0].inputs[1].size: expects 384 by dtype and shape, got 383"},
    {"negativeDim", "/functions/0/inputs/1/shape/0", "-3",
     "functions[0].inputs[1].shape[0]: expects an integer in [0, 4294967296], "
     "got -3"},
    {"wildShape", "/functions/0/inputs/1/shape",
     "[4294967296, 4294967296, 4294967296]",
     "functions[0].inputs[1].shape: expects at most 2^48 bytes, got an array"},
    {"wildRank", "/functions/0/inputs/1/shape", "[1,1,1,1,1,1,1,1,1]",
     "functions[0].inputs[1].shape: expects at most 8 dims, got 9"},
    {"twoTensors", "/functions/0/inputs/1/name", "\"input_ids\"",
     "functions[0]: expects distinct names, got 'input_ids' twice"},
};
} // namespace

TEST_P(HostileManifest, message) {
  json manifest = getManifest();
  json::json_pointer pointer(GetParam().pointer);
  if (GetParam().value) {
    manifest[pointer] = json::parse(GetParam().value);
  } else {
    manifest[pointer.parent_pointer()].erase(pointer.back());
  }
  std::string message = parseError(manifest.dump());
  EXPECT_EQ(message.substr(0, std::strlen(GetParam().message)),
            GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, HostileManifest, testing::ValuesIn(cases),
    [](const auto &info) { return std::string(info.param.name); });

TEST(Manifest, reads) {
  Manifest manifest = Manifest::parse(getManifest().dump());
  EXPECT_EQ(manifest.architecture, "ToyForCausalLM");
  EXPECT_EQ(manifest.vocabSize, FAKE_VOCAB);
  EXPECT_EQ(manifest.eosTokenIds, (std::vector<int64_t>{2}));
  EXPECT_EQ(manifest.stateBytes, uint64_t(FAKE_STATE_BYTES));
  ASSERT_EQ(manifest.functions.size(), 2u);
  EXPECT_EQ(manifest.adapter.maxRank, FAKE_RANK);
  EXPECT_EQ(manifest.adapter.getCapacity(), 16);
  ASSERT_EQ(manifest.adapter.targets.size(), 2u);
  EXPECT_EQ(manifest.adapter.targets[0].parts[1].row, 33);
  const FunctionDesc &prefill = manifest.functions[0];
  EXPECT_EQ(prefill.getDim("seq_len"), FAKE_PREFILL);
  EXPECT_EQ(prefill.getDim("other"), -1);
  EXPECT_EQ(prefill.findTensor("logits")->shape,
            (std::vector<int64_t>{FAKE_BATCH, 1, FAKE_VOCAB}));
  EXPECT_EQ(prefill.findTensor("past_key.0"), nullptr);
}

TEST(Manifest, withoutAdapter) {
  json manifest = getManifest();
  manifest.erase("adapter");
  EXPECT_EQ(Manifest::parse(manifest.dump()).adapter.bytes, 0u);
}

TEST(Manifest, text) {
  EXPECT_EQ(parseError(""), "malformed JSON at byte 1");
  EXPECT_EQ(parseError("{\"format\": \"a\", \"format\": \"b\"}"),
            "duplicate key 'format'");
  EXPECT_EQ(parseError("\"\xff\""), "malformed JSON at byte 2");
  EXPECT_EQ(parseError(std::string(100000, '[')), "nested deeper than 16");
  std::string wide = "[0";
  for (int i = 0; i < (1 << 20); ++i) {
    wide += ",0";
  }
  EXPECT_EQ(parseError(wide + "]"), "more than 1048576 values");
  EXPECT_EQ(parseError("[]"), "expects an object, got an array");
  EXPECT_EQ(parseError("3"), "expects an object, got 3");
}

// Every prefix of the text, and every byte of it changed, gives an error or
// a manifest; under AddressSanitizer this is a small deterministic fuzzer.
TEST(Manifest, damagedText) {
  std::string text = getManifest().dump();
  for (size_t i = 0; i < text.size(); ++i) {
    EXPECT_NE(parseError(text.substr(0, i)), "");
    for (char byte : {'\0', '"', '9', '-', '{', ']', '\xff'}) {
      std::string damaged = text;
      damaged[i] = byte;
      parseError(damaged);
    }
  }
}

TEST(CPU, features) {
  EXPECT_TRUE(getMissingFeatures({}).empty());
  EXPECT_EQ(getMissingFeatures({"quantum", "+avx2"}),
            (std::vector<std::string>{"quantum", "+avx2"}));
#if defined(__x86_64__)
  EXPECT_TRUE(getMissingFeatures({"sse2", "64bit", "cmov"}).empty());
  EXPECT_EQ(getMissingFeatures({"avx2"}).empty(),
            bool(__builtin_cpu_supports("avx2")));
  EXPECT_EQ(getMissingFeatures({"fma"}).empty(),
            bool(__builtin_cpu_supports("fma")));
  EXPECT_EQ(getMissingFeatures({"avx512f"}).empty(),
            bool(__builtin_cpu_supports("avx512f")));
  EXPECT_EQ(getMissingFeatures({"avx512vnni"}).empty(),
            bool(__builtin_cpu_supports("avx512vnni")));
  EXPECT_EQ(getMissingFeatures({"bmi2"}).empty(),
            bool(__builtin_cpu_supports("bmi2")));
#endif
}
