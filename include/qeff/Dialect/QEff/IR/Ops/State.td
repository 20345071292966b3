// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Retained state. A state is a function argument with a `qeff.state` attribute;
// it has one writer, reads take the newest value, and the function returns it.
#ifndef QEFF_DIALECT_QEFF_IR_OPS_STATE_TD
#define QEFF_DIALECT_QEFF_IR_OPS_STATE_TD

include "qeff/Dialect/QEff/IR/Ops/Base.td"

def QEff_CacheWriteOp : QEff_ModelOp<"cache_write",
    [AllTypesMatch<["cache", "result"]>]> {
  let summary = "Writes keys or values at their positions";
  let description = [{
    result[b, g, positions[b, s], :] = update[b, g, s, :]; every other slot keeps
    its value. A write at position −1 is dropped.

    Constraints:
    - (C1) cache is [B, G, L, D], positions [B, S], update [B, G, S, D]
    - (C2) the cache has no other writer

    ```mlir
    %1 = qeff.cache_write %cache[%pos], %k : tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x2x?x8xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$cache, QEff_IndexTensor:$positions,
                       QEff_FloatTensor:$update, OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $cache `[` $positions `]` `,` $update (`scope` `(` $scope^ `)`)? attr-dict
    `:` type($cache) `,` type($positions) `,` type($update)
  }];
  let hasVerifier = 1;
}

def QEff_CachePositionsOp : QEff_ModelOp<"cache_positions",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>], QEff_InferShape> {
  let summary = "The position that each slot holds after this call";
  let description = [{
    With m the row's largest position: result[b, j] = j where j <= m, else −1.
    `slots` names the dim that gives the number of slots.

    Constraints:
    - (C1) positions is [B, S], result [B, L]
    - (C2) slots refers to a `qeff.dim`

    ```mlir
    %1 = qeff.cache_positions %pos {slots = @ctx_len} : tensor<?x?xi64> -> tensor<?x?xi64>
    ```
  }];
  let arguments = (ins QEff_IndexTensor:$positions, FlatSymbolRefAttr:$slots,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_IndexTensor:$result);
  let assemblyFormat = [{
    $positions (`scope` `(` $scope^ `)`)? attr-dict
    `:` type($positions) `->` type($result)
  }];
  let hasVerifier = 1;
}

def QEff_CacheReadOp : QEff_ModelOp<"cache_read",
    [AllTypesMatch<["cache", "result"]>]> {
  let summary = "Keys or values by slot";
  let description = [{
    result[b, g, j, :] = cache[b, g, j, :] where slot_positions[b, j] >= 0, else
    0 (a target may return anything there for keys, which the mask hides).

    Constraints:
    - (C1) cache is [B, G, L, D], slot_positions [B, L], result [B, G, L, D]

    ```mlir
    %1 = qeff.cache_read %cache[%kp] : tensor<?x2x?x8xf32>, tensor<?x?xi64>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$cache, QEff_IndexTensor:$slot_positions,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $cache `[` $slot_positions `]` (`scope` `(` $scope^ `)`)? attr-dict
    `:` type($cache) `,` type($slot_positions)
  }];
  let hasVerifier = 1;
}

#endif // QEFF_DIALECT_QEFF_IR_OPS_STATE_TD
