// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an adapter may change, in all functions.
#ifndef QEFF_LIB_CONVERSION_QEFFTOHOST_ADAPTERTABLE_H
#define QEFF_LIB_CONVERSION_QEFFTOHOST_ADAPTERTABLE_H

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/MapVector.h"

#include <map>

namespace qeff::host {

/// The modules of `qeff.lora` ops by name, shared by all functions, and where
/// their pairs lie in the adapter segment.
class AdapterTable {
public:
  /// Adds the targets of `function`, whose `qeff.lora` ops take arguments with
  /// the attribute `qeff.adapter`, named as Hugging Face's PEFT names them.
  LogicalResult add(mlir::func::FuncOp function);
  /// Assigns offsets and creates the `qeff_host.adapter_block`, if there are
  /// targets. Nothing can be added afterwards.
  LogicalResult finish(OpBuilder &builder, Location loc);

  struct Part {
    int64_t size;
    int64_t offset;
  };
  struct Target {
    int64_t in;
    int64_t out;
    int64_t header;
    int64_t a;
    std::map<int64_t, Part> parts; ///< by first row
    Location loc;
  };
  /// The target of an op of a function that was added.
  const Target &operator[](LoRAOp op) const;
  /// Ranks that the segment has room for.
  int64_t getCapacity() const {
    return static_cast<int64_t>(llvm::alignTo(rank, kLoRARankStep));
  }

private:
  LogicalResult add(mlir::func::FuncOp function, LoRAOp op);

  llvm::MapVector<StringAttr, Target> targets;
  int64_t rank = 0;
};

} // namespace qeff::host

#endif // QEFF_LIB_CONVERSION_QEFFTOHOST_ADAPTERTABLE_H
