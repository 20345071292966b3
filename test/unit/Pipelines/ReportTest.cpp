// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a report collects and how its page shows what may be anything.

#include "ReportCollector.h"
#include "ReportHTML.h"
#include "ReportModel.h"

#include "qeff/InitAll.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace qeff;
namespace remark = mlir::remark;

namespace {
class ReportTest : public testing::Test {
protected:
  ReportTest() {
    mlir::DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  OwningOpRef<ModuleOp> parse(StringRef text) {
    return mlir::parseSourceString<ModuleOp>(text, &context);
  }
  /// A model of layers whose gate has the kind that is given.
  OwningOpRef<ModuleOp> makeLayers(ArrayRef<StringRef> kinds) {
    std::string text = "func.func @main(%x0: tensor<4xf32>) {\n";
    for (auto [i, kind] : llvm::enumerate(kinds)) {
      std::string scope = "layers." + std::to_string(i) + ".mlp";
      std::string in = "%x" + std::to_string(i);
      text += ("%x" + std::to_string(i + 1) + " = qeff.activate " + in +
               " scope(\"" + scope + "\") {kind = #qeff.activation<" +
               kind.str() + ">} : tensor<4xf32>\n");
    }
    return parse(text + "return }");
  }

  MLIRContext context;
};
} // namespace

TEST_F(ReportTest, texts) {
  EXPECT_EQ(escape("<script>\"a\" & 'b'"),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;");
  EXPECT_EQ(escape(StringRef("\0\x1b\x7f", 3)), "\xEF\xBF\xBD\xEF\xBF\xBD"
                                                "\xEF\xBF\xBD");
  EXPECT_EQ(escape("\xff"), "\xEF\xBF\xBD");
  EXPECT_EQ(printCount(0), "0");
  EXPECT_EQ(printCount(999), "999");
  EXPECT_EQ(printCount(1234567), "1,234,567");
  EXPECT_EQ(printCount(-1234), "-1,234");
  EXPECT_EQ(printCount(1, "op"), "1 op");
  EXPECT_EQ(printBytes(999), "999 B");
  EXPECT_EQ(printBytes(1000), "1.00 kB");
  EXPECT_EQ(printBytes(4960000000), "4.96 GB");
  EXPECT_EQ(printBytes(INT64_MAX), "9223 PB");
}

TEST_F(ReportTest, layersThatAreAlikeAreOne) {
  auto module = makeLayers({"silu", "silu", "gelu", "silu", "gelu"});
  ReportNode root = describeModel(*module);
  ASSERT_EQ(root.children.size(), 1u);
  const ReportNode &layers = root.children.front();
  ASSERT_EQ(layers.children.size(), 2u);
  EXPECT_EQ(layers.children[0].numbers, "0-1, 3");
  EXPECT_EQ(layers.children[0].count, 3);
  EXPECT_EQ(layers.children[1].numbers, "2, 4");
  EXPECT_EQ(countModelOps(root).at("qeff.activate"), 5);
}

TEST_F(ReportTest, remarks) {
  std::string page;
  {
    ReportCollector collector(&context, CompileOptions());
    Location loc = mlir::UnknownLoc::get(&context);
    for (int i = 0; i < 2; ++i) {
      remark::passed(loc, remark::RemarkOpts::name("fused-norm"))
          << remark::metric("scope", "layers.0.<b>norm</b>");
    }
    remark::missed(loc, remark::RemarkOpts::name("mask-not-proven"))
        << remark::reason("{0} of <script>", "values");
    mlir::emitWarning(loc) << "odd & strange";
    collector.recordNote("a note");
    page = collector.render(/*succeeded=*/true);
  }
  EXPECT_EQ(context.getRemarkEngine(), nullptr);
  size_t fused = page.find("id=\"fused\""), left = page.find("id=\"left\"");
  size_t norm = page.find("fused-norm"), mask = page.find("mask-not-proven");
  EXPECT_TRUE(fused < norm && norm < left && left < mask);
  for (const char *part :
       {"layers.0.&lt;b&gt;norm", "values of &lt;script&gt;",
        "odd &amp; strange", "a note", "×2"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(page.find("<script"), std::string::npos);
}

TEST_F(ReportTest, anEngineThatIsThereStays) {
  remark::RemarkCategories all{".*", {}, {}, {}, {}};
  struct Silent : remark::detail::MLIRRemarkStreamerBase {
    void
    streamOptimizationRemark(const remark::detail::Remark &) override {}
  };
  ASSERT_TRUE(succeeded(remark::enableOptimizationRemarks(
      context, std::make_unique<Silent>(),
      std::make_unique<remark::RemarkEmittingPolicyAll>(), all)));
  auto *engine = context.getRemarkEngine();
  { ReportCollector collector(&context, CompileOptions()); }
  EXPECT_EQ(context.getRemarkEngine(), engine);
}
