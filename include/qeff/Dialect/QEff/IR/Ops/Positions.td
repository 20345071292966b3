// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Positions made inside a graph: encoders get a mask and count for themselves.
#ifndef QEFF_DIALECT_QEFF_IR_OPS_POSITIONS_TD
#define QEFF_DIALECT_QEFF_IR_OPS_POSITIONS_TD

include "qeff/Dialect/QEff/IR/Ops/Base.td"

def QEff_IotaOp : QEff_ModelOp<"iota", [AllTypesMatch<["input", "result"]>]> {
  let summary = "Positions in the order of the entries";
  let description = [{
    result[b, s] = s; only the shape of the input matters.

    Constraints:
    - (C1) input is [B, S]

    ```mlir
    %0 = qeff.iota %ids : tensor<?x?xi64>
    ```
  }];
  let arguments = (ins QEff_IndexTensor:$input, OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_IndexTensor:$result);
  let assemblyFormat = [{
    $input (`scope` `(` $scope^ `)`)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def QEff_MaskPositionsOp : QEff_ModelOp<"mask_positions",
    [AllTypesMatch<["mask", "result"]>]> {
  let summary = "Positions of what a padding mask leaves";
  let description = [{
    result[b, s] = s where mask[b, s] is not 0, else −1.

    Constraints:
    - (C1) mask is [B, S]

    ```mlir
    %0 = qeff.mask_positions %mask : tensor<?x?xi64>
    ```
  }];
  let arguments = (ins QEff_IndexTensor:$mask, OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_IndexTensor:$result);
  let assemblyFormat = [{
    $mask (`scope` `(` $scope^ `)`)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

#endif // QEFF_DIALECT_QEFF_IR_OPS_POSITIONS_TD
