// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The list of model families; its source is lib/Models/CMakeLists.txt.

#include "qeff/Models/ModelFamily.h"

using namespace qeff;

namespace qeff {
#define QEFF_MODEL_FAMILY(NAME) extern const ModelFamily k##NAME##Family;
#include "qeff/Models/ModelFamilies.def"
#undef QEFF_MODEL_FAMILY
} // namespace qeff

ArrayRef<const ModelFamily *> qeff::getModelFamilies() {
  static const ModelFamily *const families[] = {
#define QEFF_MODEL_FAMILY(NAME) &k##NAME##Family,
#include "qeff/Models/ModelFamilies.def"
#undef QEFF_MODEL_FAMILY
  };
  return families;
}

const ModelFamily *qeff::findModelFamily(StringRef architecture) {
  for (const ModelFamily *family : getModelFamilies()) {
    if (family->modelType == architecture ||
        llvm::is_contained(family->architectures, architecture)) {
      return family;
    }
  }
  return nullptr;
}

StringRef qeff::getArchitecture(const llvm::json::Object &config) {
  if (const llvm::json::Array *names = config.getArray("architectures")) {
    for (const llvm::json::Value &name : *names) {
      if (std::optional<StringRef> text = name.getAsString()) {
        return *text;
      }
    }
  }
  return config.getString("model_type").value_or("");
}
