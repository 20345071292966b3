// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters as symbols of a module, and as files of a package.

#include "AdapterReading.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Import/Safetensors.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include "llvm/Support/MemoryBuffer.h"

using namespace qeff;
using namespace qeff::test;

namespace json = llvm::json;

namespace {
class AdapterSymbolsTest : public AdapterReading {
protected:
  AdapterSymbolsTest() {
    context.loadDialect<QEffDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<ModuleOp>(
        "module attributes {qeff.phase = #qeff.phase<canonical>} {\n"
        "  func.func @main() { return }\n}\n",
        &context);
    adapter.config["target_modules"] = json::Array{"k_proj", "lm_head"};
    adapter.config["layers_to_transform"] = 0;
    adapter.addPair("model.layers.0.self_attn.k_proj", 16, 8);
    adapter.addPair("lm_head", 16, 32);
  }

  OwningOpRef<ModuleOp> module;
  TestAdapter adapter;
};
} // namespace

TEST_F(AdapterSymbolsTest, InsertsSymbols) {
  adapter.tensors.push_back(
      {"base_model.model.lm_head.base_layer.weight", {32, 16}});
  AdapterModules modules = makeLlamaModules();
  modules.find("lm_head")->tied = "model.embed_tokens";
  Reading reading = read(adapter, modules);
  ASSERT_TRUE(reading.adapter) << reading.messages;
  ASSERT_TRUE(succeeded(insertAdapter(*module, *reading.adapter, "math", 0.5)));
  ASSERT_TRUE(succeeded(insertAdapter(*module, *reading.adapter, "code")));
  EXPECT_TRUE(succeeded(mlir::verify(*module)));
  auto op = module->lookupSymbol<AdapterOp>("math");
  ASSERT_TRUE(op);
  EXPECT_EQ(op.getWeight().convertToDouble(), 0.5);
  auto file = module->lookupSymbol<FileOp>("adapter.math.file");
  ASSERT_TRUE(file);
  EXPECT_EQ(file.getRoot(), "adapter.math");
  auto loras = op.getBody().front().getOps<AdapterLoRAOp>();
  ASSERT_EQ(std::distance(loras.begin(), loras.end()), 2);
  EXPECT_EQ((*loras.begin()).getModule(), "model.layers.0.self_attn.k_proj");
  EXPECT_EQ((*loras.begin()).getScaling().convertToDouble(), 2.0);
  auto weight = module->lookupSymbol<WeightOp>((*loras.begin()).getA());
  ASSERT_TRUE(weight);
  EXPECT_EQ(weight.getTensorType().getShape(), (ArrayRef<int64_t>{4, 16}));
  auto parameters = op.getBody().front().getOps<AdapterParameterOp>();
  EXPECT_EQ(std::distance(parameters.begin(), parameters.end()), 2);
}

TEST_F(AdapterSymbolsTest, RefusesNames) {
  Reading reading = read(adapter, makeLlamaModules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  auto insert = [&](StringRef name, double weight = 1.0) {
    return collect(
        [&] { (void)insertAdapter(*module, *reading.adapter, name, weight); });
  };
  EXPECT_HAS(insert(""), "expects an adapter's name");
  EXPECT_HAS(insert("../math"), "got '../math'");
  EXPECT_HAS(insert("a/b"), "got 'a/b'");
  EXPECT_HAS(insert("main"), "under names that are free, got 'main'");
  EXPECT_EQ(insert("math"), "");
  EXPECT_HAS(insert("math"), "under names that are free, got 'math'");
  EXPECT_HAS(insert("more", HUGE_VAL), "expects a finite weight");
  setPhase(*module, Phase::Adapted);
  EXPECT_HAS(insert("more"), "expects a module of phase canonical");
}

TEST_F(AdapterSymbolsTest, WritesWhatTheRuntimeReads) {
  Reading reading = read(adapter, makeLlamaModules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  std::string path = folder.getFile("math.safetensors");
  ASSERT_TRUE(succeeded(
      writeAdapterFile(&context, *reading.adapter, "math", path, 0.25)));
  InputFile file = llvm::cantFail(InputFile::open(path));
  llvm::Expected<SafetensorsHeader> header = readSafetensorsHeader(file);
  ASSERT_TRUE(bool(header)) << llvm::toString(header.takeError());
  EXPECT_EQ(header->size % 8, 0u);
  ASSERT_EQ(header->tensors.size(), 6u);
  const StoredTensor &scaling = header->tensors["lm_head.lora_scaling"];
  float value = 0;
  llvm::cantFail(file.read(scaling.offset, &value, sizeof(value)));
  EXPECT_EQ(value, 0.5f);
  const StoredTensor &b =
      header->tensors["base_model.model.lm_head.lora_B.weight"];
  EXPECT_EQ(b.shape, (std::vector<int64_t>{32, 4}));
  llvm::cantFail(file.read(b.offset + 4 * 17, &value, sizeof(value)));
  EXPECT_EQ(value, 17.0f);
  auto text = llvm::MemoryBuffer::getFile(path);
  EXPECT_TRUE((*text)->getBuffer().contains(
      R"("__metadata__":{"format":"qeff.adapter","name":"math"})"));
}

TEST_F(AdapterSymbolsTest, WritesNothingWhereTheAdapterChanged) {
  Reading reading = read(adapter, makeLlamaModules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  std::string weights = adapter.makeWeights();
  weights[20] = 'X';
  folder.write("adapter_model.safetensors", weights);
  std::string path = folder.getFile("math.safetensors");
  std::string messages = collect([&] {
    EXPECT_TRUE(
        failed(writeAdapterFile(&context, *reading.adapter, "math", path)));
  });
  EXPECT_HAS(messages, "adapter_model.safetensors: expects the header that was "
                       "read first, got another");
  EXPECT_FALSE(llvm::sys::fs::exists(path));
}

TEST_F(AdapterSymbolsTest, WritesPairsOfLinearLayersAlone) {
  adapter.config["modules_to_save"] = json::Array{"model.norm"};
  adapter.tensors.push_back({"base_model.model.model.norm.weight", {16}});
  Reading reading = read(adapter, makeLlamaModules());
  ASSERT_TRUE(reading.adapter) << reading.messages;
  EXPECT_HAS(collect([&] {
               (void)writeAdapterFile(&context, *reading.adapter, "math",
                                      folder.getFile("math.safetensors"));
             }),
             "expects an adapter of low-rank pairs of linear layers alone");
}
