// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model's modules, from its ops and in targets.json.

#include "AdapterReading.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

using namespace qeff;
using namespace qeff::test;

namespace {
class AdapterModulesTest : public AdapterReading {
protected:
  AdapterModulesTest() {
    context.loadDialect<QEffDialect, mlir::arith::ArithDialect,
                        mlir::func::FuncDialect>();
  }

  std::optional<AdapterModules> collectFrom(StringRef body) {
    std::string text = R"mlir(
module attributes {qeff.phase = #qeff.phase<canonical>} {
  qeff.file "private" @f "model.safetensors" {root = "model", size = 9999 : i64}
  qeff.weight "private" @table file(@f) {offset = 0 : i64} : tensor<32x16xf32>
  qeff.weight "private" @square file(@f) {offset = 0 : i64} : tensor<16x16xf32>
  qeff.weight "private" @half file(@f) {offset = 0 : i64} : tensor<8x16xf32>
  qeff.weight "private" @vector file(@f) {offset = 0 : i64} : tensor<16xf32>
  func.func @main(%ids: tensor<?x?xi64>) -> tensor<?x?x32xf32> {
    %table = qeff.weight_ref @table : tensor<32x16xf32>
    %square = qeff.weight_ref @square : tensor<16x16xf32>
    %half = qeff.weight_ref @half : tensor<8x16xf32>
    %vector = qeff.weight_ref @vector : tensor<16xf32>
)mlir" + body.str() + "\n}\n}\n";
    std::optional<AdapterModules> result;
    messages = collect([&] {
      auto module = mlir::parseSourceString<ModuleOp>(text, &context);
      if (!module) {
        return;
      }
      FailureOr<AdapterModules> modules = collectModules(*module);
      if (succeeded(modules)) {
        result = std::move(*modules);
      }
    });
    return result;
  }

  std::string readTargetsText(StringRef text) {
    folder.write("targets.json", text);
    return collect([&] {
      (void)readTargets(&context, folder.getFile("targets.json"));
    });
  }

  std::string messages;
};
} // namespace

static const char kBody[] = R"mlir(
    %0 = qeff.embedding %ids, %table {module = #qeff.module<"wte">}
      : (tensor<?x?xi64>, tensor<32x16xf32>) -> tensor<?x?x16xf32>
    %1 = qeff.rms_norm %0, %vector {eps = 1.0e-5 : f64, module = #qeff.module<"norm">}
      : tensor<?x?x16xf32>, tensor<16xf32>
    %2 = qeff.linear %1, %square, %vector {module = #qeff.module<"attn.qkv", transposed>}
      : (tensor<?x?x16xf32>, tensor<16x16xf32>, tensor<16xf32>) -> tensor<?x?x16xf32>
    %3 = qeff.linear %1, %half {module = #qeff.module<"attn.kv", row 8>}
      : (tensor<?x?x16xf32>, tensor<8x16xf32>) -> tensor<?x?x8xf32>
    %4 = qeff.linear %1, %half {module = #qeff.module<"attn.kv">}
      : (tensor<?x?x16xf32>, tensor<8x16xf32>) -> tensor<?x?x8xf32>
    %5 = qeff.linear %2, %table {module = #qeff.module<"lm_head">}
      : (tensor<?x?x16xf32>, tensor<32x16xf32>) -> tensor<?x?x32xf32>
    return %5 : tensor<?x?x32xf32>)mlir";

TEST_F(AdapterModulesTest, CollectsFromOps) {
  std::optional<AdapterModules> modules = collectFrom(kBody);
  ASSERT_TRUE(modules) << messages;
  ASSERT_EQ(modules->getAll().size(), 5u);
  const AdapterModule &embedding = *modules->find("wte");
  EXPECT_EQ(embedding.kind, AdapterModule::Kind::Embedding);
  EXPECT_EQ(embedding.in, 32);
  EXPECT_EQ(embedding.out, 16);
  EXPECT_EQ(modules->find("norm")->kind, AdapterModule::Kind::Norm);
  EXPECT_TRUE(modules->find("attn.qkv")->transposed);
  EXPECT_TRUE(modules->find("attn.qkv")->bias);
  EXPECT_EQ(modules->find("attn.kv")->out, 16);
  EXPECT_EQ(modules->find("attn.kv")->in, 16);
  EXPECT_TRUE(modules->find("lm_head")->head);
  EXPECT_FALSE(modules->find("attn.kv")->head);
  EXPECT_EQ(modules->find("lm_head")->tied, "wte");
  EXPECT_EQ(modules->find("wte")->tied, "");
}

TEST_F(AdapterModulesTest, FindsTheHeadUnderALowRankPath) {
  std::optional<AdapterModules> modules = collectFrom(R"mlir(
    %a = arith.constant dense<0.0> : tensor<4x16xf32>
    %b = arith.constant dense<0.0> : tensor<32x4xf32>
    %s = arith.constant dense<1.0> : tensor<1xf32>
    %0 = qeff.embedding %ids, %table {module = #qeff.module<"wte">}
        : (tensor<?x?xi64>, tensor<32x16xf32>) -> tensor<?x?x16xf32>
    %1 = qeff.linear %0, %square {module = #qeff.module<"mlp">}
        : (tensor<?x?x16xf32>, tensor<16x16xf32>) -> tensor<?x?x16xf32>
    %2 = qeff.linear %1, %table {module = #qeff.module<"lm_head">}
        : (tensor<?x?x16xf32>, tensor<32x16xf32>) -> tensor<?x?x32xf32>
    %3 = qeff.lora %1, %2, %a, %b, %s
        : (tensor<?x?x16xf32>, tensor<?x?x32xf32>, tensor<4x16xf32>,
           tensor<32x4xf32>, tensor<1xf32>) -> tensor<?x?x32xf32>
    return %3 : tensor<?x?x32xf32>)mlir");
  ASSERT_TRUE(modules) << messages;
  EXPECT_TRUE(modules->find("lm_head")->head);
  EXPECT_FALSE(modules->find("mlp")->head);
}

TEST_F(AdapterModulesTest, RefusesPartsThatDoNotFollow) {
  std::string body = kBody;
  body.replace(body.find("row 8"), 5, "row 9");
  EXPECT_FALSE(collectFrom(body));
  EXPECT_HAS(messages, "expects the parts of module 'attn.kv' to follow one "
                       "upon the other, got row 9 after 8 rows");
}

TEST_F(AdapterModulesTest, JoinsPartsThatAlternate) {
  std::string body = kBody;
  body.replace(body.find("\"attn.kv\", row 8"), 16,
               "\"attn.kv\", row 4, run 4, every 8");
  body.replace(body.find("\"attn.kv\">"), 10,
               "\"attn.kv\", run 4, every 8>");
  std::optional<AdapterModules> modules = collectFrom(body);
  ASSERT_TRUE(modules) << messages;
  EXPECT_EQ(modules->find("attn.kv")->out, 16);
}

TEST_F(AdapterModulesTest, RefusesARunThatIsNotWhole) {
  std::string body = kBody;
  body.replace(body.find("row 8"), 5, "run 3, every 6");
  EXPECT_FALSE(collectFrom(body));
  EXPECT_HAS(messages, "expects whole runs of rows of module 'attn.kv'");
}

TEST_F(AdapterModulesTest, SuggestsNamesOfAsManyComponents) {
  AdapterModules modules = makeLlamaModules();
  EXPECT_EQ(modules.suggest("qproj"), ", near 'q_proj', 'k_proj', 'v_proj'");
  EXPECT_EQ(modules.suggest("mlp.upproj"), ", near 'mlp.up_proj'");
  EXPECT_EQ(modules.suggest("query_key_value"), "");
  EXPECT_EQ(modules.suggest(std::string(500, 'x')), "");
}

TEST_F(AdapterModulesTest, TargetsRoundTrip) {
  AdapterModules modules = makeGPT2Modules();
  modules.maxRank = 24;
  modules.find("transformer.h.0.attn.c_attn")->target = true;
  std::string path = folder.getFile("targets.json");
  Location loc = mlir::UnknownLoc::get(&context);
  ASSERT_TRUE(succeeded(writeTargets(loc, modules, path)));
  FailureOr<AdapterModules> back = readTargets(&context, path);
  ASSERT_TRUE(succeeded(back));
  EXPECT_EQ(back->maxRank, 24);
  ASSERT_EQ(back->getAll().size(), modules.getAll().size());
  for (auto [a, b] : llvm::zip(modules.getAll(), back->getAll())) {
    EXPECT_EQ(a.path, b.path);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.in, b.in);
    EXPECT_EQ(a.out, b.out);
    EXPECT_EQ(a.transposed, b.transposed);
    EXPECT_EQ(a.bias, b.bias);
    EXPECT_EQ(a.head, b.head);
    EXPECT_EQ(a.tied, b.tied);
    EXPECT_EQ(a.target, b.target);
  }
}

TEST_F(AdapterModulesTest, RefusesHostileTargets) {
  std::string head = R"({"format": "qeff.adapter-targets", "version": 1,
                         "max_lora_rank": 8, "modules": )";
  auto modules = [&](StringRef list) {
    return readTargetsText(head + list.str() + "}");
  };
  EXPECT_EQ(modules("[]"), "");
  EXPECT_EQ(modules(R"([{"path": "a", "kind": "linear", "in": 1, "out": 2}])"),
            "");
  EXPECT_HAS(readTargetsText("{}"), "targets.json: expects "
                                    "'qeff.adapter-targets'");
  EXPECT_HAS(readTargetsText(""), "expects JSON");
  EXPECT_HAS(modules("3"), "for 'modules', got 3");
  EXPECT_HAS(modules("[3]"), "expects 'modules[0]' to be an object");
  EXPECT_HAS(modules(R"([{"path": "a b", "kind": "norm", "in": 1, "out": 1}])"),
             "expects printable ASCII for 'modules[0].path'");
  EXPECT_HAS(modules(R"([{"path": "a", "kind": "conv", "in": 1, "out": 2}])"),
             "for 'modules[0].kind', got \"conv\"");
  EXPECT_HAS(modules(R"([{"path": "a", "kind": "norm", "in": -1, "out": 2}])"),
             "for 'modules[0].in', got -1");
  EXPECT_HAS(modules(R"([{"path": "a", "kind": "norm", "in": 1, "out": 1,
                          "target": true}])"),
             "expects a linear layer, or false for 'modules[0].target'");
  EXPECT_HAS(modules(R"([{"path": "a", "x": 1}])"),
             "expects the keys of a module, got 'x'");
  EXPECT_HAS(modules(R"([{"path": "a", "kind": "linear", "in": 1, "out": 2},
                         {"path": "a", "kind": "linear", "in": 1, "out": 2}])"),
             "expects a module once, got 'a' twice");
}
