// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes and enumerations of the dialect `qeff`.
#ifndef QEFF_DIALECT_QEFF_IR_QEFFATTRS_TD
#define QEFF_DIALECT_QEFF_IR_QEFFATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "qeff/Dialect/QEff/IR/QEffDialect.td"

class QEff_I32Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::qeff";
  let genSpecializedAttr = 0;
}

class QEff_EnumAttr<EnumAttrInfo info, string mnemonic>
    : EnumAttr<QEff_Dialect, info, mnemonic> {
  let assemblyFormat = "`<` $value `>`";
}

//===----------------------------------------------------------------------===//
// Phases and specializations
//===----------------------------------------------------------------------===//

def QEff_Phase : QEff_I32Enum<"Phase", "pipeline phase", [
  I32EnumAttrCase<"Imported", 0, "imported">,
  I32EnumAttrCase<"Canonical", 1, "canonical">,
  I32EnumAttrCase<"Adapted", 2, "adapted">,
  I32EnumAttrCase<"Stateful", 3, "stateful">,
  I32EnumAttrCase<"Tuned", 4, "tuned">,
  I32EnumAttrCase<"AIC100", 5, "aic100">,
  I32EnumAttrCase<"Specialized", 6, "specialized">,
  I32EnumAttrCase<"Host", 7, "host">,
  I32EnumAttrCase<"ONNX", 8, "onnx">
]>;
def QEff_PhaseAttr : QEff_EnumAttr<QEff_Phase, "phase">;

def QEff_SpecAttr : AttrDef<QEff_Dialect, "Spec"> {
  let mnemonic = "spec";
  let summary = "One specialization: a name and a value for each named dim";
  let description = [{
    ```mlir
    #qeff.spec<"prefill", {batch_size = 1 : i64, ctx_len = 1024 : i64, seq_len = 32 : i64}>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name,
                        "::mlir::DictionaryAttr":$dims);
  let assemblyFormat = "`<` $name `,` $dims `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The value of dim `name`, or nothing.
    std::optional<int64_t> getDim(::llvm::StringRef name) const;
  }];
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

def QEff_Block : QEff_I32Enum<"BlockEncoding", "GGUF block encoding", [
  I32EnumAttrCase<"Q8_0", 0, "q8_0">,
  I32EnumAttrCase<"Q4_0", 1, "q4_0">,
  I32EnumAttrCase<"Q4_1", 2, "q4_1">
]>;
def QEff_BlockAttr : QEff_EnumAttr<QEff_Block, "block"> {
  let summary = "How a weight is stored where that is not its element type";
  let description = [{
    GGUF's blocks hold 32 consecutive elements of the last axis:

    | encoding | bytes | element |
    |---|---|---|
    | `q8_0` | f16 d, 32 × i8 q | d·q |
    | `q4_0` | f16 d, 16 × (low, high nibble: elements i, i+16) | d·(q − 8) |
    | `q4_1` | f16 d, f16 m, 16 × nibbles as above | d·q + m |
  }];
}

def QEff_RowOrder : QEff_I32Enum<"RowOrder", "row permutation within a head", [
  I32EnumAttrCase<"Deinterleave", 0, "deinterleave">,
  I32EnumAttrCase<"Interleave", 1, "interleave">
]>;
def QEff_RowOrderAttr : QEff_EnumAttr<QEff_RowOrder, "row_order">;

//===----------------------------------------------------------------------===//
// Transformer ops
//===----------------------------------------------------------------------===//

def QEff_ModuleAttr : AttrDef<QEff_Dialect, "Module"> {
  let mnemonic = "module";
  let summary = "The module that an op is, as adapters name it";
  let description = [{
    `path` is the module's path in the checkpoint's own framework
    ("model.layers.3.self_attn.q_proj"). An op that is a part of a fused module
    gives the rows of the module's output from `row` on: all that follow, or
    `run` of every `every` rows where heads alternate. `transposed` says that
    the framework stores the module's weight [in, out].

    ```mlir
    #qeff.module<"transformer.h.0.attn.c_attn", row 768, transposed>
    #qeff.module<"gpt_neox.layers.0.attention.query_key_value", row 64, run 64, every 192>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$path,
                        DefaultValuedParameter<"int64_t", "0">:$row,
                        DefaultValuedParameter<"int64_t", "0">:$run,
                        DefaultValuedParameter<"int64_t", "0">:$every,
                        DefaultValuedParameter<"bool", "false">:$transposed);
  let builders = [
    AttrBuilder<(ins "::mlir::StringAttr":$path, "int64_t":$row,
                     "bool":$transposed), [{
      return $_get($_ctxt, path, row, /*run=*/0, /*every=*/0, transposed);
    }]>
  ];
  let extraClassDeclaration = [{
    /// The rows of the module that an op of `count` rows gives, as runs of first
    /// row and length; none where that many rows are no whole runs, or too many.
    ::llvm::SmallVector<::std::pair<int64_t, int64_t>>
    getRuns(int64_t count) const;
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def QEff_Activation : QEff_I32Enum<"Activation", "activation function", [
  I32EnumAttrCase<"SiLU", 0, "silu">,
  I32EnumAttrCase<"GELU", 1, "gelu">,
  I32EnumAttrCase<"GELUTanh", 2, "gelu_tanh">,
  I32EnumAttrCase<"ReLU", 3, "relu">,
  I32EnumAttrCase<"Tanh", 4, "tanh">,
  I32EnumAttrCase<"Sigmoid", 5, "sigmoid">,
  I32EnumAttrCase<"QuickGELU", 6, "quick_gelu">
]>;
def QEff_ActivationAttr : QEff_EnumAttr<QEff_Activation, "activation"> {
  let summary = "Elementwise activation";
  let description = [{
    `silu` x·σ(x); `gelu` x·Φ(x) with erf; `gelu_tanh`
    0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))); `relu` max(x, 0); `tanh`;
    `sigmoid` σ(x); `quick_gelu` x·σ(1.702·x).
  }];
}

def QEff_Pool : QEff_I32Enum<"Pool", "how positions become one", [
  I32EnumAttrCase<"CLS", 0, "cls">,
  I32EnumAttrCase<"Mean", 1, "mean">,
  I32EnumAttrCase<"Last", 2, "last">,
  I32EnumAttrCase<"Max", 3, "max">
]>;
def QEff_PoolAttr : QEff_EnumAttr<QEff_Pool, "pool">;

def QEff_RopeStyle : QEff_I32Enum<"RopeStyle", "which channels form a pair", [
  I32EnumAttrCase<"Half", 0, "half">,
  I32EnumAttrCase<"Interleaved", 1, "interleaved">
]>;
def QEff_RopeStyleAttr : QEff_EnumAttr<QEff_RopeStyle, "rope_style">;

def QEff_RopeScalingKind : QEff_I32Enum<"RopeScalingKind", "rope scaling", [
  I32EnumAttrCase<"Linear", 0, "linear">,
  I32EnumAttrCase<"Dynamic", 1, "dynamic">,
  I32EnumAttrCase<"Llama3", 2, "llama3">,
  I32EnumAttrCase<"Yarn", 3, "yarn">,
  I32EnumAttrCase<"LongRope", 4, "longrope">,
  I32EnumAttrCase<"Explicit", 5, "explicit">
]>;

def QEff_RopeScalingAttr : AttrDef<QEff_Dialect, "RopeScaling"> {
  let mnemonic = "rope_scaling";
  let summary = "How rotary frequencies are stretched beyond the trained length";
  let description = [{
    The kind and its parameters under transformers' names
    (`modeling_rope_utils`): `factor`, `low_freq_factor`, `high_freq_factor`,
    `original_max_position_embeddings`, `beta_fast`, `beta_slow`, `mscale`,
    `mscale_all_dim`, `attention_factor`, `truncate` (0 or 1), `short_factor`,
    `long_factor` (arrays of f64). Needed are: `factor` for linear, dynamic and
    llama3; `low_freq_factor` and `high_freq_factor` for llama3;
    `original_max_position_embeddings` for llama3, yarn and longrope;
    `short_factor` and `long_factor` for longrope, with an entry per frequency.

    `explicit` gives the frequencies themselves, as graphs do that know nothing
    of theta: `inv_freq`, an array of f64 with an entry per frequency, and
    optionally `attention_factor`. theta and max_position then have no effect on
    the frequencies.

    ```mlir
    #qeff.rope_scaling<linear, {factor = 4.0 : f64}>
    ```
  }];
  let parameters = (ins "::qeff::RopeScalingKind":$kind,
                        "::mlir::DictionaryAttr":$params);
  let genVerifyDecl = 1;
  let assemblyFormat = "`<` $kind `,` $params `>`";
  let extraClassDeclaration = [{
    /// The f64 (or i64) parameter `name`, or nothing.
    std::optional<double> getNumber(::llvm::StringRef name) const;
    /// The f64 array parameter `name`, or an empty one.
    ::llvm::SmallVector<double> getNumbers(::llvm::StringRef name) const;
  }];
}

#endif // QEFF_DIALECT_QEFF_IR_QEFFATTRS_TD
