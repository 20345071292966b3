// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The names of the values of a graph with its subgraphs, or of a function.

#include "ValueNames.h"

using namespace qeff;

void ValueNames::promise(StringRef name) {
  scopes.back().promised.insert(name);
  avoid(name);
}

bool ValueNames::define(StringRef name) {
  for (const Names &scope : scopes) {
    if (scope.defined.contains(name)) {
      return false;
    }
  }
  scopes.back().defined.insert(name);
  return true;
}

std::string ValueNames::makeName(const Twine &wanted) {
  std::string base = wanted.str();
  std::string name = base;
  while (avoided.contains(name) || !define(name)) {
    name = base + "_" + std::to_string(++counters[base]);
  }
  return name;
}

std::string ValueNames::assign(Value value, const Twine &wanted) {
  std::string name = makeName(wanted);
  names[value] = name;
  return name;
}

std::string ValueNames::keep(Value value, StringRef name) {
  if (name.empty() || scopes.back().promised.contains(name) ||
      !define(name)) {
    return assign(value, name.empty() ? "value" : name);
  }
  names[value] = name.str();
  return name.str();
}

StringRef ValueNames::lookup(Value value) const {
  auto it = names.find(value);
  return it == names.end() ? StringRef() : StringRef(it->second);
}
