// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The typed operators of `onnxir`. utils/onnx_operators.py makes this file.
#ifndef QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORS_TD
#define QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORS_TD

include "qeff/Dialect/ONNXIR/IR/ONNXIROperatorBase.td"

def ONNXIR_AbsOp : ONNXIR_Operator<
    "Abs",
    "", "Abs", 13, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_AcosOp : ONNXIR_Operator<
    "Acos",
    "", "Acos", 22, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_AcoshOp : ONNXIR_Operator<
    "Acosh",
    "", "Acosh", 22, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_AddOp : ONNXIR_Operator<
    "Add",
    "", "Add", 14, 7, 1> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_AndOp : ONNXIR_Operator<
    "And",
    "", "And", 7, 7, 1> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_ArgMaxOp : ONNXIR_Operator<
    "ArgMax",
    "", "ArgMax", 13, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$axis,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$select_last_index,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_ArgMinOp : ONNXIR_Operator<
    "ArgMin",
    "", "ArgMin", 13, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$axis,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$select_last_index,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_AsinOp : ONNXIR_Operator<
    "Asin",
    "", "Asin", 22, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_AsinhOp : ONNXIR_Operator<
    "Asinh",
    "", "Asinh", 22, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_AtanOp : ONNXIR_Operator<
    "Atan",
    "", "Atan", 22, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_AtanhOp : ONNXIR_Operator<
    "Atanh",
    "", "Atanh", 22, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_AttentionOp : ONNXIR_Operator<
    "Attention",
    "", "Attention", 24, 23, 0> {
  let arguments = (ins
    ONNXIR_Value:$Q,
    ONNXIR_Value:$K,
    ONNXIR_Value:$V,
    ONNXIR_OptionalValue:$attn_mask,
    ONNXIR_OptionalValue:$past_key,
    ONNXIR_OptionalValue:$past_value,
    ONNXIR_OptionalValue:$nonpad_kv_seqlen,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$is_causal,
    OptionalAttr<ONNXIR_IntAttr>:$kv_num_heads,
    OptionalAttr<ONNXIR_IntAttr>:$q_num_heads,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$qk_matmul_output_mode,
    OptionalAttr<ONNXIR_FloatAttr>:$scale,
    DefaultValuedAttr<ONNXIR_FloatAttr, "0.0f">:$softcap,
    OptionalAttr<ONNXIR_IntAttr>:$softmax_precision,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y,
    ONNXIR_OptionalValue:$present_key,
    ONNXIR_OptionalValue:$present_value,
    ONNXIR_OptionalValue:$qk_matmul_output);
}

def ONNXIR_AveragePoolOp : ONNXIR_Operator<
    "AveragePool",
    "", "AveragePool", 22, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedStrAttr<StrAttr, "NOTSET">:$auto_pad,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$ceil_mode,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$count_include_pad,
    OptionalAttr<DenseI64ArrayAttr>:$dilations,
    DenseI64ArrayAttr:$kernel_shape,
    OptionalAttr<DenseI64ArrayAttr>:$pads,
    OptionalAttr<DenseI64ArrayAttr>:$strides,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_BatchNormalizationOp : ONNXIR_Operator<
    "BatchNormalization",
    "", "BatchNormalization", 15, 14, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$scale,
    ONNXIR_Value:$B,
    ONNXIR_Value:$input_mean,
    ONNXIR_Value:$input_var,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1e-05f">:$epsilon,
    DefaultValuedAttr<ONNXIR_FloatAttr, "0.9f">:$momentum,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$training_mode,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y,
    ONNXIR_OptionalValue:$running_mean,
    ONNXIR_OptionalValue:$running_var);
}

def ONNXIR_BitShiftOp : ONNXIR_Operator<
    "BitShift",
    "", "BitShift", 11, 11, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$Y,
    StrAttr:$direction,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Z);
}

def ONNXIR_BitwiseAndOp : ONNXIR_Operator<
    "BitwiseAnd",
    "", "BitwiseAnd", 18, 18, 1> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_BitwiseNotOp : ONNXIR_Operator<
    "BitwiseNot",
    "", "BitwiseNot", 18, 18, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_BitwiseOrOp : ONNXIR_Operator<
    "BitwiseOr",
    "", "BitwiseOr", 18, 18, 1> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_BitwiseXorOp : ONNXIR_Operator<
    "BitwiseXor",
    "", "BitwiseXor", 18, 18, 1> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_CastOp : ONNXIR_Operator<
    "Cast",
    "", "Cast", 25, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    DefaultValuedStrAttr<StrAttr, "up">:$round_mode,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$saturate,
    ONNXIR_IntAttr:$to,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_CastLikeOp : ONNXIR_Operator<
    "CastLike",
    "", "CastLike", 25, 15, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_Value:$target_type,
    DefaultValuedStrAttr<StrAttr, "up">:$round_mode,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$saturate,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_CeilOp : ONNXIR_Operator<
    "Ceil",
    "", "Ceil", 13, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_CeluOp : ONNXIR_Operator<
    "Celu",
    "", "Celu", 12, 12, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1.0f">:$alpha,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_ClipOp : ONNXIR_Operator<
    "Clip",
    "", "Clip", 13, 11, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_OptionalValue:$min,
    ONNXIR_OptionalValue:$max,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_CompressOp : ONNXIR_Operator<
    "Compress",
    "", "Compress", 11, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_Value:$condition,
    OptionalAttr<ONNXIR_IntAttr>:$axis,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_ConcatOp : ONNXIR_Operator<
    "Concat",
    "", "Concat", 13, 4, 0> {
  let arguments = (ins
    Variadic<ONNXIR_OptionalValue>:$inputs,
    ONNXIR_IntAttr:$axis,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$concat_result);
}

def ONNXIR_ConstantOfShapeOp : ONNXIR_Operator<
    "ConstantOfShape",
    "", "ConstantOfShape", 25, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<ONNXIR_AnyTensorAttr>:$value,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_ConvOp : ONNXIR_Operator<
    "Conv",
    "", "Conv", 22, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$W,
    ONNXIR_OptionalValue:$B,
    DefaultValuedStrAttr<StrAttr, "NOTSET">:$auto_pad,
    OptionalAttr<DenseI64ArrayAttr>:$dilations,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$group,
    OptionalAttr<DenseI64ArrayAttr>:$kernel_shape,
    OptionalAttr<DenseI64ArrayAttr>:$pads,
    OptionalAttr<DenseI64ArrayAttr>:$strides,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_ConvIntegerOp : ONNXIR_Operator<
    "ConvInteger",
    "", "ConvInteger", 10, 10, 0> {
  let arguments = (ins
    ONNXIR_Value:$x,
    ONNXIR_Value:$w,
    ONNXIR_OptionalValue:$x_zero_point,
    ONNXIR_OptionalValue:$w_zero_point,
    DefaultValuedStrAttr<StrAttr, "NOTSET">:$auto_pad,
    OptionalAttr<DenseI64ArrayAttr>:$dilations,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$group,
    OptionalAttr<DenseI64ArrayAttr>:$kernel_shape,
    OptionalAttr<DenseI64ArrayAttr>:$pads,
    OptionalAttr<DenseI64ArrayAttr>:$strides,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$y);
}

def ONNXIR_ConvTransposeOp : ONNXIR_Operator<
    "ConvTranspose",
    "", "ConvTranspose", 22, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$W,
    ONNXIR_OptionalValue:$B,
    DefaultValuedStrAttr<StrAttr, "NOTSET">:$auto_pad,
    OptionalAttr<DenseI64ArrayAttr>:$dilations,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$group,
    OptionalAttr<DenseI64ArrayAttr>:$kernel_shape,
    OptionalAttr<DenseI64ArrayAttr>:$output_padding,
    OptionalAttr<DenseI64ArrayAttr>:$output_shape,
    OptionalAttr<DenseI64ArrayAttr>:$pads,
    OptionalAttr<DenseI64ArrayAttr>:$strides,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_CosOp : ONNXIR_Operator<
    "Cos",
    "", "Cos", 22, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_CoshOp : ONNXIR_Operator<
    "Cosh",
    "", "Cosh", 22, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_CumSumOp : ONNXIR_Operator<
    "CumSum",
    "", "CumSum", 14, 11, 0> {
  let arguments = (ins
    ONNXIR_Value:$x,
    ONNXIR_Value:$axis,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$exclusive,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$reverse,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$y);
}

def ONNXIR_DepthToSpaceOp : ONNXIR_Operator<
    "DepthToSpace",
    "", "DepthToSpace", 13, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_IntAttr:$blocksize,
    DefaultValuedStrAttr<StrAttr, "DCR">:$mode,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_DequantizeLinearOp : ONNXIR_Operator<
    "DequantizeLinear",
    "", "DequantizeLinear", 25, 10, 0> {
  let arguments = (ins
    ONNXIR_Value:$x,
    ONNXIR_Value:$x_scale,
    ONNXIR_OptionalValue:$x_zero_point,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$axis,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$block_size,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$output_dtype,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$y);
}

def ONNXIR_DivOp : ONNXIR_Operator<
    "Div",
    "", "Div", 14, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_DynamicQuantizeLinearOp : ONNXIR_Operator<
    "DynamicQuantizeLinear",
    "", "DynamicQuantizeLinear", 11, 11, 0> {
  let arguments = (ins
    ONNXIR_Value:$x,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$y,
    ONNXIR_Value:$y_scale,
    ONNXIR_Value:$y_zero_point);
}

def ONNXIR_EinsumOp : ONNXIR_Operator<
    "Einsum",
    "", "Einsum", 12, 12, 0> {
  let arguments = (ins
    Variadic<ONNXIR_OptionalValue>:$Inputs,
    StrAttr:$equation,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Output);
}

def ONNXIR_EluOp : ONNXIR_Operator<
    "Elu",
    "", "Elu", 22, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1.0f">:$alpha,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_EqualOp : ONNXIR_Operator<
    "Equal",
    "", "Equal", 19, 7, 1> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_ErfOp : ONNXIR_Operator<
    "Erf",
    "", "Erf", 13, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_ExpOp : ONNXIR_Operator<
    "Exp",
    "", "Exp", 13, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_ExpandOp : ONNXIR_Operator<
    "Expand",
    "", "Expand", 13, 8, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_Value:$shape,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_EyeLikeOp : ONNXIR_Operator<
    "EyeLike",
    "", "EyeLike", 22, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<ONNXIR_IntAttr>:$dtype,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$k,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_FlattenOp : ONNXIR_Operator<
    "Flatten",
    "", "Flatten", 25, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$axis,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_FloorOp : ONNXIR_Operator<
    "Floor",
    "", "Floor", 13, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_GatherOp : ONNXIR_Operator<
    "Gather",
    "", "Gather", 13, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_Value:$indices,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$axis,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_GatherElementsOp : ONNXIR_Operator<
    "GatherElements",
    "", "GatherElements", 13, 11, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_Value:$indices,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$axis,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_GatherNDOp : ONNXIR_Operator<
    "GatherND",
    "", "GatherND", 13, 11, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_Value:$indices,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$batch_dims,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_GeluOp : ONNXIR_Operator<
    "Gelu",
    "", "Gelu", 20, 20, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedStrAttr<StrAttr, "none">:$approximate,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_GemmOp : ONNXIR_Operator<
    "Gemm",
    "", "Gemm", 13, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    ONNXIR_OptionalValue:$C,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1.0f">:$alpha,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1.0f">:$beta,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$transA,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$transB,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_GlobalAveragePoolOp : ONNXIR_Operator<
    "GlobalAveragePool",
    "", "GlobalAveragePool", 22, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_GlobalMaxPoolOp : ONNXIR_Operator<
    "GlobalMaxPool",
    "", "GlobalMaxPool", 22, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_GreaterOp : ONNXIR_Operator<
    "Greater",
    "", "Greater", 13, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_GreaterOrEqualOp : ONNXIR_Operator<
    "GreaterOrEqual",
    "", "GreaterOrEqual", 16, 12, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_GroupNormalizationOp : ONNXIR_Operator<
    "GroupNormalization",
    "", "GroupNormalization", 21, 21, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$scale,
    ONNXIR_Value:$bias,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1e-05f">:$epsilon,
    ONNXIR_IntAttr:$num_groups,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$stash_type,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_HardSigmoidOp : ONNXIR_Operator<
    "HardSigmoid",
    "", "HardSigmoid", 22, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedAttr<ONNXIR_FloatAttr, "0.2f">:$alpha,
    DefaultValuedAttr<ONNXIR_FloatAttr, "0.5f">:$beta,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_HardSwishOp : ONNXIR_Operator<
    "HardSwish",
    "", "HardSwish", 22, 14, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_HardmaxOp : ONNXIR_Operator<
    "Hardmax",
    "", "Hardmax", 13, 13, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    DefaultValuedAttr<ONNXIR_IntAttr, "-1">:$axis,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_IdentityOp : ONNXIR_Operator<
    "Identity",
    "", "Identity", 25, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_InstanceNormalizationOp : ONNXIR_Operator<
    "InstanceNormalization",
    "", "InstanceNormalization", 22, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_Value:$scale,
    ONNXIR_Value:$B,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1e-05f">:$epsilon,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_IsInfOp : ONNXIR_Operator<
    "IsInf",
    "", "IsInf", 20, 10, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$detect_negative,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$detect_positive,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_IsNaNOp : ONNXIR_Operator<
    "IsNaN",
    "", "IsNaN", 20, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_LayerNormalizationOp : ONNXIR_Operator<
    "LayerNormalization",
    "", "LayerNormalization", 17, 17, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$Scale,
    ONNXIR_OptionalValue:$B,
    DefaultValuedAttr<ONNXIR_IntAttr, "-1">:$axis,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1e-05f">:$epsilon,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$stash_type,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y,
    ONNXIR_OptionalValue:$Mean,
    ONNXIR_OptionalValue:$InvStdDev);
}

def ONNXIR_LeakyReluOp : ONNXIR_Operator<
    "LeakyRelu",
    "", "LeakyRelu", 16, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedAttr<ONNXIR_FloatAttr, "0.01f">:$alpha,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_LessOp : ONNXIR_Operator<
    "Less",
    "", "Less", 13, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_LessOrEqualOp : ONNXIR_Operator<
    "LessOrEqual",
    "", "LessOrEqual", 16, 12, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_LogOp : ONNXIR_Operator<
    "Log",
    "", "Log", 13, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_LogSoftmaxOp : ONNXIR_Operator<
    "LogSoftmax",
    "", "LogSoftmax", 13, 13, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    DefaultValuedAttr<ONNXIR_IntAttr, "-1">:$axis,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_MatMulOp : ONNXIR_Operator<
    "MatMul",
    "", "MatMul", 13, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_MatMulIntegerOp : ONNXIR_Operator<
    "MatMulInteger",
    "", "MatMulInteger", 10, 10, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    ONNXIR_OptionalValue:$a_zero_point,
    ONNXIR_OptionalValue:$b_zero_point,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_MaxOp : ONNXIR_Operator<
    "Max",
    "", "Max", 13, 6, 1> {
  let arguments = (ins
    Variadic<ONNXIR_OptionalValue>:$data_0,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$max);
}

def ONNXIR_MaxPoolOp : ONNXIR_Operator<
    "MaxPool",
    "", "MaxPool", 22, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedStrAttr<StrAttr, "NOTSET">:$auto_pad,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$ceil_mode,
    OptionalAttr<DenseI64ArrayAttr>:$dilations,
    DenseI64ArrayAttr:$kernel_shape,
    OptionalAttr<DenseI64ArrayAttr>:$pads,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$storage_order,
    OptionalAttr<DenseI64ArrayAttr>:$strides,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y,
    ONNXIR_OptionalValue:$Indices);
}

def ONNXIR_MeanOp : ONNXIR_Operator<
    "Mean",
    "", "Mean", 13, 6, 1> {
  let arguments = (ins
    Variadic<ONNXIR_OptionalValue>:$data_0,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$mean);
}

def ONNXIR_MinOp : ONNXIR_Operator<
    "Min",
    "", "Min", 13, 6, 1> {
  let arguments = (ins
    Variadic<ONNXIR_OptionalValue>:$data_0,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$min);
}

def ONNXIR_MishOp : ONNXIR_Operator<
    "Mish",
    "", "Mish", 22, 18, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_ModOp : ONNXIR_Operator<
    "Mod",
    "", "Mod", 13, 10, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$fmod,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_MulOp : ONNXIR_Operator<
    "Mul",
    "", "Mul", 14, 7, 1> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_NegOp : ONNXIR_Operator<
    "Neg",
    "", "Neg", 13, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_NonZeroOp : ONNXIR_Operator<
    "NonZero",
    "", "NonZero", 13, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_NotOp : ONNXIR_Operator<
    "Not",
    "", "Not", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_OneHotOp : ONNXIR_Operator<
    "OneHot",
    "", "OneHot", 11, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$indices,
    ONNXIR_Value:$depth,
    ONNXIR_Value:$values,
    DefaultValuedAttr<ONNXIR_IntAttr, "-1">:$axis,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_OrOp : ONNXIR_Operator<
    "Or",
    "", "Or", 7, 7, 1> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_PReluOp : ONNXIR_Operator<
    "PRelu",
    "", "PRelu", 16, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$slope,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_PadOp : ONNXIR_Operator<
    "Pad",
    "", "Pad", 25, 11, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_Value:$pads,
    ONNXIR_OptionalValue:$constant_value,
    ONNXIR_OptionalValue:$axes,
    DefaultValuedStrAttr<StrAttr, "constant">:$mode,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_PowOp : ONNXIR_Operator<
    "Pow",
    "", "Pow", 15, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$Y,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Z);
}

def ONNXIR_QLinearMatMulOp : ONNXIR_Operator<
    "QLinearMatMul",
    "", "QLinearMatMul", 21, 10, 0> {
  let arguments = (ins
    ONNXIR_Value:$a,
    ONNXIR_Value:$a_scale,
    ONNXIR_Value:$a_zero_point,
    ONNXIR_Value:$b,
    ONNXIR_Value:$b_scale,
    ONNXIR_Value:$b_zero_point,
    ONNXIR_Value:$y_scale,
    ONNXIR_Value:$y_zero_point,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$y);
}

def ONNXIR_QuantizeLinearOp : ONNXIR_Operator<
    "QuantizeLinear",
    "", "QuantizeLinear", 25, 10, 0> {
  let arguments = (ins
    ONNXIR_Value:$x,
    ONNXIR_Value:$y_scale,
    ONNXIR_OptionalValue:$y_zero_point,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$axis,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$block_size,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$output_dtype,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$precision,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$saturate,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$y);
}

def ONNXIR_RMSNormalizationOp : ONNXIR_Operator<
    "RMSNormalization",
    "", "RMSNormalization", 23, 23, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$scale,
    DefaultValuedAttr<ONNXIR_IntAttr, "-1">:$axis,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1e-05f">:$epsilon,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$stash_type,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_RangeOp : ONNXIR_Operator<
    "Range",
    "", "Range", 27, 11, 0> {
  let arguments = (ins
    ONNXIR_Value:$start,
    ONNXIR_Value:$limit,
    ONNXIR_Value:$delta,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$stash_type,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_ReciprocalOp : ONNXIR_Operator<
    "Reciprocal",
    "", "Reciprocal", 13, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_ReduceL1Op : ONNXIR_Operator<
    "ReduceL1",
    "", "ReduceL1", 18, 18, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_OptionalValue:$axes,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$noop_with_empty_axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_ReduceL2Op : ONNXIR_Operator<
    "ReduceL2",
    "", "ReduceL2", 18, 18, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_OptionalValue:$axes,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$noop_with_empty_axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_ReduceLogSumOp : ONNXIR_Operator<
    "ReduceLogSum",
    "", "ReduceLogSum", 18, 18, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_OptionalValue:$axes,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$noop_with_empty_axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_ReduceLogSumExpOp : ONNXIR_Operator<
    "ReduceLogSumExp",
    "", "ReduceLogSumExp", 18, 18, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_OptionalValue:$axes,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$noop_with_empty_axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_ReduceMaxOp : ONNXIR_Operator<
    "ReduceMax",
    "", "ReduceMax", 20, 18, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_OptionalValue:$axes,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$noop_with_empty_axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_ReduceMeanOp : ONNXIR_Operator<
    "ReduceMean",
    "", "ReduceMean", 18, 18, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_OptionalValue:$axes,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$noop_with_empty_axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_ReduceMinOp : ONNXIR_Operator<
    "ReduceMin",
    "", "ReduceMin", 20, 18, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_OptionalValue:$axes,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$noop_with_empty_axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_ReduceProdOp : ONNXIR_Operator<
    "ReduceProd",
    "", "ReduceProd", 18, 18, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_OptionalValue:$axes,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$noop_with_empty_axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_ReduceSumOp : ONNXIR_Operator<
    "ReduceSum",
    "", "ReduceSum", 13, 13, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_OptionalValue:$axes,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$noop_with_empty_axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_ReduceSumSquareOp : ONNXIR_Operator<
    "ReduceSumSquare",
    "", "ReduceSumSquare", 18, 18, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_OptionalValue:$axes,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$keepdims,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$noop_with_empty_axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reduced);
}

def ONNXIR_ReluOp : ONNXIR_Operator<
    "Relu",
    "", "Relu", 14, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_ReshapeOp : ONNXIR_Operator<
    "Reshape",
    "", "Reshape", 25, 5, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_Value:$shape,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$allowzero,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$reshaped);
}

def ONNXIR_RotaryEmbeddingOp : ONNXIR_Operator<
    "RotaryEmbedding",
    "", "RotaryEmbedding", 23, 23, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$cos_cache,
    ONNXIR_Value:$sin_cache,
    ONNXIR_OptionalValue:$position_ids,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$interleaved,
    OptionalAttr<ONNXIR_IntAttr>:$num_heads,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$rotary_embedding_dim,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_RoundOp : ONNXIR_Operator<
    "Round",
    "", "Round", 22, 11, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_ScatterElementsOp : ONNXIR_Operator<
    "ScatterElements",
    "", "ScatterElements", 18, 11, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_Value:$indices,
    ONNXIR_Value:$updates,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$axis,
    DefaultValuedStrAttr<StrAttr, "none">:$reduction,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_ScatterNDOp : ONNXIR_Operator<
    "ScatterND",
    "", "ScatterND", 18, 11, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_Value:$indices,
    ONNXIR_Value:$updates,
    DefaultValuedStrAttr<StrAttr, "none">:$reduction,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_SeluOp : ONNXIR_Operator<
    "Selu",
    "", "Selu", 22, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1.6732632f">:$alpha,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1.050701f">:$gamma,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_ShapeOp : ONNXIR_Operator<
    "Shape",
    "", "Shape", 25, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    OptionalAttr<ONNXIR_IntAttr>:$end,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$start,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$shape);
}

def ONNXIR_SigmoidOp : ONNXIR_Operator<
    "Sigmoid",
    "", "Sigmoid", 13, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_SignOp : ONNXIR_Operator<
    "Sign",
    "", "Sign", 13, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_SinOp : ONNXIR_Operator<
    "Sin",
    "", "Sin", 22, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_SinhOp : ONNXIR_Operator<
    "Sinh",
    "", "Sinh", 22, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_SizeOp : ONNXIR_Operator<
    "Size",
    "", "Size", 25, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$size);
}

def ONNXIR_SliceOp : ONNXIR_Operator<
    "Slice",
    "", "Slice", 13, 10, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_Value:$starts,
    ONNXIR_Value:$ends,
    ONNXIR_OptionalValue:$axes,
    ONNXIR_OptionalValue:$steps,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_SoftmaxOp : ONNXIR_Operator<
    "Softmax",
    "", "Softmax", 13, 13, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    DefaultValuedAttr<ONNXIR_IntAttr, "-1">:$axis,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_SoftplusOp : ONNXIR_Operator<
    "Softplus",
    "", "Softplus", 22, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_SoftsignOp : ONNXIR_Operator<
    "Softsign",
    "", "Softsign", 22, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_SpaceToDepthOp : ONNXIR_Operator<
    "SpaceToDepth",
    "", "SpaceToDepth", 13, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_IntAttr:$blocksize,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_SplitOp : ONNXIR_Operator<
    "Split",
    "", "Split", 18, 13, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_OptionalValue:$split,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$axis,
    OptionalAttr<ONNXIR_IntAttr>:$num_outputs,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    Variadic<ONNXIR_OptionalValue>:$outputs);
}

def ONNXIR_SqrtOp : ONNXIR_Operator<
    "Sqrt",
    "", "Sqrt", 13, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_SqueezeOp : ONNXIR_Operator<
    "Squeeze",
    "", "Squeeze", 25, 13, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_OptionalValue:$axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$squeezed);
}

def ONNXIR_SubOp : ONNXIR_Operator<
    "Sub",
    "", "Sub", 14, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_SumOp : ONNXIR_Operator<
    "Sum",
    "", "Sum", 13, 6, 1> {
  let arguments = (ins
    Variadic<ONNXIR_OptionalValue>:$data_0,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$sum);
}

def ONNXIR_SwishOp : ONNXIR_Operator<
    "Swish",
    "", "Swish", 24, 24, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1.0f">:$alpha,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_TanOp : ONNXIR_Operator<
    "Tan",
    "", "Tan", 22, 7, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_TanhOp : ONNXIR_Operator<
    "Tanh",
    "", "Tanh", 13, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_TensorScatterOp : ONNXIR_Operator<
    "TensorScatter",
    "", "TensorScatter", 24, 24, 0> {
  let arguments = (ins
    ONNXIR_Value:$past_cache,
    ONNXIR_Value:$update,
    ONNXIR_OptionalValue:$write_indices,
    DefaultValuedAttr<ONNXIR_IntAttr, "-2">:$axis,
    DefaultValuedStrAttr<StrAttr, "linear">:$mode,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$present_cache);
}

def ONNXIR_ThresholdedReluOp : ONNXIR_Operator<
    "ThresholdedRelu",
    "", "ThresholdedRelu", 22, 10, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1.0f">:$alpha,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_TileOp : ONNXIR_Operator<
    "Tile",
    "", "Tile", 13, 6, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_Value:$repeats,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_TopKOp : ONNXIR_Operator<
    "TopK",
    "", "TopK", 24, 10, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$K,
    DefaultValuedAttr<ONNXIR_IntAttr, "-1">:$axis,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$largest,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$sorted,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Values,
    ONNXIR_Value:$Indices);
}

def ONNXIR_TransposeOp : ONNXIR_Operator<
    "Transpose",
    "", "Transpose", 25, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    OptionalAttr<DenseI64ArrayAttr>:$perm,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$transposed);
}

def ONNXIR_TriluOp : ONNXIR_Operator<
    "Trilu",
    "", "Trilu", 14, 14, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_OptionalValue:$k,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$upper,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_UnsqueezeOp : ONNXIR_Operator<
    "Unsqueeze",
    "", "Unsqueeze", 25, 13, 0> {
  let arguments = (ins
    ONNXIR_Value:$data,
    ONNXIR_Value:$axes,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$expanded);
}

def ONNXIR_WhereOp : ONNXIR_Operator<
    "Where",
    "", "Where", 16, 9, 0> {
  let arguments = (ins
    ONNXIR_Value:$condition,
    ONNXIR_Value:$X,
    ONNXIR_Value:$Y,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_XorOp : ONNXIR_Operator<
    "Xor",
    "", "Xor", 7, 7, 1> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_SimplifiedLayerNormalizationOp : ONNXIR_Operator<
    "SimplifiedLayerNormalization",
    "", "SimplifiedLayerNormalization", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_Value:$scale,
    DefaultValuedAttr<ONNXIR_IntAttr, "-1">:$axis,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1e-05f">:$epsilon,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$stash_type,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y,
    ONNXIR_OptionalValue:$inv_std_var);
}

def ONNXIR_MicrosoftAttentionOp : ONNXIR_Operator<
    "microsoft.Attention",
    "com.microsoft", "Attention", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_Value:$weights,
    ONNXIR_OptionalValue:$bias,
    ONNXIR_OptionalValue:$mask_index,
    ONNXIR_OptionalValue:$past,
    ONNXIR_OptionalValue:$attention_bias,
    ONNXIR_OptionalValue:$past_sequence_length,
    OptionalAttr<ONNXIR_IntAttr>:$do_rotary,
    OptionalAttr<ONNXIR_FloatAttr>:$mask_filter_value,
    ONNXIR_IntAttr:$num_heads,
    OptionalAttr<ONNXIR_IntAttr>:$past_present_share_buffer,
    OptionalAttr<DenseI64ArrayAttr>:$qkv_hidden_sizes,
    OptionalAttr<ONNXIR_IntAttr>:$rotary_embedding_dim,
    OptionalAttr<ONNXIR_FloatAttr>:$scale,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$unidirectional,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output,
    ONNXIR_OptionalValue:$present);
}

def ONNXIR_MicrosoftBiasGeluOp : ONNXIR_Operator<
    "microsoft.BiasGelu",
    "com.microsoft", "BiasGelu", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$C);
}

def ONNXIR_MicrosoftEmbedLayerNormalizationOp : ONNXIR_Operator<
    "microsoft.EmbedLayerNormalization",
    "com.microsoft", "EmbedLayerNormalization", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$input_ids,
    ONNXIR_OptionalValue:$segment_ids,
    ONNXIR_Value:$word_embedding,
    ONNXIR_Value:$position_embedding,
    ONNXIR_OptionalValue:$segment_embedding,
    ONNXIR_Value:$gamma,
    ONNXIR_Value:$beta,
    ONNXIR_OptionalValue:$mask,
    ONNXIR_OptionalValue:$position_ids,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1e-12f">:$epsilon,
    OptionalAttr<ONNXIR_IntAttr>:$mask_index_type,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output,
    ONNXIR_OptionalValue:$mask_index,
    ONNXIR_OptionalValue:$embedding_sum);
}

def ONNXIR_MicrosoftFastGeluOp : ONNXIR_Operator<
    "microsoft.FastGelu",
    "com.microsoft", "FastGelu", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    ONNXIR_OptionalValue:$bias,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_MicrosoftFusedMatMulOp : ONNXIR_Operator<
    "microsoft.FusedMatMul",
    "com.microsoft", "FusedMatMul", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1.0f">:$alpha,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$transA,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$transB,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$transBatchA,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$transBatchB,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_MicrosoftGeluOp : ONNXIR_Operator<
    "microsoft.Gelu",
    "com.microsoft", "Gelu", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_MicrosoftGroupQueryAttentionOp : ONNXIR_Operator<
    "microsoft.GroupQueryAttention",
    "com.microsoft", "GroupQueryAttention", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$query,
    ONNXIR_OptionalValue:$key,
    ONNXIR_OptionalValue:$value,
    ONNXIR_OptionalValue:$past_key,
    ONNXIR_OptionalValue:$past_value,
    ONNXIR_Value:$seqlens_k,
    ONNXIR_Value:$total_sequence_length,
    ONNXIR_OptionalValue:$cos_cache,
    ONNXIR_OptionalValue:$sin_cache,
    ONNXIR_OptionalValue:$position_ids,
    ONNXIR_OptionalValue:$attention_bias,
    ONNXIR_OptionalValue:$head_sink,
    ONNXIR_OptionalValue:$k_scale,
    ONNXIR_OptionalValue:$v_scale,
    ONNXIR_OptionalValue:$q_norm_weight,
    ONNXIR_OptionalValue:$k_norm_weight,
    ONNXIR_OptionalValue:$query_seqlens,
    DefaultValuedAttr<ONNXIR_IntAttr, "1">:$causal,
    OptionalAttr<ONNXIR_IntAttr>:$do_rotary,
    OptionalAttr<ONNXIR_FloatAttr>:$k_norm_epsilon,
    DefaultValuedStrAttr<StrAttr, "NONE">:$k_quant_type,
    OptionalAttr<ONNXIR_IntAttr>:$kv_cache_bit_width,
    ONNXIR_IntAttr:$kv_num_heads,
    DefaultValuedAttr<ONNXIR_IntAttr, "-1">:$local_window_size,
    ONNXIR_IntAttr:$num_heads,
    OptionalAttr<ONNXIR_FloatAttr>:$q_norm_epsilon,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1e-06f">:$qk_norm_epsilon,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$qk_output,
    OptionalAttr<ONNXIR_IntAttr>:$rotary_interleaved,
    OptionalAttr<ONNXIR_FloatAttr>:$scale,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$sliding_window_cache,
    DefaultValuedAttr<ONNXIR_IntAttr, "-1">:$smooth_softmax,
    OptionalAttr<ONNXIR_FloatAttr>:$softcap,
    DefaultValuedStrAttr<StrAttr, "NONE">:$v_quant_type,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output,
    ONNXIR_OptionalValue:$present_key,
    ONNXIR_OptionalValue:$present_value,
    ONNXIR_OptionalValue:$output_qk);
}

def ONNXIR_MicrosoftMatMulNBitsOp : ONNXIR_Operator<
    "microsoft.MatMulNBits",
    "com.microsoft", "MatMulNBits", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$A,
    ONNXIR_Value:$B,
    ONNXIR_Value:$scales,
    ONNXIR_OptionalValue:$zero_points,
    ONNXIR_OptionalValue:$g_idx,
    ONNXIR_OptionalValue:$bias,
    ONNXIR_IntAttr:$K,
    ONNXIR_IntAttr:$N,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$accuracy_level,
    DefaultValuedAttr<ONNXIR_IntAttr, "4">:$bits,
    ONNXIR_IntAttr:$block_size,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$weight_prepacked,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_MicrosoftMultiHeadAttentionOp : ONNXIR_Operator<
    "microsoft.MultiHeadAttention",
    "com.microsoft", "MultiHeadAttention", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$query,
    ONNXIR_OptionalValue:$key,
    ONNXIR_OptionalValue:$value,
    ONNXIR_OptionalValue:$bias,
    ONNXIR_OptionalValue:$key_padding_mask,
    ONNXIR_OptionalValue:$attention_bias,
    ONNXIR_OptionalValue:$past_key,
    ONNXIR_OptionalValue:$past_value,
    ONNXIR_OptionalValue:$past_sequence_length,
    ONNXIR_OptionalValue:$cache_indirection,
    OptionalAttr<ONNXIR_FloatAttr>:$mask_filter_value,
    ONNXIR_IntAttr:$num_heads,
    OptionalAttr<ONNXIR_FloatAttr>:$scale,
    DefaultValuedAttr<ONNXIR_IntAttr, "0">:$unidirectional,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output,
    ONNXIR_OptionalValue:$present_key,
    ONNXIR_OptionalValue:$present_value,
    ONNXIR_OptionalValue:$qk);
}

def ONNXIR_MicrosoftQuickGeluOp : ONNXIR_Operator<
    "microsoft.QuickGelu",
    "com.microsoft", "QuickGelu", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$X,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1.702f">:$alpha,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$Y);
}

def ONNXIR_MicrosoftRotaryEmbeddingOp : ONNXIR_Operator<
    "microsoft.RotaryEmbedding",
    "com.microsoft", "RotaryEmbedding", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_Value:$position_ids,
    ONNXIR_Value:$cos_cache,
    ONNXIR_Value:$sin_cache,
    OptionalAttr<ONNXIR_IntAttr>:$interleaved,
    OptionalAttr<ONNXIR_IntAttr>:$is_packed_batching,
    OptionalAttr<ONNXIR_IntAttr>:$num_heads,
    OptionalAttr<ONNXIR_IntAttr>:$rotary_embedding_dim,
    OptionalAttr<ONNXIR_FloatAttr>:$scale,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output);
}

def ONNXIR_MicrosoftSkipLayerNormalizationOp : ONNXIR_Operator<
    "microsoft.SkipLayerNormalization",
    "com.microsoft", "SkipLayerNormalization", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_Value:$skip,
    ONNXIR_Value:$gamma,
    ONNXIR_OptionalValue:$beta,
    ONNXIR_OptionalValue:$bias,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1e-12f">:$epsilon,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output,
    ONNXIR_OptionalValue:$mean,
    ONNXIR_OptionalValue:$inv_std_var,
    ONNXIR_OptionalValue:$input_skip_bias_sum);
}

def ONNXIR_MicrosoftSkipSimplifiedLayerNormalizationOp : ONNXIR_Operator<
    "microsoft.SkipSimplifiedLayerNormalization",
    "com.microsoft", "SkipSimplifiedLayerNormalization", 1, 1, 0> {
  let arguments = (ins
    ONNXIR_Value:$input,
    ONNXIR_Value:$skip,
    ONNXIR_Value:$gamma,
    ONNXIR_OptionalValue:$bias,
    DefaultValuedAttr<ONNXIR_FloatAttr, "1e-12f">:$epsilon,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrAttr>:$scope);
  let results = (outs
    ONNXIR_Value:$output,
    ONNXIR_OptionalValue:$mean,
    ONNXIR_OptionalValue:$inv_std_var,
    ONNXIR_OptionalValue:$input_skip_bias_sum);
}

#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORS_TD
