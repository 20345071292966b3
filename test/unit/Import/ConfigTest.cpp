// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Typed reads of configurations: defaults, ranges, and one error for the first
// wrong value.

#include "qeff/Import/Config.h"
#include "qeff/Import/JSON.h"

#include "mlir/IR/Diagnostics.h"

#include <gtest/gtest.h>

using namespace qeff;

namespace {
class ConfigTest : public testing::Test {
protected:
  ConfigTest()
      : handler(&context, [this](mlir::Diagnostic &diagnostic) {
          messages.push_back(diagnostic.str());
        }) {}

  ConfigReader read(llvm::StringRef text) {
    object = llvm::cantFail(parseJSONObject(text));
    return ConfigReader(object, mlir::UnknownLoc::get(&context));
  }

  MLIRContext context;
  mlir::ScopedDiagnosticHandler handler;
  std::vector<std::string> messages;
  llvm::json::Object object;
};
} // namespace

TEST_F(ConfigTest, ReadsValuesAndDefaults) {
  ConfigReader config = read(
      R"({"i": 5, "whole": 5.0, "x": 1e-5, "b": true, "s": "t", "n": null,
          "ids": [1, 2], "id": 3, "f": [1, 2.5]})");
  EXPECT_EQ(config.getInt("i", 1, 10), 5);
  EXPECT_EQ(config.getInt("whole", 1, 10), 5);
  EXPECT_EQ(config.getInt("n", 7, 1, 10), 7);
  EXPECT_EQ(config.getInt("absent", 7, 1, 10), 7);
  EXPECT_EQ(config.getNumber("x", 1), 1e-5);
  EXPECT_EQ(config.getNumber("i", 1), 5);
  EXPECT_TRUE(config.getBool("b", false));
  EXPECT_EQ(config.getString("s", ""), "t");
  EXPECT_EQ(config.getTokenIds("ids"), (SmallVector<int64_t>{1, 2}));
  EXPECT_EQ(config.getTokenIds("id"), (SmallVector<int64_t>{3}));
  EXPECT_TRUE(config.getTokenIds("n").empty());
  EXPECT_EQ(config.getNumbers("f", 2), (SmallVector<double>{1, 2.5}));
  config.requireBool("b", true);
  config.requireInt("i", 5);
  config.requireString("s", {"r", "t"});
  config.refuse("n");
  EXPECT_FALSE(config.hasFailed());
  EXPECT_TRUE(messages.empty());
}

TEST_F(ConfigTest, EmitsTheFirstErrorOnly) {
  ConfigReader config = read(R"({"i": "five", "b": 3})");
  EXPECT_EQ(config.getInt("i", 2, 10), 2);
  EXPECT_FALSE(config.getBool("b", false));
  EXPECT_TRUE(config.hasFailed());
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0],
            "expects an integer from 2 to 10 for 'i', got \"five\"");
}

TEST_F(ConfigTest, RefusesWrongValues) {
  struct Case {
    llvm::StringRef text;
    void (*use)(ConfigReader &);
  };
  const Case cases[] = {
      {R"({"k": 11})", [](ConfigReader &c) { c.getInt("k", 1, 10); }},
      {R"({"k": -1})", [](ConfigReader &c) { c.getInt("k", 1, 10); }},
      {R"({"k": 1.5})", [](ConfigReader &c) { c.getInt("k", 1, 10); }},
      {R"({"k": 1e300})", [](ConfigReader &c) { c.getInt("k", 1, 10); }},
      {R"({})", [](ConfigReader &c) { c.getInt("k", 1, 10); }},
      {R"({"k": "x"})", [](ConfigReader &c) { c.getNumber("k", 1); }},
      {R"({"k": 1e999})", [](ConfigReader &c) { c.getNumber("k", 1); }},
      {R"({"k": "true"})", [](ConfigReader &c) { c.getBool("k", true); }},
      {R"({"k": 1})", [](ConfigReader &c) { c.getString("k", ""); }},
      {R"({"k": [1]})", [](ConfigReader &c) { c.getNumbers("k", 2); }},
      {R"({"k": [1, "2"]})", [](ConfigReader &c) { c.getNumbers("k", 2); }},
      {R"({"k": [1, -2]})", [](ConfigReader &c) { c.getTokenIds("k"); }},
      {R"({"k": "1"})", [](ConfigReader &c) { c.getTokenIds("k"); }},
      {R"({"k": 4294967296})", [](ConfigReader &c) { c.getTokenIds("k"); }},
      {R"({"k": 1})", [](ConfigReader &c) { c.getObject("k"); }},
      {R"({"k": false})", [](ConfigReader &c) { c.requireBool("k", true); }},
      {R"({"k": 2})", [](ConfigReader &c) { c.requireInt("k", 4); }},
      {R"({"k": "no"})",
       [](ConfigReader &c) { c.requireString("k", {"yes"}); }},
      {R"({"k": 0})", [](ConfigReader &c) { c.refuse("k"); }},
  };
  for (const Case &each : cases) {
    llvm::Expected<llvm::json::Object> parsed = parseJSONObject(each.text);
    if (!parsed) {
      llvm::consumeError(parsed.takeError()); // 1e999: refused even earlier
      continue;
    }
    messages.clear();
    ConfigReader config(*parsed, mlir::UnknownLoc::get(&context));
    each.use(config);
    EXPECT_TRUE(config.hasFailed()) << each.text.str();
    EXPECT_EQ(messages.size(), 1u) << each.text.str();
  }
}

TEST(JSON, TakesIntegersThatFit) {
  struct Case {
    llvm::StringRef text;
    std::optional<int64_t> value;
  };
  const Case cases[] = {
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"-9223372036854775808.0", INT64_MIN},
      {"9223372036854774784.0", INT64_MAX - 1023},
      {"4e0", 4},
      {"9223372036854775807.", std::nullopt},
      {"9223372036854775808", std::nullopt},
      {"1e300", std::nullopt},
      {"0.5", std::nullopt},
      {"\"1\"", std::nullopt},
  };
  for (const Case &each : cases) {
    llvm::json::Value value =
        llvm::cantFail(llvm::json::parse(each.text));
    EXPECT_EQ(getJSONInteger(value), each.value) << each.text.str();
  }
}

TEST_F(ConfigTest, NamesNestedKeys) {
  ConfigReader config = read(R"({"rope": {"factor": "x"}})");
  ConfigReader nested = config.nest(*config.getObject("rope"), "rope");
  nested.getNumber("factor", 1);
  config.absorb(nested);
  EXPECT_TRUE(config.hasFailed());
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0],
            "expects a finite number for 'rope.factor', got \"x\"");
}
