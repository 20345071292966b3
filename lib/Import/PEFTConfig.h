// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// adapter_config.json of PEFT's LoRA. Private to the adapter reader.
#ifndef QEFF_LIB_IMPORT_PEFTCONFIG_H
#define QEFF_LIB_IMPORT_PEFTCONFIG_H

#include "qeff/Support/LLVM.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace qeff {

/// Largest rank that is read.
inline constexpr int64_t kMaxLoRARank = 1 << 16;

/// Modules by a regular expression or by names.
struct ModuleSelection {
  std::optional<std::string> pattern;
  std::vector<std::string> names;

  bool isEmpty() const { return !pattern && names.empty(); }
};

struct PEFTConfig {
  enum class Bias { None, All, LoRAOnly };

  std::string baseModel; ///< base_model_name_or_path, or empty
  std::string version;   ///< peft_version, or empty
  int64_t rank = 0;
  double alpha = 0;
  bool rankStabilized = false;
  bool dora = false;
  /// Patterns in the file's order, of which the first that matches counts.
  std::vector<std::pair<std::string, int64_t>> ranks;
  std::vector<std::pair<std::string, double>> alphas;
  ModuleSelection targets; ///< the pattern "all-linear" is no expression
  ModuleSelection excluded;
  std::vector<std::string> saved; ///< modules_to_save
  std::vector<int64_t> layers;    ///< layers_to_transform; none: all
  std::vector<std::string> layersPatterns;
  Bias bias = Bias::None;
};

/// Parses the `text` of a file; errors are emitted at `loc`.
FailureOr<PEFTConfig> parsePEFTConfig(StringRef text, Location loc);

} // namespace qeff

#endif // QEFF_LIB_IMPORT_PEFTCONFIG_H
