// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which rows of a kernel's work are independent of each other.
#ifndef QEFF_LIB_CONVERSION_QEFFTOHOST_TILEKERNEL_H
#define QEFF_LIB_CONVERSION_QEFFTOHOST_TILEKERNEL_H

#include "qeff/Support/LLVM.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace qeff::host {

/// Loop `axis` of every op of a kernel runs over the same `rows`, and no row
/// reads what another one writes.
struct RowPlan {
  unsigned axis = 0;
  int64_t rows = 1;

  /// Rows of one tile, and tiles.
  int64_t getRowsPerTile() const;
  int64_t getNumTiles() const;
};

/// The plan for `kernel`, bufferized linalg ops; nothing where rows depend on
/// each other or that cannot be told.
std::optional<RowPlan> planRows(mlir::func::FuncOp kernel);

/// Makes `loop`, which runs over the rows, run over those of the kernel's tiles.
void restrictToTiles(mlir::scf::ForOp loop, const RowPlan &plan,
                     mlir::func::FuncOp kernel);

} // namespace qeff::host

#endif // QEFF_LIB_CONVERSION_QEFFTOHOST_TILEKERNEL_H
