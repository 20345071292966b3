// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads adapter_config.json: every field of PEFT's LoraConfig is honoured,
// irrelevant to what the adapter computes, or refused unless it is off.

#include "PEFTConfig.h"

#include "qeff/Import/Config.h"
#include "qeff/Import/JSON.h"

#include "mlir/IR/Diagnostics.h"

using namespace qeff;

static constexpr StringRef kHonoured[] = {
    "peft_type",       "r",
    "lora_alpha",      "rank_pattern",
    "alpha_pattern",   "use_rslora",
    "use_dora",        "target_modules",
    "exclude_modules", "modules_to_save",
    "bias",            "layers_to_transform",
    "layers_pattern",  "init_lora_weights",
    "peft_version",    "base_model_name_or_path",
};

/// Each with the reason why its value changes nothing.
static constexpr StringRef kIrrelevant[] = {
    "task_type",         // which class wraps the model
    "auto_mapping",      // likewise
    "revision",          // where the base was found
    "inference_mode",    // whether gradients are kept
    "fan_in_fan_out",    // PEFT sets it by the layer's class
    "lora_dropout",      // training only
    "megatron_core",     // names a Python module, used with megatron_config
    "loftq_config",      // initialization, which init_lora_weights names
    "eva_config",        // likewise
    "corda_config",      // likewise
    "lora_ga_config",    // likewise
    "qalora_group_size", // used with use_qalora
    "runtime_config",    // not saved
};

/// Whether PEFT takes `value` as "off".
static bool isOff(const llvm::json::Value &value) {
  if (const llvm::json::Array *array = value.getAsArray()) {
    return array->empty();
  }
  if (const llvm::json::Object *object = value.getAsObject()) {
    return object->empty();
  }
  return value.kind() == llvm::json::Value::Null ||
         value.getAsBoolean() == false;
}

/// Refuses every other field, of this version or a later one, unless it is off.
static void refuseOthers(ConfigReader &config,
                         const llvm::json::Object &object) {
  std::vector<StringRef> keys;
  for (const auto &member : object) {
    StringRef key = member.first;
    if (!llvm::is_contained(kHonoured, key) &&
        !llvm::is_contained(kIrrelevant, key) && !isOff(member.second)) {
      keys.push_back(key);
    }
  }
  if (!keys.empty()) {
    StringRef key = *llvm::min_element(keys);
    if (object.getBoolean(key)) {
      config.requireBool(key, false);
    } else {
      config.refuse(key);
    }
  }
}

/// Strings of the array `key`, or the one string that it is where `single`.
static std::vector<std::string> readNames(ConfigReader &config,
                                          const llvm::json::Object &object,
                                          StringRef key, bool single) {
  std::vector<std::string> names;
  if (!config.has(key)) {
    return names;
  }
  const llvm::json::Value *value = object.get(key);
  const llvm::json::Array *array = value->getAsArray();
  std::optional<StringRef> text = value->getAsString();
  if (text && single && !text->empty()) {
    names.push_back(text->str());
  } else if (!array && !(text && single)) {
    config.emitExpects(key, single ? "a string or an array of strings"
                                   : "an array of strings");
  }
  for (const llvm::json::Value &entry :
       array ? llvm::ArrayRef<llvm::json::Value>(*array)
             : llvm::ArrayRef<llvm::json::Value>()) {
    std::optional<StringRef> name = entry.getAsString();
    if (!name || name->empty()) {
      config.emitExpects(key, "strings that are not empty");
      break;
    }
    names.push_back(name->str());
  }
  return names;
}

static ModuleSelection readSelection(ConfigReader &config,
                                     const llvm::json::Object &object,
                                     StringRef key) {
  ModuleSelection selection;
  std::vector<std::string> names =
      readNames(config, object, key, /*single=*/true);
  const llvm::json::Value *value = object.get(key);
  if (value && value->getAsString() && !names.empty()) {
    selection.pattern = std::move(names.front());
  } else {
    selection.names = std::move(names);
  }
  return selection;
}

/// Reads `key`, whose values `readValue` reads from the object it gives them
/// in, in the order of `text`.
template <typename T, typename Read>
static std::vector<std::pair<std::string, T>>
readPatterns(ConfigReader &config, StringRef text, StringRef key, Read read) {
  std::vector<std::pair<std::string, T>> patterns;
  const llvm::json::Object *object = config.getObject(key);
  if (!object) {
    return patterns;
  }
  ConfigReader nested = config.nest(*object, key);
  for (std::string &name : getMemberNames(text, key)) {
    T value = read(nested, StringRef(name));
    patterns.emplace_back(std::move(name), value);
  }
  config.absorb(nested);
  return patterns;
}

static void readLayers(ConfigReader &config, const llvm::json::Object &object,
                       PEFTConfig &result) {
  constexpr int64_t kMaxLayer = 1 << 20;
  StringRef key = "layers_to_transform";
  if (config.has(key)) {
    const llvm::json::Value *value = object.get(key);
    auto add = [&](const llvm::json::Value &entry) {
      std::optional<int64_t> layer = getJSONInteger(entry);
      if (!layer || *layer < 0 || *layer > kMaxLayer) {
        config.emitExpects(key, "a layer or an array of layers");
        return false;
      }
      result.layers.push_back(*layer);
      return true;
    };
    if (const llvm::json::Array *array = value->getAsArray()) {
      llvm::all_of(*array, add);
    } else {
      add(*value);
    }
  }
  result.layersPatterns =
      readNames(config, object, "layers_pattern", /*single=*/true);
  for (StringRef layersKey : {"layers_to_transform", "layers_pattern"}) {
    if (result.targets.pattern && config.has(layersKey)) {
      config.emitExpects(layersKey, "no value where 'target_modules' is a "
                                    "string");
    }
  }
  if (!result.layersPatterns.empty() && !config.has(key)) {
    config.emitExpects(key, "layers where 'layers_pattern' is given");
  }
}

/// Initializations that leave the base's weights alone.
static void checkInitialization(ConfigReader &config,
                                const llvm::json::Object &object) {
  constexpr StringRef kKey = "init_lora_weights";
  const llvm::json::Value *value = object.get(kKey);
  if (value && !isOff(*value) && value->getAsBoolean() != true) {
    config.requireString(kKey, {"gaussian", "eva", "orthogonal"});
  }
}

static PEFTConfig::Bias readBias(ConfigReader &config) {
  config.requireString("bias", {"none", "all", "lora_only"});
  std::string bias = config.getString("bias", "none");
  return bias == "all"         ? PEFTConfig::Bias::All
         : bias == "lora_only" ? PEFTConfig::Bias::LoRAOnly
                               : PEFTConfig::Bias::None;
}

FailureOr<PEFTConfig> qeff::parsePEFTConfig(StringRef text, Location loc) {
  llvm::Expected<llvm::json::Object> object = parseJSONObject(text);
  if (!object) {
    mlir::emitError(loc) << llvm::toString(object.takeError());
    return failure();
  }
  ConfigReader config(*object, loc);
  if (!config.has("peft_type")) {
    config.emitExpects("peft_type", "'LORA'");
  }
  config.requireString("peft_type", {"LORA"});
  PEFTConfig result;
  result.baseModel = config.getString("base_model_name_or_path", "");
  result.version = config.getString("peft_version", "");
  result.rank = config.getInt("r", 8, 1, kMaxLoRARank);
  result.alpha = config.getNumber("lora_alpha", 8);
  result.rankStabilized = config.getBool("use_rslora", false);
  result.dora = config.getBool("use_dora", false);
  result.ranks = readPatterns<int64_t>(
      config, text, "rank_pattern", [](ConfigReader &nested, StringRef name) {
        return nested.getInt(name, 1, kMaxLoRARank);
      });
  result.alphas = readPatterns<double>(
      config, text, "alpha_pattern", [](ConfigReader &nested, StringRef name) {
        if (!nested.has(name)) {
          nested.emitExpects(name, "a finite number");
        }
        return nested.getNumber(name, 0);
      });
  result.targets = readSelection(config, *object, "target_modules");
  if (!config.has("target_modules")) {
    config.emitExpects("target_modules", "names of modules");
  }
  if (result.targets.pattern &&
      StringRef(*result.targets.pattern).lower() == "all-linear") {
    result.targets.pattern = "all-linear";
  }
  result.excluded = readSelection(config, *object, "exclude_modules");
  result.saved =
      readNames(config, *object, "modules_to_save", /*single=*/false);
  readLayers(config, *object, result);
  result.bias = readBias(config);
  checkInitialization(config, *object);
  refuseOthers(config, *object);
  if (config.hasFailed()) {
    return failure();
  }
  return result;
}
