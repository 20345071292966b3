// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The retained states of all functions.
#ifndef QEFF_LIB_CONVERSION_QEFFTOHOST_STATETABLE_H
#define QEFF_LIB_CONVERSION_QEFFTOHOST_STATETABLE_H

#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/MapVector.h"

namespace qeff::host {

/// The retained states by name, shared by all functions.
class StateTable {
public:
  /// Adds the state arguments of `function`; a state that another function has
  /// too must have the same type and layout there.
  LogicalResult add(mlir::func::FuncOp function);

  /// Creates the `qeff_host.state` ops.
  void createOps(OpBuilder &builder) const;

  struct Entry {
    RankedTensorType type;
    StateLayout layout;
    int64_t offset;
    Location loc;
  };
  const Entry &operator[](StringAttr name) const {
    return entries.find(name)->second;
  }

private:
  llvm::MapVector<StringAttr, Entry> entries;
  int64_t end = 0;
};

} // namespace qeff::host

#endif // QEFF_LIB_CONVERSION_QEFFTOHOST_STATETABLE_H
