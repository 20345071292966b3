// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses `--flag=value` and `--flag value`; what it does not know it refuses.

#include "Options.h"

#include "../NearestFlag.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

const char *const helpText = R"(Usage: qeff-run OUT --tokens=1,2,3 [options]

Generates tokens with a compiled package on this machine's CPU.

OUT is a directory written by qeff-compile that holds a host package (OUT/host),
or OUT/host itself. Prompts and answers are token ids; `qeff generate` speaks
text.

  --tokens=ID,ID,...    one prompt; again for more rows. Rows may differ in
                        length; rows beyond the compiled batch size run in
                        further groups, prompts beyond the compiled
                        --prefill-seq-len in chunks.
  --max-new-tokens=N    tokens to generate for each row (64), unless it stops
                        before (a stop token, or the context is full)
  --stop-token=ID|eos   ends a row, as its last token; again for more. `eos`
                        stands for the model's own end-of-sequence tokens.
  --adapter=NAME|FILE   use a LoRA adapter, where the package takes any: one
                        that lies with it (OUT/adapters/NAME.safetensors), or
                        a file of that kind (with a directory or the extension)
  --json                print one JSON object instead of streaming tokens:
                        {"tokens": [[...], ...], "finish": [...], "adapter":
                        its name or null, "metrics": {"ttft_s",
                        "prefill_tokens_per_s", "decode_tokens_per_s",
                        "total_s", "prompt_tokens", "generated_tokens"}}
  --threads=N           compute threads, one per core unless given
  --trace=FILE          write the time of every kernel launch as JSON (- for
                        standard error)
  --verify              hash the weights in full before the run; without
                        --tokens that is all it does
  --version, --help

Progress is drawn on standard error where that is a terminal: of the prompts
until their tokens come, with --json of the answers, too, and of --verify.
Tokens are chosen greedily. Each row's result does not depend on the other rows
nor on the number of threads. Example:

  qeff-compile SmolLM2-135M-Instruct -o smollm2 --target=host
  qeff-run smollm2 --tokens=504,3575,282,4649,314 --max-new-tokens=16
)";

namespace {
/// Flags that belong to features which this version does not have.
struct Refused {
  const char *flag;
  const char *why;
};

constexpr Refused refusedFlags[] = {
    {"--temperature", "sampling is not supported, tokens are chosen greedily"},
    {"--top-k", "sampling is not supported, tokens are chosen greedily"},
    {"--top-p", "sampling is not supported, tokens are chosen greedily"},
    {"--min-p", "sampling is not supported, tokens are chosen greedily"},
    {"--seed", "sampling is not supported, tokens are chosen greedily"},
    {"--do-sample", "sampling is not supported, tokens are chosen greedily"},
    {"--repetition-penalty",
     "sampling is not supported, tokens are chosen greedily"},
    {"--num-beams", "beam search is not supported"},
    {"--lora", "expects --adapter=NAME|FILE"},
    {"--inputs", "packages with other inputs than tokens are not supported"},
    {"--image", "packages with other inputs than tokens are not supported"},
    {"--draft", "speculative decoding is not supported"},
    {"--device-ids", "running on AI 100 cards is not supported, only the host"},
    {"--device_id", "running on AI 100 cards is not supported, only the host"},
    {"--prompt", "qeff-run takes token ids (--tokens); `qeff generate` takes "
                 "text"},
};

/// A whole decimal number in [min, max].
bool parseNumber(const std::string &text, int64_t min, int64_t max,
                 int64_t &value) {
  if (text.empty() ||
      text.find_first_not_of("0123456789", text[0] == '-') !=
          std::string::npos ||
      text == "-") {
    return false;
  }
  errno = 0;
  value = std::strtoll(text.c_str(), nullptr, 10);
  return errno == 0 && value >= min && value <= max;
}

std::string parseTokens(const std::string &text, std::vector<int64_t> &row) {
  for (size_t begin = 0;;) {
    size_t end = text.find(',', begin);
    std::string item = text.substr(begin, end - begin);
    int64_t token;
    if (!parseNumber(item, INT64_MIN, INT64_MAX, token)) {
      return "--tokens: expects token ids separated by commas, got '" + text +
             "'";
    }
    row.push_back(token);
    if (end == std::string::npos) {
      return "";
    }
    begin = end + 1;
  }
}

class Parser {
public:
  Parser(int argc, char **argv, Options &options)
      : arguments(argv + 1, argv + argc), options(options) {}

  std::string parse();

private:
  std::string parseFlag(const std::string &flag);
  std::string parseValue(const std::string &flag, const std::string &value);
  std::string parseSwitch(const std::string &flag);
  std::string check() const;

  std::vector<std::string> arguments;
  size_t next = 0;
  Options &options;
};
} // namespace

std::string Parser::parse() {
  while (next < arguments.size()) {
    const std::string &argument = arguments[next++];
    std::string error;
    if (argument.size() > 1 && argument[0] == '-') {
      error = parseFlag(argument);
    } else if (argument.empty() || !options.package.empty()) {
      error = "expects one package, got '" + argument + "' as well";
    } else {
      options.package = argument;
    }
    if (!error.empty() || options.help || options.version) {
      return error;
    }
  }
  return check();
}

std::string Parser::parseFlag(const std::string &argument) {
  size_t equals = argument.find('=');
  std::string flag = argument.substr(0, equals);
  for (const Refused &refused : refusedFlags) {
    if (flag == refused.flag) {
      return flag + ": " + refused.why;
    }
  }
  static const char *const valued[] = {"--tokens", "--max-new-tokens",
                                       "--stop-token", "--threads",
                                       "--trace", "--adapter"};
  for (const char *candidate : valued) {
    if (flag != candidate) {
      continue;
    }
    if (equals != std::string::npos) {
      return parseValue(flag, argument.substr(equals + 1));
    }
    if (next == arguments.size()) {
      return flag + ": expects a value, got none";
    }
    return parseValue(flag, arguments[next++]);
  }
  if (equals == std::string::npos) {
    return parseSwitch(flag);
  }
  std::string nearest = suggestFlag(helpText, flag);
  return flag + ": unknown option" +
         (nearest.empty() ? ", or one that takes no value" : nearest) +
         " (see --help)";
}

std::string Parser::parseSwitch(const std::string &flag) {
  if (flag == "--json") {
    options.json = true;
  } else if (flag == "--verify") {
    options.verify = true;
  } else if (flag == "--help" || flag == "-h") {
    options.help = true;
  } else if (flag == "--version") {
    options.version = true;
  } else {
    return flag + ": unknown option" + suggestFlag(helpText, flag) +
           " (see --help)";
  }
  return "";
}

std::string Parser::parseValue(const std::string &flag,
                               const std::string &value) {
  int64_t number;
  if (flag == "--tokens") {
    options.rows.emplace_back();
    return parseTokens(value, options.rows.back());
  }
  if (flag == "--trace") {
    options.trace = value;
    return value.empty() ? "--trace: expects a file name" : "";
  }
  if (flag == "--adapter") {
    options.adapter = value;
    return value.empty() ? "--adapter: expects a name or a file" : "";
  }
  if (flag == "--stop-token") {
    if (value == "eos") {
      options.stopAtEos = true;
    } else if (parseNumber(value, 0, INT64_MAX, number)) {
      options.stopTokens.push_back(number);
    } else {
      return "--stop-token: expects a token id or 'eos', got '" + value + "'";
    }
    return "";
  }
  int64_t max = flag == "--threads" ? 1024 : INT64_MAX;
  if (!parseNumber(value, 1, max, number)) {
    return flag + ": expects a number from 1" +
           (flag == "--threads" ? " to 1024" : "") + ", got '" + value + "'";
  }
  if (flag == "--threads") {
    options.threads = static_cast<uint32_t>(number);
  } else {
    options.maxNewTokens = static_cast<uint64_t>(number);
  }
  return "";
}

std::string Parser::check() const {
  if (options.package.empty()) {
    return "expects a package (see --help)";
  }
  if (options.rows.empty()) {
    return options.verify ? "" : "expects --tokens=ID,ID,... (see --help)";
  }
  return "";
}

std::string parseOptions(int argc, char **argv, Options &options) {
  return Parser(argc, argv, options).parse();
}
