// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs translated patterns with PCRE2.

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "PythonPattern.h"
#include "PythonRegex.h"

#include "qeff/Import/InputFile.h"

using namespace qeff;

/// Most steps and deepest backtracking of one match, most kilobytes for it.
static constexpr uint32_t kMatchLimit = 200000;
static constexpr uint32_t kDepthLimit = 20000;
static constexpr uint32_t kHeapLimit = 16384;

namespace {
struct Free {
  void operator()(pcre2_code *p) const { pcre2_code_free(p); }
  void operator()(pcre2_match_data *p) const { pcre2_match_data_free(p); }
  void operator()(pcre2_match_context *p) const {
    pcre2_match_context_free(p);
  }
  void operator()(pcre2_compile_context *p) const {
    pcre2_compile_context_free(p);
  }
};
} // namespace

struct PythonRegex::Program {
  std::unique_ptr<pcre2_code, Free> code;
  std::unique_ptr<pcre2_match_data, Free> data;
  std::unique_ptr<pcre2_match_context, Free> limits;
};

PythonRegex::PythonRegex() : program(std::make_unique<Program>()) {}
PythonRegex::PythonRegex(PythonRegex &&) = default;
PythonRegex &PythonRegex::operator=(PythonRegex &&) = default;
PythonRegex::~PythonRegex() = default;

static std::string getPCREMessage(int code) {
  PCRE2_UCHAR buffer[256];
  if (pcre2_get_error_message(code, buffer, sizeof(buffer)) < 0) {
    return "error " + std::to_string(code);
  }
  return reinterpret_cast<const char *>(buffer);
}

llvm::Expected<PythonRegex> PythonRegex::compile(StringRef pattern,
                                                 StringRef prefix,
                                                 StringRef suffix) {
  llvm::Expected<TranslatedPattern> translated =
      translatePythonPattern(pattern, prefix, suffix);
  if (!translated) {
    return translated.takeError();
  }
  std::unique_ptr<pcre2_compile_context, Free> context(
      pcre2_compile_context_create(nullptr));
  PythonRegex regex;
  regex.program->limits.reset(pcre2_match_context_create(nullptr));
  if (!context || !regex.program->limits) {
    return makeImportError("cannot compile a regular expression: out of "
                           "memory");
  }
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  // Groups of the pattern, and those of the prefix around it.
  pcre2_set_parens_nest_limit(context.get(), kMaxPatternDepth + 8);
  uint32_t options = PCRE2_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
  options |= translated->ignoreCase ? PCRE2_CASELESS : 0;
  options |= translated->multiLine ? PCRE2_MULTILINE : 0;
  options |= translated->dotAll ? PCRE2_DOTALL : 0;
  int code = 0;
  PCRE2_SIZE offset = 0;
  regex.program->code.reset(pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(translated->text.data()),
      translated->text.size(), options, &code, &offset, context.get()));
  if (!regex.program->code) {
    return makeImportError("expects a regular expression that PCRE2 takes, "
                           "got '" + getPCREMessage(code) + "'");
  }
  regex.program->data.reset(pcre2_match_data_create_from_pattern(
      regex.program->code.get(), nullptr));
  if (!regex.program->data) {
    return makeImportError("cannot compile a regular expression: out of "
                           "memory");
  }
  pcre2_set_match_limit(regex.program->limits.get(), kMatchLimit);
  pcre2_set_depth_limit(regex.program->limits.get(), kDepthLimit);
  pcre2_set_heap_limit(regex.program->limits.get(), kHeapLimit);
  regex.names = std::move(translated->names);
  return regex;
}

llvm::Expected<bool> PythonRegex::matches(StringRef text, Anchor anchor,
                                          StringRef group,
                                          std::string *captured) const {
  uint32_t options = PCRE2_ANCHORED;
  if (anchor == Anchor::FullMatch) {
    options |= PCRE2_ENDANCHORED;
  }
  int result = pcre2_match(
      program->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
      text.size(), 0, options, program->data.get(), program->limits.get());
  if (result == PCRE2_ERROR_NOMATCH) {
    return false;
  }
  if (result < 0) {
    return makeImportError("expects a regular expression that decides '" +
                           text + "' in " + Twine(kMatchLimit) +
                           " steps, got '" + getPCREMessage(result) + "'");
  }
  auto entry = names.find(group);
  if (captured && entry != names.end()) {
    captured->clear();
    uint32_t number = entry->second;
    const PCRE2_SIZE *bounds =
        pcre2_get_ovector_pointer(program->data.get());
    if (number < static_cast<uint32_t>(result) &&
        bounds[2 * number] != PCRE2_UNSET) {
      *captured = text.slice(bounds[2 * number], bounds[2 * number + 1]).str();
    }
  }
  return true;
}
