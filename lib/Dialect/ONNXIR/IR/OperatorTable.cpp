// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of ONNX's operators: typed ones, and when forms changed.

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"

#include "llvm/ADT/StringMap.h"

using namespace qeff;
using namespace qeff::onnxir;

namespace {
struct OperatorBreaks {
  const char *name;
  int64_t versions[5]; ///< ascending; 0 behind the last
};
} // namespace

#include "OperatorTable.inc"

static std::string getKey(StringRef domain, StringRef name) {
  return (domain == "ai.onnx" ? Twine() : Twine(domain)).str() + "::" +
         name.str();
}

const OperatorInfo *onnxir::lookupOperator(StringRef domain, StringRef name) {
  static const auto *operators = [] {
    auto *map = new llvm::StringMap<const OperatorInfo *>();
    for (const OperatorInfo &info : kOperators) {
      map->try_emplace(getKey(info.domain, info.name), &info);
    }
    return map;
  }();
  return operators->lookup(getKey(domain, name));
}

const OperatorAttribute *OperatorInfo::findAttribute(StringRef wanted) const {
  for (const OperatorAttribute &attribute : attributes) {
    if (attribute.name && wanted == attribute.name) {
      return &attribute;
    }
  }
  return nullptr;
}

int64_t onnxir::getNeededOpset(Operation *op) {
  auto typed = cast<OperatorOpInterface>(op);
  int64_t version = typed.getFormVersion();
  const OperatorInfo *info =
      lookupOperator(typed.getDomain(), typed.getOperatorName());
  for (NamedAttribute attribute : typed.getOperatorAttributes()) {
    if (const OperatorAttribute *known =
            info->findAttribute(attribute.getName())) {
      version = std::max(version, known->sinceVersion);
    }
  }
  return version;
}

bool onnxir::isSameForm(StringRef name, int64_t from, int64_t to) {
  static const auto *breaks = [] {
    auto *map = new llvm::StringMap<const OperatorBreaks *>();
    for (const OperatorBreaks &entry : kBreaks) {
      map->try_emplace(entry.name, &entry);
    }
    return map;
  }();
  const OperatorBreaks *entry = breaks->lookup(name);
  if (!entry) {
    return true;
  }
  return llvm::none_of(entry->versions, [&](int64_t version) {
    return std::min(from, to) < version && version <= std::max(from, to);
  });
}

int64_t onnxir::getNewestOpset() { return kNewestOpset; }
