// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The names of the values of a graph with its subgraphs, or of a function.
#ifndef QEFF_LIB_TARGET_ONNX_VALUENAMES_H
#define QEFF_LIB_TARGET_ONNX_VALUENAMES_H

#include "qeff/Support/LLVM.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <deque>
#include <string>

namespace qeff {

/// Names are unique among those of their graph and of the graphs around it that
/// were defined before: what ONNX asks for.
class ValueNames {
public:
  /// The names of one graph, gone when the object is.
  class Scope {
  public:
    explicit Scope(ValueNames &names) : names(names) {
      names.scopes.emplace_back();
    }
    Scope(const Scope &) = delete;
    ~Scope() { names.scopes.pop_back(); }

  private:
    ValueNames &names;
  };

  /// No name that is made up is `name`.
  void avoid(StringRef name) { avoided.insert(name); }
  /// Of this graph only a value that `set` gave it has this name.
  void promise(StringRef name);
  /// Defines `name`; false where it can be seen already.
  bool define(StringRef name);
  /// Gives `value` the name `name`, which is or will be defined.
  void set(Value value, StringRef name) { names[value] = name.str(); }
  /// Defines the name `wanted`, or `wanted_N` where that is taken or avoided.
  std::string makeName(const Twine &wanted);
  std::string assign(Value value, const Twine &wanted);
  /// Defines the name that `value` had before, or one like it.
  std::string keep(Value value, StringRef name);
  bool contains(Value value) const { return names.contains(value); }
  /// The name of `value`, "" where it has none.
  StringRef lookup(Value value) const;

private:
  struct Names {
    llvm::StringSet<> defined;
    llvm::StringSet<> promised;
  };
  llvm::DenseMap<Value, std::string> names;
  std::deque<Names> scopes;
  llvm::StringSet<> avoided;
  llvm::StringMap<unsigned> counters;
};

} // namespace qeff

#endif // QEFF_LIB_TARGET_ONNX_VALUENAMES_H
