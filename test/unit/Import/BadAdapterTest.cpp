// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters that are refused: each error says what was expected and where.

#include "AdapterReading.h"

#include <limits>

using namespace qeff;
using namespace qeff::test;

namespace json = llvm::json;

namespace {
class BadAdapterTest : public AdapterReading {
protected:
  /// An adapter of q_proj that fits.
  static TestAdapter makeGood() {
    TestAdapter adapter;
    adapter.config["target_modules"] = json::Array{"q_proj"};
    adapter.addPair("model.layers.0.self_attn.q_proj", 16, 16);
    adapter.addPair("model.layers.1.self_attn.q_proj", 16, 16);
    return adapter;
  }

  std::string refuse(const TestAdapter &adapter,
                     const AdapterOptions &options = {}) {
    Reading reading = read(adapter, makeLlamaModules(), options);
    EXPECT_FALSE(reading.adapter);
    // One clear error.
    EXPECT_EQ(llvm::StringRef(reading.messages).count('\n'), 1u)
        << reading.messages;
    return reading.messages;
  }

  std::string refuseConfig(StringRef key, json::Value value) {
    TestAdapter adapter = makeGood();
    adapter.config[key.str()] = std::move(value);
    return refuse(adapter);
  }
};
} // namespace

TEST_F(BadAdapterTest, TheGoodOneIsGood) {
  Reading reading = read(makeGood(), makeLlamaModules());
  EXPECT_TRUE(reading.adapter) << reading.messages;
}

TEST_F(BadAdapterTest, AnotherBaseOfOtherSizes) {
  TestAdapter adapter = makeGood();
  adapter.tensors[2].shape = {4, 20};
  EXPECT_EQ(refuse(adapter),
            "adapter_model.safetensors: expects tensor 'base_model.model.model"
            ".layers.1.self_attn.q_proj.lora_A.weight' of shape [4, 16], as "
            "the base has module 'model.layers.1.self_attn.q_proj' (linear, "
            "16 to 16), got shape [4, 20]\n");
}

TEST_F(BadAdapterTest, AnotherBaseOfMoreLayers) {
  TestAdapter adapter = makeGood();
  adapter.addPair("model.layers.2.self_attn.q_proj", 16, 16);
  EXPECT_EQ(refuse(adapter),
            "adapter_model.safetensors: expects only tensors that the "
            "configuration calls for, got 'base_model.model.model.layers.2."
            "self_attn.q_proj.lora_A.weight' of module 'model.layers.2."
            "self_attn.q_proj', which the base does not have and 1 more\n");
}

TEST_F(BadAdapterTest, AnotherFamily) {
  Reading reading = read(makeGood(), makeGPT2Modules());
  EXPECT_EQ(reading.messages,
            "adapter_config.json: expects 'target_modules' to name modules "
            "that the base has, got 'q_proj', near 'c_proj'\n");
}

TEST_F(BadAdapterTest, MissingTensors) {
  TestAdapter adapter = makeGood();
  adapter.tensors.pop_back();
  EXPECT_EQ(refuse(adapter),
            "adapter_model.safetensors: expects tensor 'base_model.model.model"
            ".layers.1.self_attn.q_proj.lora_B.weight' of shape [16, 4], got "
            "none\n");
}

TEST_F(BadAdapterTest, ExtraTensors) {
  TestAdapter adapter = makeGood();
  adapter.addPair("model.layers.1.self_attn.k_proj", 16, 8);
  EXPECT_HAS(refuse(adapter), "expects only tensors that the configuration "
                              "calls for, got 'base_model.model.model.layers"
                              ".1.self_attn.k_proj.lora_A.weight' and 1 more");
  adapter = makeGood();
  adapter.tensors.push_back({"q_proj.lora_A.weight", {4, 16}});
  EXPECT_HAS(refuse(adapter),
             "got 'q_proj.lora_A.weight', which does not begin with "
             "'base_model.model.'");
  adapter = makeGood();
  adapter.tensors.push_back(
      {"base_model.model.model.layers.0.self_attn.q_proj.base_layer.weight",
       {16, 16}});
  EXPECT_HAS(refuse(adapter), "q_proj.base_layer.weight'");
}

TEST_F(BadAdapterTest, TargetsThatAreNone) {
  EXPECT_HAS(refuseConfig("target_modules", nullptr),
             "expects names of modules for 'target_modules', got nothing");
  EXPECT_HAS(refuseConfig("target_modules", json::Array{}),
             "to mean a module of the base, got none");
  EXPECT_HAS(refuseConfig("target_modules", "nothing"),
             "to mean a module of the base, got none");
  EXPECT_HAS(refuseConfig("target_modules", json::Array{"q_proj", "w1"}),
             "to name modules that the base has, got 'w1'");
  EXPECT_HAS(refuseConfig("target_modules", json::Array{"q_proj", "mlp"}),
             "to mean linear layers and embeddings, got "
             "'model.layers.0.mlp', which holds other modules");
  EXPECT_HAS(refuseConfig("target_modules", json::Array{"model.norm"}),
             "got 'model.norm', which is a norm");
  EXPECT_HAS(refuseConfig("target_modules", json::Array{"q_proj", 1}),
             "expects strings that are not empty for 'target_modules'");
  EXPECT_HAS(refuseConfig("modules_to_save", json::Array{"score"}),
             "expects 'modules_to_save' to name modules that the base has, "
             "got 'score'");
  // PEFT takes it as an ending for saving, not for leaving out.
  EXPECT_HAS(refuseConfig("modules_to_save", json::Array{"_proj"}),
             "expects a module to be a target or to be saved, got "
             "'model.layers.0.self_attn.q_proj' for both");
}

TEST_F(BadAdapterTest, OtherMethods) {
  for (const char *method :
       {"IA3", "PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING", "ADALORA", "LOHA",
        "LOKR", "OFT", "BOFT", "VERA", "TRAINABLE_TOKENS"}) {
    EXPECT_EQ(refuseConfig("peft_type", method),
              "adapter_config.json: expects 'LORA' for 'peft_type', got \"" +
                  std::string(method) + "\"\n");
  }
  EXPECT_HAS(refuseConfig("peft_type", nullptr),
             "expects 'LORA' for 'peft_type', got nothing");
}

TEST_F(BadAdapterTest, FieldsThatAreNotSupported) {
  const std::pair<const char *, json::Value> cases[] = {
      {"lora_bias", true},
      {"layer_replication", json::Array{json::Array{0, 1}}},
      {"trainable_token_indices", json::Array{1}},
      {"alora_invocation_tokens", json::Array{1}},
      {"target_parameters", json::Array{"w"}},
      {"megatron_config", json::Object{{"a", 1}}},
      {"use_qalora", true},
      {"ensure_weight_tying", true},
      {"kasa_config", json::Object{{"beta", 1}}},
      {"field_of_a_later_version", 3},
      {"init_lora_weights", "pissa_niter_4"},
      {"init_lora_weights", "olora"},
      {"bias", "some"},
  };
  for (const auto &[key, value] : cases) {
    EXPECT_HAS(refuseConfig(key, value), "for '" + std::string(key) + "', got");
  }
}

TEST_F(BadAdapterTest, ValuesOfTheConfiguration) {
  EXPECT_HAS(refuseConfig("r", 0), "expects an integer from 1 to 65536");
  EXPECT_HAS(refuseConfig("lora_alpha", "8"), "expects a finite number");
  EXPECT_HAS(refuseConfig("rank_pattern", json::Object{{"q_proj", 0}}),
             "for 'rank_pattern.q_proj', got 0");
  EXPECT_HAS(refuseConfig("alpha_pattern", json::Object{{"q_proj", nullptr}}),
             "for 'alpha_pattern.q_proj', got nothing");
  EXPECT_HAS(refuseConfig("rank_pattern", json::Object{{"(q", 3}}),
             "got 'missing ), unterminated subpattern' at character 0 of '(q' "
             "in 'rank_pattern'");
  EXPECT_HAS(refuseConfig("target_modules", R"(.*\N{DOT})"),
             "without characters by name (\\N{...}), which PCRE2 has no equal "
             "of, got one at character 2 of '.*\\N{DOT}' in 'target_modules'");
  EXPECT_HAS(refuseConfig("layers_pattern", "layers"),
             "expects layers where 'layers_pattern' is given for "
             "'layers_to_transform', got nothing");
  TestAdapter adapter = makeGood();
  adapter.config["target_modules"] = ".*q_proj";
  adapter.config["layers_to_transform"] = json::Array{0};
  EXPECT_HAS(refuse(adapter), "expects no value where 'target_modules' is a "
                              "string for 'layers_to_transform'");
}

TEST_F(BadAdapterTest, RankAboveTheCapacity) {
  AdapterOptions options;
  options.maxRank = 2;
  EXPECT_EQ(refuse(makeGood(), options),
            "adapter_config.json: expects ranks of at most 2, got 4 for "
            "'model.layers.0.self_attn.q_proj'\n");
}

TEST_F(BadAdapterTest, WhatCannotBeSwitched) {
  AdapterOptions options;
  options.swap = true;
  const std::pair<const char *, json::Value> cases[] = {
      {"use_dora", true},
      {"modules_to_save", json::Array{"lm_head"}},
      {"bias", "all"},
  };
  for (const auto &[key, value] : cases) {
    TestAdapter adapter = makeGood();
    adapter.config[key] = value;
    EXPECT_HAS(refuse(adapter, options),
               "expects an adapter that can be switched while running, got '" +
                   std::string(key) + "'");
  }
  TestAdapter adapter = makeGood();
  adapter.config["target_modules"] = json::Array{"embed_tokens"};
  EXPECT_HAS(refuse(adapter, options),
             "got a change of the embedding 'model.embed_tokens'");
  options.swap = false;
  options.targetsOnly = true;
  EXPECT_HAS(refuse(makeGood(), options),
             "expects only modules that the package takes adapters of, got "
             "'model.layers.0.self_attn.q_proj'");
}

TEST_F(BadAdapterTest, ValuesThatAreNotFinite) {
  TestAdapter adapter = makeGood();
  for (float value : {std::numeric_limits<float>::quiet_NaN(),
                      -std::numeric_limits<float>::infinity()}) {
    adapter.write(folder);
    std::string weights = adapter.makeWeights();
    std::memcpy(weights.data() + weights.size() - 12, &value, 4);
    folder.write("adapter_model.safetensors", weights);
    Reading reading = read(makeLlamaModules());
    EXPECT_EQ(reading.messages,
              "adapter_model.safetensors: expects finite values in tensor "
              "'base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight'"
              ", got NaN or infinity as element 61\n");
    AdapterOptions options;
    options.allowNonfinite = true;
    EXPECT_TRUE(read(makeLlamaModules(), options).adapter);
  }
}

TEST_F(BadAdapterTest, TypesThatAreNotRead) {
  TestAdapter adapter = makeGood();
  adapter.write(folder);
  std::string weights = adapter.makeWeights();
  for (size_t at; (at = weights.find("\"F32\"")) != std::string::npos;) {
    weights.replace(at, 5, "\"I32\"");
  }
  folder.write("adapter_model.safetensors", weights);
  EXPECT_HAS(read(makeLlamaModules()).messages,
             "of type F32, F16 or BF16, got I32");
}

TEST_F(BadAdapterTest, NamesThatOccurTwice) {
  TestAdapter adapter = makeGood();
  adapter.write(folder);
  std::string weights = adapter.makeWeights();
  size_t at = weights.find("layers.0.self_attn.q_proj.lora_A");
  weights.replace(at, 8, "layers.1");
  folder.write("adapter_model.safetensors", weights);
  EXPECT_HAS(read(makeLlamaModules()).messages,
             "expects distinct names in each JSON object, got one twice");
}

TEST_F(BadAdapterTest, TruncatedFiles) {
  TestAdapter adapter = makeGood();
  adapter.write(folder);
  std::string weights = adapter.makeWeights();
  for (size_t size = 0; size < weights.size(); size += 7) {
    folder.write("adapter_model.safetensors",
                 llvm::StringRef(weights).take_front(size));
    Reading reading = read(makeLlamaModules());
    EXPECT_FALSE(reading.adapter);
    EXPECT_HAS(reading.messages, "adapter_model.safetensors: ");
  }
  std::string config = adapter.makeConfig();
  for (size_t size = 0; size < config.size(); size += 3) {
    folder.write("adapter_config.json",
                 llvm::StringRef(config).take_front(size));
    EXPECT_HAS(read(makeLlamaModules()).messages,
               "adapter_config.json: expects JSON, got a syntax error");
  }
}

TEST_F(BadAdapterTest, FilesThatAreNotThere) {
  EXPECT_HAS(read(makeLlamaModules()).messages,
             "adapter_config.json: cannot open the file");
  folder.write("adapter_config.json", makeGood().makeConfig());
  EXPECT_HAS(read(makeLlamaModules()).messages,
             "adapter_model.safetensors: cannot open the file");
  folder.write("adapter_model.bin", "");
  EXPECT_HAS(read(makeLlamaModules()).messages,
             "adapter_model.safetensors: expects this file, got "
             "adapter_model.bin, which is a pickle");
}
