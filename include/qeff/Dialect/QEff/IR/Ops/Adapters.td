// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Low-rank adapters (LoRA, arXiv:2106.09685): as symbols that wait for
// `qeff-fuse-adapters`, as a lazy change of a weight, and as an op beside a
// linear layer.
#ifndef QEFF_DIALECT_QEFF_IR_OPS_ADAPTERS_TD
#define QEFF_DIALECT_QEFF_IR_OPS_ADAPTERS_TD

include "qeff/Dialect/QEff/IR/Ops/Base.td"

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

def QEff_AdapterOp : QEff_Op<"adapter", [
    Symbol, HasParent<"::mlir::ModuleOp">, IsolatedFromAbove, SingleBlock,
    NoTerminator]> {
  let summary = "An adapter of the module's model";
  let description = [{
    The body lists what the adapter changes: low-rank pairs per module and
    parameters that it replaces. `weight` multiplies the scalings.

    Constraints:
    - (C1) the body holds `qeff.adapter_lora` and `qeff.adapter_parameter` alone
    - (C2) no module and no parameter occurs twice
    - (C3) weight is finite

    ```mlir
    qeff.file "private" @f "adapter_model.safetensors" {root = "adapter.math", size = 4096 : i64}
    qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<4x16xf32>
    qeff.weight "private" @b file(@f) {offset = 256 : i64} : tensor<24x4xf32>
    qeff.adapter "private" @math {
      qeff.adapter_lora "model.layers.0.self_attn.q_proj" a(@a) b(@b) {scaling = 2.0 : f64}
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       DefaultValuedAttr<F64Attr, "1.0">:$weight);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    ($sym_visibility^)? $sym_name attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
}

def QEff_AdapterLoRAOp : QEff_Op<"adapter_lora", [
    HasParent<"::qeff::AdapterOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The low-rank pair of one module";
  let description = [{
    The module's weight W [out, in] becomes W + weight·scaling·B·A. For an
    embedding, A is [rank, vocabulary], B [channels, rank], and the table
    becomes table + weight·scaling·(B·A)ᵀ. With a `magnitude` m (DoRA,
    arXiv:2402.09353), row n of the changed weight is scaled to length m[n].

    Constraints:
    - (C1) a, b and magnitude refer to a `qeff.weight`
    - (C2) a is [R, K], b [N, R], magnitude [N], all of floats
    - (C3) scaling is finite
  }];
  let arguments = (ins StrAttr:$module, FlatSymbolRefAttr:$a,
                       FlatSymbolRefAttr:$b,
                       OptionalAttr<FlatSymbolRefAttr>:$magnitude,
                       F64Attr:$scaling);
  let assemblyFormat = [{
    $module `a` `(` $a `)` `b` `(` $b `)`
    (`magnitude` `(` $magnitude^ `)`)? attr-dict
  }];
}

def QEff_AdapterParameterOp : QEff_Op<"adapter_parameter", [
    HasParent<"::qeff::AdapterOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "A parameter that the adapter replaces";
  let description = [{
    `name` ("weight", "bias") of `module`, in the layout that the module's
    framework has.

    Constraints:
    - (C1) value refers to a `qeff.weight`

    ```mlir
    qeff.file "private" @f "adapter_model.safetensors" {root = "adapter.math", size = 4096 : i64}
    qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<16xf32>
    qeff.adapter "private" @math {
      qeff.adapter_parameter "model.norm" "weight" value(@w)
    }
    ```
  }];
  let arguments = (ins StrAttr:$module, StrAttr:$name,
                       FlatSymbolRefAttr:$value);
  let assemblyFormat = "$module $name `value` `(` $value `)` attr-dict";
}

//===----------------------------------------------------------------------===//
// Merged
//===----------------------------------------------------------------------===//

def QEff_LoRAMergeOp : QEff_Op<"lora_merge", [
    Pure, AllTypesMatch<["weight", "result"]>,
    DeclareOpInterfaceMethods<QEff_StreamableOpInterface,
                              ["getInPlaceOperand"]>]> {
  let summary = "A weight with a low-rank change";
  let description = [{
    With V = weight + scaling·b·a, computed in f32:

        result[n, k] = V[n, k]                         without a magnitude
        result[n, k] = magnitude[n]·V[n, k] / ‖V[n, :]‖  with one

    rounded to the result's element type once. Σ_r b[n, r]·a[r, k] runs over
    ascending r; each term, and then the weight, is added by a fused
    multiply-add.

    Constraints:
    - (C1) weight is [N, K], a [R, K], b [N, R], magnitude [N]; R >= 1
    - (C2) all are static; element types are among f32, f16, bf16
    - (C3) scaling is finite

    ```mlir
    %3 = qeff.lora_merge %w, %a, %b {scaling = 2.0 : f64} : tensor<24x16xf16>, tensor<4x16xf32>, tensor<24x4xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$weight, QEff_FloatTensor:$a,
                       QEff_FloatTensor:$b,
                       Optional<QEff_FloatTensor>:$magnitude,
                       F64Attr:$scaling);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $weight `,` $a `,` $b (`magnitude` `(` $magnitude^ `:` type($magnitude) `)`)?
    attr-dict `:` type($weight) `,` type($a) `,` type($b)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Beside a linear layer
//===----------------------------------------------------------------------===//

def QEff_LoRAOp : QEff_ModelOp<"lora", [AllTypesMatch<["base", "result"]>],
                               QEff_InferShape> {
  let summary = "A low-rank path beside a linear layer";
  let description = [{
    result[…, n] = base[…, n] + scaling[0]·Σ_r b[row + n, r]·Σ_k a[r, k]·input[…, k]

    `row` is the first row of b where `base` is a part of a fused module.

    Constraints:
    - (C1) a is [R, K], input's last axis K, b [T, R]; R, K and T are static
    - (C2) base's last axis is N, 0 <= row and row + N <= T
    - (C3) base and input agree in all other axes
    - (C4) scaling is [1] of f32

    ```mlir
    %1 = qeff.lora %x, %y, %a, %b, %s scope("layers.0.self_attn.q_proj") : (tensor<?x?x16xf32>, tensor<?x?x24xf32>, tensor<8x16xf32>, tensor<24x8xf32>, tensor<1xf32>) -> tensor<?x?x24xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, QEff_FloatTensor:$base,
                       QEff_FloatTensor:$a, QEff_FloatTensor:$b,
                       QEff_FloatTensor:$scaling,
                       DefaultValuedAttr<I64Attr, "0">:$row,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $base `,` $a `,` $b `,` $scaling
    (`scope` `(` $scope^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // QEFF_DIALECT_QEFF_IR_OPS_ADAPTERS_TD
