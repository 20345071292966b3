// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses `--flag=value` and `--flag value`; what it does not know it refuses.

#include "Options.h"

#include "../NearestFlag.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using llvm::StringRef;

const char *const helpText = R"(Usage: qeff-compile MODEL -o OUT [options]

Compiles a model into a package: OUT/host runs on this machine (qeff-run,
`qeff generate`), OUT/aic100 is what Qualcomm Cloud AI 100's compiler takes.

MODEL is a Hugging Face model directory (config.json, safetensors, tokenizer),
a .gguf or .onnx file, or a .mlir or .mlirbc module of any phase.

  -o, --output=OUT        the package; one that is there is replaced in one
                          step but for its adapters, anything else that is
                          there is left alone
  --target=host,aic100    what to make (both, as far as MODEL's phase allows);
                          onnx: OUT/onnx/model.onnx, plain ONNX of opset 23
  --prefill-seq-len=32    tokens of a prompt in one call
  --ctx-len=1024          slots of the KV cache, prompt and answer together
  --batch-size=1          rows of a call
  --require-raised        fail where operators of an ONNX graph are left that are
                          no transformer-level ops; without it the host runs
                          them as they are
  --dims=NAME=VALUE,...   of an ONNX graph that is no decoder: sizes of its
                          inputs' named dims; again for more

  --adapter=NAME=DIR[:W]  a LoRA adapter of MODEL in PEFT's format, its scaling
                          times W (1); again for more
  --adapter-mode=MODE     merge: adapters become a part of the weights, one
                          after another. swap: OUT takes adapters while it runs
                          (qeff-run --adapter=NAME); those given lie in it,
                          others of the same modules can be added
  --max-lora-rank=N       swap: room for ranks up to N (the largest given);
                          without --adapter every linear layer takes adapters
  --allow-nonfinite       take adapters with NaN or infinity

  --host-weights=auto     storage on the host: auto (as in the model), f32, f16,
                          bf16
  --mcpu=native           the CPU to compile for

  --onnx-dtype=f32|f16    storage in the ONNX file (f16 for 16-bit models)
  --num-cores=16          cores of the card
  --mxfp6-matmul          MXFP6 weights
  --mxint8-kv-cache       MXINT8 KV cache

  --compile-from=PHASE    the phase that MODEL must be of
  --compile-to=PHASE      write the module of that phase to OUT (- for standard
                          output, .mlirbc for bytecode) instead of a package
  --root=NAME=DIR         the folder of a root that the module's files name;
                          `model` is the model's own folder
  --report=FILE           write a page (HTML) about the model, what was fused
                          and what was not, and what each step took
  --threads=N             threads, one per CPU unless given
  --version, --help

Phases: canonical, adapted, stateful, tuned, then aic100, or specialized and
host. Options that would change nothing, for a target that is not made or from a
phase that has passed them, are refused. Examples:

  qeff-compile SmolLM2-135M-Instruct.Q4_1.gguf -o smollm2 --target=host
  qeff-compile Llama-3.2-1B -o math --adapter=math=./math-lora:0.7 \
      --adapter-mode=merge
  qeff-compile Llama-3.2-1B -o out --adapter=math=./math-lora \
      --adapter=code=./code-lora --adapter-mode=swap --max-lora-rank=64
)";

namespace {
/// Flags that belong to features which this version does not have.
struct Refused {
  StringRef flag;
  StringRef why;
};

constexpr Refused refusedFlags[] = {
    {"--lora", "expects --adapter=NAME=DIR"},
    {"--full-batch-size", "continuous batching is not supported"},
    {"--kv-cache-batch-size", "continuous batching is not supported"},
    {"--num-speculative-tokens", "speculative decoding is not supported"},
    {"--sampler", "sampling on the device is not supported"},
    {"--on-device-sampling", "sampling on the device is not supported"},
    {"--quantize", "quantization is not supported"},
    {"--num-devices", "more than one card is not supported"},
    {"--mdp", "more than one card is not supported"},
    {"--comp-ctx-lengths", "several context lengths are not supported"},
    {"--block-attention", "blocked attention is not supported"},
    {"--replicate-kv-heads", "replicated heads are not supported"},
    {"--npi", "node precision files are not supported"},
};

class Parser {
public:
  Parser(int argc, char **argv, CommandLine &commandLine)
      : arguments(argv + 1, argv + argc), commandLine(commandLine),
        options(commandLine.options) {}

  std::string parse();

private:
  std::string parseFlag(StringRef argument);
  bool parseSwitch(StringRef flag);
  std::string *findText(StringRef flag);
  std::optional<int64_t> *findNumber(StringRef flag);
  std::string parseValue(StringRef flag, StringRef value);
  std::string parseDims(StringRef value);
  std::string parseAdapter(StringRef value);
  std::string check() const;

  std::vector<std::string> arguments;
  size_t next = 0;
  CommandLine &commandLine;
  qeff::CompileOptions &options;
};
} // namespace

std::string Parser::parse() {
  while (next < arguments.size()) {
    StringRef argument = arguments[next++];
    std::string error;
    if (argument.size() > 1 && argument.front() == '-') {
      error = parseFlag(argument);
    } else if (argument.empty() || !options.model.empty()) {
      error = "expects one model, got '" + argument.str() + "' as well";
    } else {
      options.model = argument.str();
    }
    if (!error.empty() || commandLine.help || commandLine.version) {
      return error;
    }
  }
  return check();
}

bool Parser::parseSwitch(StringRef flag) {
  if (flag == "--mxfp6-matmul") {
    return options.mxfp6Matmul = true;
  }
  if (flag == "--mxint8-kv-cache") {
    return options.mxint8KVCache = true;
  }
  if (flag == "--require-raised") {
    return options.requireRaised = true;
  }
  if (flag == "--allow-nonfinite") {
    return options.allowNonfinite = true;
  }
  if (flag == "--help" || flag == "-h") {
    return commandLine.help = true;
  }
  if (flag == "--version") {
    return commandLine.version = true;
  }
  return false;
}

std::string *Parser::findText(StringRef flag) {
  return flag == "-o" || flag == "--output" ? &options.output
         : flag == "--host-weights"         ? &options.hostWeights
         : flag == "--onnx-dtype"           ? &options.onnxDtype
         : flag == "--mcpu"                 ? &options.mcpu
         : flag == "--adapter-mode"         ? &options.adapterMode
         : flag == "--compile-from"         ? &options.compileFrom
         : flag == "--compile-to"           ? &options.compileTo
         : flag == "--report"               ? &options.report
                                            : nullptr;
}

std::optional<int64_t> *Parser::findNumber(StringRef flag) {
  return flag == "--prefill-seq-len" ? &options.prefillSeqLen
         : flag == "--ctx-len"       ? &options.ctxLen
         : flag == "--batch-size"    ? &options.batchSize
         : flag == "--num-cores"     ? &options.numCores
         : flag == "--max-lora-rank" ? &options.maxLoRARank
                                     : nullptr;
}

std::string Parser::parseFlag(StringRef argument) {
  auto [flag, inlineValue] = argument.split('=');
  for (const Refused &refused : refusedFlags) {
    if (flag == refused.flag) {
      return (flag + ": " + refused.why).str();
    }
  }
  bool hasValue = argument.contains('=');
  bool takesValue = findText(flag) || findNumber(flag) || flag == "--target" ||
                    flag == "--root" || flag == "--adapter" ||
                    flag == "--threads" || flag == "--dims";
  if (!takesValue) {
    if (!hasValue && parseSwitch(flag)) {
      return "";
    }
    std::string hint = suggestFlag(helpText, flag);
    if (hint.empty() && hasValue) {
      hint = ", or one that takes no value";
    }
    return (flag + ": unknown option" + hint + " (see --help)").str();
  }
  if (hasValue) {
    return parseValue(flag, inlineValue);
  }
  if (next == arguments.size()) {
    return (flag + ": expects a value, got none").str();
  }
  return parseValue(flag, arguments[next++]);
}

/// A number behind the last colon is the weight; else that is the folder's.
std::string Parser::parseAdapter(StringRef value) {
  auto [name, directory] = value.split('=');
  qeff::AdapterArgument adapter;
  auto [folder, weight] = directory.rsplit(':');
  if (!weight.getAsDouble(adapter.weight)) {
    directory = folder;
  } else if (folder.size() < directory.size() && !weight.contains('/') &&
             !llvm::sys::fs::exists(directory)) {
    return ("--adapter: expects NAME=DIR[:WEIGHT], got weight '" + weight + "'")
        .str();
  }
  if (name.empty() || directory.empty()) {
    return ("--adapter: expects NAME=DIR or NAME=DIR:WEIGHT, got '" + value +
            "'")
        .str();
  }
  adapter.name = name.str();
  adapter.directory = directory.str();
  options.adapters.push_back(std::move(adapter));
  return "";
}

std::string Parser::parseDims(StringRef value) {
  llvm::SmallVector<StringRef> entries;
  value.split(entries, ',');
  for (StringRef entry : entries) {
    auto [name, number] = entry.rsplit('=');
    int64_t size = 0;
    if (name.empty() || number.getAsInteger(10, size) || size < 0) {
      return ("--dims: expects NAME=VALUE, got '" + entry + "'").str();
    }
    if (!options.dims.try_emplace(name.str(), size).second) {
      return ("--dims: expects each name once, got '" + name + "' twice").str();
    }
  }
  return "";
}

std::string Parser::parseValue(StringRef flag, StringRef value) {
  if (value.empty()) {
    return (flag + ": expects a value, got none").str();
  }
  if (flag == "--target") {
    llvm::SmallVector<StringRef> names;
    value.split(names, ',');
    options.targets.clear();
    for (StringRef name : names) {
      options.targets.push_back(name.str());
    }
    return "";
  }
  if (flag == "--root") {
    auto [name, directory] = value.split('=');
    if (name.empty() || directory.empty()) {
      return ("--root: expects NAME=DIR, got '" + value + "'").str();
    }
    options.roots[name.str()] = directory.str();
    return "";
  }
  if (flag == "--adapter") {
    return parseAdapter(value);
  }
  if (flag == "--dims") {
    return parseDims(value);
  }
  if (std::string *text = findText(flag)) {
    *text = value.str();
    return "";
  }
  int64_t number = 0;
  if (value.getAsInteger(10, number) || number < 1 || number > INT32_MAX) {
    return (flag + ": expects a positive number, got '" + value + "'").str();
  }
  if (std::optional<int64_t> *target = findNumber(flag)) {
    *target = number;
  } else {
    options.threads = static_cast<unsigned>(number);
  }
  return "";
}

std::string Parser::check() const {
  if (options.model.empty()) {
    return "expects a model (see --help)";
  }
  if (options.output.empty()) {
    return "expects -o OUT (see --help)";
  }
  return "";
}

std::string parseCommandLine(int argc, char **argv, CommandLine &commandLine) {
  return Parser(argc, argv, commandLine).parse();
}
