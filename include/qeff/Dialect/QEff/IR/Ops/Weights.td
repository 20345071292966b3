// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lazy ops on weights. All are pure, static in shape, and computed tile by tile
// when a target writes its weights. `slice`, `concat`, `cast`, `clip`, `scale`
// and `offset` also work on activations.
#ifndef QEFF_DIALECT_QEFF_IR_OPS_WEIGHTS_TD
#define QEFF_DIALECT_QEFF_IR_OPS_WEIGHTS_TD

include "qeff/Dialect/QEff/IR/Ops/Base.td"

class QEff_WeightOpBase<string mnemonic, list<Trait> traits = []>
    : QEff_Op<mnemonic, !listconcat(traits, [Pure])>;

class QEff_StreamableOp<string mnemonic, list<Trait> traits = [],
                        list<string> overridden = []>
    : QEff_WeightOpBase<mnemonic, !listconcat(traits, [
        DeclareOpInterfaceMethods<QEff_StreamableOpInterface, overridden>])>;

def QEff_WeightRefOp : QEff_WeightOpBase<"weight_ref", [
    DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "The value of a stored weight or of a weight expression";
  let description = [{
    The logical float tensor, whatever the encoding.

    Constraints:
    - (C1) `weight` refers to a `qeff.weight` or a `qeff.weight_expr`
    - (C2) the result type equals the symbol's type

    ```mlir
    %0 = qeff.weight_ref @q : tensor<16x16xf16>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs QEff_Tensor:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}

def QEff_TransposeOp : QEff_StreamableOp<"transpose"> {
  let summary = "Permutes the axes";
  let description = [{
    result[i_perm[0], i_perm[1], …] = input[i_0, i_1, …]: axis k of the result is
    axis `permutation[k]` of the input.

    Constraints:
    - (C1) permutation is a permutation of the axes
    - (C2) result dim k = input dim permutation[k], element types equal

    ```mlir
    %1 = qeff.transpose %0 [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
    ```
  }];
  let arguments = (ins QEff_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs QEff_Tensor:$result);
  let assemblyFormat =
      "$input $permutation attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def QEff_ReshapeOp : QEff_StreamableOp<"reshape", [],
    ["getForwardedOperand"]> {
  let summary = "Gives the elements another shape, in row-major order";
  let description = [{
    Constraints:
    - (C1) both types are static, of one element type and element count

    ```mlir
    %1 = qeff.reshape %0 : tensor<4x8xf32> -> tensor<2x2x8xf32>
    ```
  }];
  let arguments = (ins QEff_Tensor:$input);
  let results = (outs QEff_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def QEff_PermuteRowsOp : QEff_StreamableOp<"permute_rows",
    [AllTypesMatch<["input", "result"]>]> {
  let summary = "Reorders the rows within each head between rope's two styles";
  let description = [{
    Axis 0 holds `heads` heads of D rows. With `deinterleave`, row j·D/2 + i of a
    head is row 2·i + j of the input's (j in {0, 1}): interleaved pairs become
    halves, which undoes what llama.cpp's converter does to q and k of
    Llama-type models. `interleave` is the inverse.

    Constraints:
    - (C1) heads >= 1 and axis 0 is a multiple of 2·heads

    ```mlir
    %1 = qeff.permute_rows %0 {heads = 2 : i64, order = #qeff.row_order<deinterleave>} : tensor<16x8xf32>
    ```
  }];
  let arguments = (ins QEff_Tensor:$input, I64Attr:$heads,
                       QEff_RowOrderAttr:$order);
  let results = (outs QEff_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def QEff_SliceOp : QEff_StreamableOp<"slice", [QEff_InferShape],
    ["getForwardedOperand"]> {
  let summary = "A rectangular part";
  let description = [{
    result[i…] = input[offsets + i…]. On an axis of dynamic size the offset is 0
    and the whole axis is taken.

    Constraints:
    - (C1) one offset per axis, 0 <= offset, offset + result size <= input size
    - (C2) a dynamic axis has offset 0 and a dynamic result size
    - (C3) element types equal

    ```mlir
    %1 = qeff.slice %0 [4, 0] : tensor<12x8xf32> -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins QEff_Tensor:$input, DenseI64ArrayAttr:$offsets);
  let results = (outs QEff_Tensor:$result);
  let assemblyFormat =
      "$input $offsets attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def QEff_ConcatOp : QEff_StreamableOp<"concat", [QEff_InferShape],
    ["getForwardedOperand"]> {
  let summary = "Joins tensors along one axis";
  let description = [{
    Constraints:
    - (C1) at least one input, all of one rank and element type
    - (C2) 0 <= axis < rank; the sizes of the axis add up to the result's,
      which is dynamic exactly where one of them is; all other sizes are equal

    ```mlir
    %2 = qeff.concat %0, %1 {axis = 0 : i64} : tensor<4x8xf32>, tensor<2x8xf32> -> tensor<6x8xf32>
    ```
  }];
  let arguments = (ins Variadic<QEff_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs QEff_Tensor:$result);
  let assemblyFormat = "$inputs attr-dict `:` type($inputs) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def QEff_CastOp : QEff_StreamableOp<"cast", [QEff_ShapeOpInterface],
    ["isElementwise"]> {
  let summary = "Converts the element type, rounding to nearest even";
  let description = [{
    Float to float. Values beyond the target's range become infinite, as IEEE
    754 says; put a `qeff.clip` before where that must not happen.

    Constraints:
    - (C1) shapes equal, both element types among f32, f16, bf16

    ```mlir
    %1 = qeff.cast %0 : tensor<4xbf16> -> tensor<4xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def QEff_ClipOp : QEff_StreamableOp<"clip",
    [AllTypesMatch<["input", "result"]>, QEff_ShapeOpInterface],
    ["isElementwise"]> {
  let summary = "Limits the values to a range";
  let description = [{
    result = min(max(input, min), max); a NaN stays a NaN. With
    `keep_negative_infinity`, −∞ stays −∞ (mask constants). The bounds are
    rounded to f32, and for f16 and bf16 on to the type, inward: 65504 is 65280
    in bf16.

    Constraints:
    - (C1) min <= max

    ```mlir
    %1 = qeff.clip %0 {max = 8.0 : f64, min = -8.0 : f64} : tensor<4xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, F64Attr:$min, F64Attr:$max,
                       UnitAttr:$keep_negative_infinity,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

class QEff_StreamableFloatOp<string mnemonic> : QEff_StreamableOp<mnemonic,
    [AllTypesMatch<["input", "result"]>, QEff_ShapeOpInterface],
    ["isElementwise"]>;

def QEff_ScaleOp : QEff_StreamableFloatOp<"scale"> {
  let summary = "Multiplies by a number";
  let description = [{
    result = factor·input, in f32 with the factor rounded to f32: multipliers of
    embeddings, residuals and logits.

    Constraints:
    - (C1) the element type is f32, f16 or bf16
    - (C2) factor is finite

    ```mlir
    %1 = qeff.scale %0 {factor = 8.0 : f64} : tensor<4xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, F64Attr:$factor,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def QEff_OffsetOp : QEff_StreamableFloatOp<"offset"> {
  let summary = "Adds a number";
  let description = [{
    result = input + value, in f32 with the value rounded to f32: norms whose
    stored weight is the distance to 1.

    Constraints:
    - (C1) the element type is f32, f16 or bf16
    - (C2) value is finite

    ```mlir
    %1 = qeff.offset %0 {value = 1.0 : f64} : tensor<4xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, F64Attr:$value,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def QEff_RopeTableOp : QEff_StreamableOp<"rope_table"> {
  let summary = "cos and sin of every position and frequency";
  let description = [{
    result[p, c] for position p: cos(p·f_i)·m in the first half of the columns,
    sin(p·f_i)·m in the second half, i the index of the frequency, f and m as
    `qeff/Dialect/QEff/IR/Rope.h` computes them (f32 arithmetic as in
    transformers' `modeling_rope_utils`). The result is [positions, rotary_dim].

    Constraints:
    - (C1) rotary_dim is even and >= 2, theta > 0, max_position >= 1
    - (C2) the result is [positions, rotary_dim] f32
    - (C3) longrope's factors are one per frequency

    ```mlir
    %0 = qeff.rope_table {max_position = 8192 : i64, theta = 1.0e4 : f64} : tensor<1024x64xf32>
    ```
  }];
  let arguments = (ins F64Attr:$theta, I64Attr:$max_position,
                       OptionalAttr<QEff_RopeScalingAttr>:$scaling);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif // QEFF_DIALECT_QEFF_IR_OPS_WEIGHTS_TD
