// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the fuzzers of the importers share.

#include "FuzzSupport.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace qeff;
using JSONValue = llvm::json::Value;

/// The installed LLVM is not instrumented: what it takes from an allocator that
/// code of ours poisoned stays poisoned.
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0";
}

fuzz::Stats fuzz::stats;

fuzz::Stats::~Stats() {
  std::fprintf(stderr,
               "fuzz-stats: executions=%llu past_parser=%llu accepted=%llu "
               "past_parser_percent=%.1f\n",
               static_cast<unsigned long long>(executions),
               static_cast<unsigned long long>(pastParser),
               static_cast<unsigned long long>(accepted),
               executions ? 100.0 * pastParser / executions : 0);
}

static void collect(JSONValue &value, std::vector<JSONValue *> &values) {
  values.push_back(&value);
  if (llvm::json::Array *array = value.getAsArray()) {
    for (JSONValue &element : *array) {
      collect(element, values);
    }
  } else if (llvm::json::Object *object = value.getAsObject()) {
    for (auto &member : *object) {
      collect(member.second, values);
    }
  }
}

static JSONValue makeNumber(std::mt19937 &random) {
  static const int64_t numbers[] = {
      0,  1,  -1,  2,   3,       4,         6,         8,         16,       31,
      32, 64, 128, 512, 1 << 20, 1LL << 31, 1LL << 32, 1LL << 62, INT64_MAX,
      INT64_MIN};
  if (random() % 8 == 0) {
    static const double doubles[] = {0.5, -0.0, 1e-30, 1e300, 10000.0, 1.0};
    return doubles[random() % std::size(doubles)];
  }
  return numbers[random() % std::size(numbers)];
}

static JSONValue makeString(std::mt19937 &random) {
  static const char *const strings[] = {
      "F32",    "F16",    "BF16",  "I64",       "U8",       "silu",
      "gelu",   "relu",   "llama", "gpt2",      "mpt",      "linear",
      "llama3", "yarn",   "type",  "dynamic",   "longrope", "default",
      "",       "..",     "/etc",  "LlamaForCausalLM",
      "GPT2LMHeadModel",  "MptForCausalLM",     "multihead_attention"};
  return strings[random() % std::size(strings)];
}

static void mutateNode(JSONValue &value, const JSONValue &other,
                       std::mt19937 &random) {
  llvm::json::Array *array = value.getAsArray();
  llvm::json::Object *object = value.getAsObject();
  switch (random() % 8) {
  case 0:
    value = makeNumber(random);
    return;
  case 1:
    value = makeString(random);
    return;
  case 2:
    value = random() % 2 == 0 ? JSONValue(nullptr)
                              : JSONValue(random() % 2 == 0);
    return;
  case 3: {
    JSONValue copy = other;
    value = std::move(copy);
    return;
  }
  case 4:
    if (array && !array->empty()) {
      array->erase(array->begin() + random() % array->size());
    } else if (object && !object->empty()) {
      auto it = object->begin();
      std::advance(it, random() % object->size());
      object->erase(it->first);
    }
    return;
  case 5:
    if (array) {
      array->push_back(other);
    } else if (object && !object->empty()) {
      // A member under another member's name, or a new one.
      auto it = object->begin();
      std::advance(it, random() % object->size());
      std::string name = it->first.str();
      JSONValue copy = other;
      (*object)[random() % 2 == 0 ? name + "x" : name] = std::move(copy);
    }
    return;
  default:
    if (std::optional<int64_t> number = value.getAsInteger()) {
      uint64_t step = random() % 9;
      value = static_cast<int64_t>(static_cast<uint64_t>(*number) + step - 4);
    } else if (value.kind() == JSONValue::Boolean) {
      value = !*value.getAsBoolean();
    }
  }
}

void fuzz::mutateJSON(JSONValue &tree, std::mt19937 &random) {
  for (unsigned i = 0, e = 1 + random() % 3; i < e; ++i) {
    std::vector<JSONValue *> values;
    collect(tree, values);
    JSONValue other = *values[random() % values.size()];
    mutateNode(*values[random() % values.size()], other, random);
  }
}

std::string fuzz::print(const JSONValue &value) {
  std::string text;
  llvm::raw_string_ostream(text) << value;
  return text;
}

size_t fuzz::copyBack(llvm::StringRef text, uint8_t *data, size_t max) {
  if (text.size() > max) {
    return 0;
  }
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

/// A context that is renewed now and then: it keeps every type it has seen.
static MLIRContext &getContext() {
  static std::unique_ptr<MLIRContext> context;
  static unsigned uses = 0;
  if (!context || ++uses % 4096 == 0) {
    context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
    context->loadDialect<QEffDialect, mlir::arith::ArithDialect,
                         mlir::func::FuncDialect>();
  }
  return *context;
}

bool fuzz::buildModel(const ModelFamily &family,
                      const Checkpoint &checkpoint) {
  MLIRContext &context = getContext();
  mlir::ScopedDiagnosticHandler handler(
      &context, [](mlir::Diagnostic &) { return success(); });
  ConfigReader config(checkpoint.config, mlir::UnknownLoc::get(&context));
  FailureOr<DecoderDesc> desc = family.describe(config, &context);
  if (failed(desc) != config.hasFailed()) {
    std::abort();
  }
  ModuleInfo info = {"Fuzzed", config.getTokenIds("eos_token_id")};
  if (config.hasFailed()) {
    return false;
  }
  FailureOr<OwningOpRef<ModuleOp>> module = buildDecoder(
      &context, *desc, checkpoint, info, family.isIgnored, {});
  if (failed(module)) {
    return false;
  }
  if (failed(mlir::verify(**module))) {
    std::abort();
  }
  return true;
}
