// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Regular expressions of Python: what they match, and what is refused.

#include "PythonRegex.h"

#include <gtest/gtest.h>

using namespace qeff;

using Anchor = PythonRegex::Anchor;

static std::string getError(StringRef pattern, StringRef prefix = "",
                            StringRef suffix = "") {
  llvm::Expected<PythonRegex> regex =
      PythonRegex::compile(pattern, prefix, suffix);
  return regex ? std::string() : llvm::toString(regex.takeError());
}

static bool matches(StringRef pattern, StringRef text,
                    Anchor anchor = Anchor::FullMatch) {
  llvm::Expected<PythonRegex> regex = PythonRegex::compile(pattern);
  if (!regex) {
    ADD_FAILURE() << pattern.str() << ": "
                  << llvm::toString(regex.takeError());
    return false;
  }
  llvm::Expected<bool> result = regex->matches(text, anchor);
  if (!result) {
    ADD_FAILURE() << llvm::toString(result.takeError());
    return false;
  }
  return *result;
}

TEST(PythonRegex, MatchesPathsOfModules) {
  StringRef path = "model.layers.11.self_attn.q_proj";
  EXPECT_TRUE(matches(R"(.*\.layers\.\d+\.self_attn\.(q|v)_proj)", path));
  EXPECT_FALSE(matches(R"(.*\.layers\.\d\.self_attn\.(q|v)_proj)", path));
  EXPECT_FALSE(matches("model", path));
  EXPECT_TRUE(matches("model", path, Anchor::Match));
  EXPECT_FALSE(matches("layers", path, Anchor::Match));
  EXPECT_TRUE(matches("a|ab", "ab")); // fullmatch goes back for the rest
}

TEST(PythonRegex, SpellsWhatPythonSpellsDifferently) {
  EXPECT_TRUE(matches(R"(a\Z)", "a"));
  EXPECT_TRUE(matches("a{,3}", "aa"));
  EXPECT_TRUE(matches("a{,}", "aaaa"));
  EXPECT_TRUE(matches("x{}", "x{}"));
  EXPECT_TRUE(matches("x{a}", "x{a}"));
  EXPECT_TRUE(matches("[[:alpha:]+", "[:ahlp"));
  EXPECT_FALSE(matches("[[:alpha:]+", "b"));
  EXPECT_TRUE(matches("[]a]+", "]a"));
  EXPECT_TRUE(matches("[a-]+", "a-"));
  EXPECT_TRUE(matches("[a\\]b]+", "]"));
  EXPECT_TRUE(matches("(?P<n>a)(?P=n)", "aa"));
  EXPECT_TRUE(matches(R"((a)\1)", "aa"));
  EXPECT_TRUE(matches(R"(\x41\101\u0041\U00000041)", "AAAA"));
  EXPECT_TRUE(matches("(?x) a b # c\n c", "abc"));
  EXPECT_TRUE(matches("(?x: a b )c ", "abc "));
  EXPECT_TRUE(matches("(?i)AbC", "aBc"));
  EXPECT_TRUE(matches("(?i:a)b", "Ab"));
  EXPECT_FALSE(matches("(?i:a)b", "AB"));
  EXPECT_TRUE(matches("(?i)a(?-i:b)", "Ab"));
  EXPECT_TRUE(matches("a(?#comment)*", "aaa"));
  EXPECT_TRUE(matches("(a)?(?(1)b|c)", "ab"));
  EXPECT_TRUE(matches("(a)?(?(1)b|c)", "c"));
  EXPECT_TRUE(matches("(?<!x)ab(?!c)", "ab"));
  EXPECT_FALSE(matches("(?>a+)a", "aaa"));
  EXPECT_FALSE(matches("a++a", "aaa"));
  EXPECT_TRUE(matches("\\w+\\.\\w+", "a_1.b"));
}

TEST(PythonRegex, RefusesWhatPythonRefuses) {
  const std::pair<const char *, const char *> cases[] = {
      {"a**", "multiple repeat' at character 2"},
      {"a{2}{3}", "multiple repeat' at character 4"},
      {"*a", "nothing to repeat' at character 0"},
      {"^*", "nothing to repeat' at character 1"},
      {"(*UTF)a", "nothing to repeat' at character 1"},
      {"a(b", "missing ), unterminated subpattern' at character 1"},
      {"a)b", "unbalanced parenthesis' at character 1"},
      {"[a", "unterminated character set' at character 0"},
      {"[z-a]", "bad character range' at character 1"},
      {R"([\d-z])", "bad character range' at character 1"},
      {R"(a\q)", "bad escape \\q' at character 1"},
      {R"(a\)", "bad escape (end of pattern)' at character 1"},
      {R"(\K)", "bad escape \\K"},
      {R"(\Q)", "bad escape \\Q"},
      {R"(\z)", "bad escape \\z"},
      {R"(\x4)", "incomplete escape \\x4"},
      {R"(\777)", "outside of range 0-0o377"},
      {R"((a)\2)", "invalid group reference 2' at character 3"},
      {R"((a\1))", "cannot refer to an open group' at character 2"},
      {"(?P<1>a)", "bad character in group name '1'"},
      {"(?P<a>b)(?P<a>c)", "redefinition of group name 'a'"},
      {"(?P=a)", "unknown group name 'a'"},
      {"(?P>a)", "unknown extension ?P"},
      {"(?|a)", "unknown extension ?"},
      {"(?R)", "unknown extension ?"},
      {"(?<=a+)b", "look-behind requires fixed-width pattern"},
      {"(?<=a|bc)d", "look-behind requires fixed-width pattern"},
      {"a(?i)b", "global flags not at the start of the expression"},
      {"(?i-i:a)", "bad inline flags"},
      {"(?-:a)", "bad inline flags"},
      {"(?L:a)", "bad inline flags"},
      {"(a)?(?(1)b|c|d)", "more than two branches"},
      {"(?#a", "unterminated comment"},
      {"a{3,2}", "min repeat greater than max repeat"},
  };
  for (auto [pattern, message] : cases) {
    std::string error = getError(pattern);
    EXPECT_NE(error.find("expects a regular expression of Python, got '"),
              std::string::npos)
        << pattern << ": " << error;
    EXPECT_NE(error.find(message), std::string::npos)
        << pattern << ": " << error;
  }
}

TEST(PythonRegex, RefusesWhatHasNoEqual) {
  const std::pair<const char *, const char *> cases[] = {
      {R"(a\N{DIGIT ONE})", "without characters by name (\\N{...})"},
      {"a{70000}", "without more than 65535 repeats"},
      {"(?i)\xC3\xA4", "a character beyond ASCII whose case is ignored"},
      {R"((a)(?<=\1)b)", "without a reference inside a lookbehind"},
      {R"(\ud800)", "without halves of surrogate pairs"},
      {"(?P<\xC3\xA4>a)", "without group names beyond ASCII"},
  };
  for (auto [pattern, message] : cases) {
    std::string error = getError(pattern);
    EXPECT_NE(error.find(message), std::string::npos)
        << pattern << ": " << error;
    EXPECT_NE(error.find("which PCRE2 has no equal of, got one at character "),
              std::string::npos)
        << error;
  }
  std::string nested(200, '(');
  nested += std::string(200, ')');
  EXPECT_NE(getError(nested).find("groups nested deeper than"),
            std::string::npos);
  EXPECT_NE(getError(std::string(1 << 17, 'a')).find("bytes"),
            std::string::npos);
}

TEST(PythonRegex, CountsPlacesFromThePatternInside) {
  EXPECT_NE(getError("a**", "(.*\\.)?(", ")$").find("at character 2"),
            std::string::npos);
  // The parenthesis closes the prefix's, as in Python.
  EXPECT_EQ(getError("a)|(b", "(.*\\.)?(", ")$"), "");
  EXPECT_NE(getError("(?i)a", "(.*\\.)?(", ")$").find("global flags"),
            std::string::npos);
}

TEST(PythonRegex, CapturesANamedGroup) {
  PythonRegex regex = llvm::cantFail(PythonRegex::compile(
      "", R"(.*?\.[^.]*)", R"(\.(?P<idx>\d+)\.)"));
  std::string digits;
  EXPECT_TRUE(llvm::cantFail(regex.matches("model.layers.12.experts.3.up",
                                           Anchor::Match, "idx", &digits)));
  EXPECT_EQ(digits, "12");
}

TEST(PythonRegex, BoundsTheStepsOfAMatch) {
  PythonRegex regex = llvm::cantFail(PythonRegex::compile("(a+)+b"));
  llvm::Expected<bool> result =
      regex.matches(std::string(64, 'a') + "c", Anchor::FullMatch);
  // PCRE2 may see at once that there is no b.
  if (!result) {
    EXPECT_NE(llvm::toString(result.takeError()).find("steps"),
              std::string::npos);
  }
  regex = llvm::cantFail(PythonRegex::compile("(a|a)*[bc]?d?(a|a)*e?x*c"));
  result = regex.matches(std::string(64, 'a') + "cb", Anchor::FullMatch);
  ASSERT_FALSE(bool(result));
  EXPECT_NE(llvm::toString(result.takeError()).find("steps"),
            std::string::npos);
}
