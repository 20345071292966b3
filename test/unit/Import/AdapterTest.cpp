// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters that fit: every key of the configuration, and which modules, ranks
// and tensors follow from it.

#include "AdapterReading.h"

using namespace qeff;
using namespace qeff::test;

namespace json = llvm::json;

using AdapterTest = AdapterReading;

static std::vector<std::string> getModules(const Adapter &adapter) {
  std::vector<std::string> modules;
  for (const AdapterPair &pair : adapter.pairs) {
    modules.push_back(pair.module);
  }
  return modules;
}

static std::vector<std::string> getParameters(const Adapter &adapter) {
  std::vector<std::string> names;
  for (const AdapterParameter &parameter : adapter.parameters) {
    names.push_back(parameter.module + "." + parameter.name);
  }
  return names;
}

using Names = std::vector<std::string>;

TEST_F(AdapterTest, ReadsSuffixes) {
  TestAdapter adapter;
  adapter.config["target_modules"] = json::Array{"q_proj", "self_attn.v_proj"};
  for (const char *layer : {"0", "1"}) {
    std::string base = "model.layers." + std::string(layer) + ".self_attn.";
    adapter.addPair(base + "q_proj", 16, 16);
    adapter.addPair(base + "v_proj", 16, 8);
  }
  Reading reading = read(adapter, makeLlamaModules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  EXPECT_EQ(getModules(*reading.adapter),
            (Names{"model.layers.0.self_attn.q_proj",
                   "model.layers.0.self_attn.v_proj",
                   "model.layers.1.self_attn.q_proj",
                   "model.layers.1.self_attn.v_proj"}));
  const AdapterPair &pair = reading.adapter->pairs[1];
  EXPECT_EQ(pair.rank, 4);
  EXPECT_EQ(pair.scaling, 2.0);
  EXPECT_EQ(pair.a.tensor.shape, (std::vector<int64_t>{4, 16}));
  EXPECT_EQ(pair.b.tensor.shape, (std::vector<int64_t>{8, 4}));
  EXPECT_EQ(reading.adapter->getMaxRank(), 4);
  EXPECT_EQ(reading.messages, "");
}

TEST_F(AdapterTest, SuffixesAreWholeComponents) {
  TestAdapter adapter;
  adapter.config["target_modules"] = json::Array{"q_proj", "proj"};
  Reading reading = read(adapter, makeLlamaModules());
  EXPECT_HAS(reading.messages,
             "adapter_config.json: expects 'target_modules' to name modules "
             "that the base has, got 'proj'");
}

static AdapterModules change(const AdapterModules &modules, StringRef drop,
                             StringRef add) {
  AdapterModules result;
  for (AdapterModule module : modules.getAll()) {
    StringRef path = module.path;
    path.consume_front(drop);
    module.path = (add + path).str();
    result.add(std::move(module));
  }
  return result;
}

TEST_F(AdapterTest, FitsAGraphThatWasWrapped) {
  TestAdapter adapter;
  adapter.config["target_modules"] = R"(model\.layers\.1\.mlp\.up_proj)";
  adapter.addPair("model.layers.1.mlp.up_proj", 16, 24);
  AdapterModules wrapped = change(makeLlamaModules(), "", "outer.inner.");
  EXPECT_FALSE(read(adapter, wrapped).adapter);
  wrapped.fromGraph = true;
  Reading reading = read(adapter, wrapped);
  ASSERT_TRUE(reading.adapter) << reading.messages;
  EXPECT_EQ(getModules(*reading.adapter),
            Names{"outer.inner.model.layers.1.mlp.up_proj"});
}

TEST_F(AdapterTest, FitsAGraphOfAPart) {
  TestAdapter adapter;
  adapter.config["target_modules"] = R"(model\.layers\.1\.mlp\.up_proj)";
  adapter.addPair("model.layers.1.mlp.up_proj", 16, 24);
  AdapterModules part = change(makeLlamaModules(), "model.", "");
  part.fromGraph = true;
  Reading reading = read(adapter, part);
  ASSERT_TRUE(reading.adapter) << reading.messages;
  EXPECT_EQ(getModules(*reading.adapter), Names{"layers.1.mlp.up_proj"});
}

TEST_F(AdapterTest, ReadsARegularExpression) {
  TestAdapter adapter;
  adapter.config["target_modules"] =
      R"(model\.layers\.[1-9]\.mlp\.(?:up|down)_proj)";
  adapter.addPair("model.layers.1.mlp.up_proj", 16, 24);
  adapter.addPair("model.layers.1.mlp.down_proj", 24, 16);
  Reading reading = read(adapter, makeLlamaModules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  EXPECT_EQ(reading.adapter->pairs.size(), 2u);
}

TEST_F(AdapterTest, AllLinearLeavesTheHead) {
  TestAdapter adapter;
  adapter.config["target_modules"] = "All-Linear";
  AdapterModules modules = makeLlamaModules();
  for (const AdapterModule &module : modules.getAll()) {
    if (module.kind == AdapterModule::Kind::Linear && !module.head) {
      adapter.addPair(module.path, module.in, module.out);
    }
  }
  Reading reading = read(adapter, modules);
  ASSERT_TRUE(reading.adapter) << reading.messages;
  EXPECT_EQ(reading.adapter->pairs.size(), 14u);
}

TEST_F(AdapterTest, LayersToTransform) {
  TestAdapter adapter;
  // The exact name counts in every layer.
  adapter.config["target_modules"] =
      json::Array{"k_proj", "model.layers.0.self_attn.o_proj"};
  adapter.config["layers_to_transform"] = 1;
  adapter.addPair("model.layers.0.self_attn.o_proj", 16, 16);
  adapter.addPair("model.layers.1.self_attn.k_proj", 16, 8);
  Reading reading = read(adapter, makeLlamaModules());
  ASSERT_TRUE(reading.adapter) << reading.messages;

  adapter.config["layers_to_transform"] = json::Array{1, 7};
  adapter.config["layers_pattern"] = json::Array{"blocks", "layers"};
  reading = read(adapter, makeLlamaModules());
  ASSERT_TRUE(reading.adapter) << reading.messages;

  adapter.config["layers_pattern"] = "h";
  reading = read(adapter, makeLlamaModules());
  EXPECT_HAS(reading.messages, "expects only tensors that the configuration "
                               "calls for, got 'base_model.model.model.layers"
                               ".1.self_attn.k_proj.lora_A.weight'");
}

TEST_F(AdapterTest, ExcludedModules) {
  for (json::Value excluded :
       {json::Value(json::Array{"layers.0.self_attn.q_proj"}),
        json::Value(R"(.*\.0\..*)")}) {
    TestAdapter adapter;
    adapter.config["target_modules"] = json::Array{"q_proj"};
    adapter.config["exclude_modules"] = excluded;
    adapter.addPair("model.layers.1.self_attn.q_proj", 16, 16);
    Reading reading = read(adapter, makeLlamaModules());
    EXPECT_TRUE(reading.adapter) << reading.messages;
  }
}

TEST_F(AdapterTest, PatternsOfRankAndAlpha) {
  TestAdapter adapter;
  adapter.config["target_modules"] = json::Array{"q_proj"};
  adapter.config["use_rslora"] = true;
  adapter.addPair("model.layers.0.self_attn.q_proj", 16, 16, 9);
  adapter.addPair("model.layers.1.self_attn.q_proj", 16, 16, 4);
  adapter.write(folder);
  // The first that matches counts, in the order of the file.
  folder.write("adapter_config.json",
               R"({"peft_type": "LORA", "r": 16, "lora_alpha": 8,
                   "target_modules": ["q_proj"], "use_rslora": true,
                   "rank_pattern": {"layers.0.self_attn.q_proj": 9,
                                    "q_proj": 4},
                   "alpha_pattern": {".*\\.1\\..*": 3.0, "q_proj": 6}})");
  Reading reading = read(makeLlamaModules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  EXPECT_EQ(reading.adapter->pairs[0].rank, 9);
  EXPECT_EQ(reading.adapter->pairs[0].scaling, 2.0);
  EXPECT_EQ(reading.adapter->pairs[1].rank, 4);
  EXPECT_EQ(reading.adapter->pairs[1].scaling, 1.5);
}

TEST_F(AdapterTest, DoRAHasMagnitudes) {
  TestAdapter adapter;
  adapter.config["target_modules"] = json::Array{"c_attn", "wte"};
  adapter.config["use_dora"] = true;
  adapter.config["fan_in_fan_out"] = true;
  std::string attention = "base_model.model.transformer.h.0.attn.c_attn";
  adapter.addPair("transformer.h.0.attn.c_attn", 16, 48);
  adapter.tensors.push_back({attention + ".lora_magnitude_vector", {48}});
  std::string embedding = "base_model.model.transformer.wte";
  adapter.tensors.push_back({embedding + ".lora_embedding_A", {4, 32}});
  adapter.tensors.push_back({embedding + ".lora_embedding_B", {16, 4}});
  adapter.tensors.push_back(
      {embedding + ".lora_magnitude_vector.weight", {16}});
  Reading reading = read(adapter, makeGPT2Modules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  ASSERT_EQ(reading.adapter->pairs.size(), 2u);
  EXPECT_EQ(reading.adapter->pairs[0].kind, AdapterModule::Kind::Embedding);
  EXPECT_EQ(reading.adapter->pairs[1].magnitude->tensor.shape,
            (std::vector<int64_t>{48}));
  adapter.tensors.push_back({embedding + ".lora_magnitude_vector", {16}});
  reading = read(adapter, makeGPT2Modules());
  EXPECT_HAS(reading.messages, "expects a magnitude once");
}

TEST_F(AdapterTest, Biases) {
  TestAdapter adapter;
  std::string base = "base_model.model.transformer.";
  adapter.config["target_modules"] = json::Array{"c_attn"};
  adapter.config["bias"] = "lora_only";
  adapter.addPair("transformer.h.0.attn.c_attn", 16, 48);
  adapter.tensors.push_back({base + "h.0.attn.c_attn.base_layer.bias", {48}});
  Reading reading = read(adapter, makeGPT2Modules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  EXPECT_EQ(getParameters(*reading.adapter),
            Names{"transformer.h.0.attn.c_attn.bias"});

  adapter.config["bias"] = "all";
  reading = read(adapter, makeGPT2Modules());
  EXPECT_HAS(reading.messages,
             "expects tensor 'base_model.model.transformer.h.0.ln_1.bias' of "
             "shape [16], got none");
  for (const char *name : {"h.0.ln_1", "h.0.ln_2", "h.0.attn.c_proj",
                           "h.0.mlp.c_proj", "ln_f"}) {
    adapter.tensors.push_back({base + name + ".bias", {16}});
  }
  adapter.tensors.push_back({base + "h.0.mlp.c_fc.bias", {64}});
  reading = read(adapter, makeGPT2Modules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  EXPECT_EQ(reading.adapter->parameters.size(), 7u);
}

TEST_F(AdapterTest, SavedModules) {
  TestAdapter adapter;
  std::string base = "base_model.model.transformer.";
  adapter.config["target_modules"] = json::Array{"c_attn", "c_fc"};
  adapter.config["modules_to_save"] = json::Array{"mlp", "ln_f"};
  adapter.addPair("transformer.h.0.attn.c_attn", 16, 48);
  adapter.tensors.push_back({base + "h.0.mlp.c_fc.weight", {16, 64}});
  adapter.tensors.push_back({base + "h.0.mlp.c_fc.bias", {64}});
  adapter.tensors.push_back({base + "h.0.mlp.c_proj.weight", {64, 16}});
  adapter.tensors.push_back({base + "h.0.mlp.c_proj.bias", {16}});
  adapter.tensors.push_back({base + "ln_f.weight", {16}});
  adapter.tensors.push_back({base + "ln_f.bias", {16}});
  Reading reading = read(adapter, makeGPT2Modules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  EXPECT_EQ(getModules(*reading.adapter),
            Names{"transformer.h.0.attn.c_attn"});
  EXPECT_EQ(getParameters(*reading.adapter),
            (Names{"transformer.h.0.mlp.c_fc.weight",
                   "transformer.h.0.mlp.c_fc.bias",
                   "transformer.h.0.mlp.c_proj.weight",
                   "transformer.h.0.mlp.c_proj.bias",
                   "transformer.ln_f.weight", "transformer.ln_f.bias"}));
}

TEST_F(AdapterTest, CopiesOfTheBase) {
  TestAdapter adapter;
  adapter.config["target_modules"] = json::Array{"lm_head"};
  adapter.addPair("lm_head", 16, 32);
  adapter.tensors.push_back(
      {"base_model.model.lm_head.base_layer.weight", {32, 16}});
  Reading reading = read(adapter, makeGPT2Modules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  // The weight is the embedding's too.
  EXPECT_EQ(getParameters(*reading.adapter),
            (Names{"lm_head.weight", "transformer.wte.weight"}));
  AdapterOptions options;
  options.swap = true;
  reading = read(adapter, makeGPT2Modules(), options);
  ASSERT_TRUE(reading.adapter) << reading.messages;
  EXPECT_TRUE(reading.adapter->parameters.empty());
  EXPECT_HAS(reading.messages, "is not used: the base's own stays");
}

TEST_F(AdapterTest, DescribesWithoutABase) {
  TestAdapter adapter;
  adapter.config["target_modules"] = json::Array{"q_proj"};
  adapter.config["base_model_name_or_path"] = "some/base";
  adapter.addPair("model.layers.0.self_attn.q_proj", 16, 16);
  adapter.addPair("model.layers.1.self_attn.q_proj", 16, 16);
  adapter.write(folder);
  FailureOr<std::string> text =
      describeAdapter(&context, folder.path, nullptr, "", {},
                      AdapterReport::Text);
  ASSERT_TRUE(succeeded(text));
  EXPECT_EQ(*text, "method: LoRA\n"
                   "trained on: some/base\n"
                   "rank: 4\n"
                   "alpha: 8\n"
                   "scaling: 2\n"
                   "targets: 2 modules\n"
                   "  q_proj: 2, rank 4\n"
                   "size: 256 parameters, 1024 bytes of F32\n");
}

TEST_F(AdapterTest, DescribesWhetherABaseFits) {
  TestAdapter adapter;
  adapter.config["target_modules"] = json::Array{"q_proj"};
  adapter.addPair("model.layers.0.self_attn.q_proj", 16, 16);
  adapter.addPair("model.layers.1.self_attn.q_proj", 16, 16);
  adapter.write(folder);
  AdapterModules modules = makeLlamaModules();
  auto describe = [&](AdapterReport format) {
    FailureOr<std::string> text = describeAdapter(
        &context, folder.path, &modules, "the base", {}, format);
    return succeeded(text) ? *text : std::string();
  };
  EXPECT_HAS(describe(AdapterReport::Text), "\nfits: the base\n");
  modules.find("model.layers.1.self_attn.q_proj")->in = 20;
  EXPECT_HAS(describe(AdapterReport::Text),
             "\ndoes not fit: the base\n  expects tensor 'base_model.model."
             "model.layers.1.self_attn.q_proj.lora_A.weight' of shape [4, 20]");
  llvm::Expected<json::Value> json =
      json::parse(describe(AdapterReport::JSON));
  ASSERT_TRUE(bool(json)) << llvm::toString(json.takeError());
  const json::Object &object = *json->getAsObject();
  EXPECT_EQ(object.getBoolean("fits"), false);
  EXPECT_EQ(object.getString("base"), StringRef("the base"));
  EXPECT_EQ(object.getInteger("num_parameters"), 256);
  EXPECT_HAS(object.getString("reason").value_or("").str(), "[4, 20]");
}
