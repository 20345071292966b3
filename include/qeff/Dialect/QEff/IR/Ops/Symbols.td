// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Symbols of a qeff module: dims, files, weights, weight expressions.
#ifndef QEFF_DIALECT_QEFF_IR_OPS_SYMBOLS_TD
#define QEFF_DIALECT_QEFF_IR_OPS_SYMBOLS_TD

include "qeff/Dialect/QEff/IR/Ops/Base.td"

def QEff_DimOp : QEff_Op<"dim", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "A named dimension";
  let description = [{
    Declares a dim that argument and result attributes (`qeff.dims`) refer to.

    Constraints:
    - (C1) 0 <= min, and min <= max where there is a max

    ```mlir
    qeff.dim @seq_len {max = 8192 : i64, min = 1 : i64}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       DefaultValuedAttr<I64Attr, "1">:$min,
                       OptionalAttr<I64Attr>:$max);
  let assemblyFormat = "($sym_visibility^)? $sym_name attr-dict";
  let hasVerifier = 1;
}

def QEff_FileOp : QEff_Op<"file", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "A file that holds weights";
  let description = [{
    `path` is relative to the folder that `root` names. Roots are bound when the
    module is used: "model" is by default the folder of the module's own file;
    `--root NAME=DIR` binds any other. `header_sha256` is the SHA-256 of the
    file's header (everything before its tensor data, `header_size` bytes), so
    that another file of the same name is noticed without reading its weights.

    Constraints:
    - (C1) path is relative, not empty and has no `..` component
    - (C2) root is not empty
    - (C3) size >= 0 and 0 <= header_size <= size

    ```mlir
    qeff.file "private" @shard0 "model.safetensors" {header_sha256 = "00", header_size = 128 : i64, root = "model", size = 4096 : i64}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       StrAttr:$path, StrAttr:$root, I64Attr:$size,
                       DefaultValuedAttr<I64Attr, "0">:$header_size,
                       OptionalAttr<StrAttr>:$header_sha256);
  let assemblyFormat = "($sym_visibility^)? $sym_name $path attr-dict";
  let hasVerifier = 1;
}

def QEff_WeightOp : QEff_Op<"weight", [
    Symbol, HasParent<"::mlir::ModuleOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "A tensor stored in a file";
  let description = [{
    `byte_size` bytes at `offset` of `file`, row-major, little-endian. Without
    `encoding` they are the elements of the type; with one they are its blocks,
    and the type is the logical float tensor.

    Constraints:
    - (C1) the type is a static ranked tensor of a byte-sized element type
    - (C2) offset >= 0, and offset + byte size <= the file's size
    - (C3) file refers to a `qeff.file`
    - (C4) with an encoding, the last axis is a multiple of the block length

    ```mlir
    qeff.file "private" @shard0 "model.safetensors" {root = "model", size = 4096 : i64}
    qeff.weight "private" @q file(@shard0) {offset = 128 : i64, scope = "layers.0.self_attn.q_proj.weight"} : tensor<16x16xf16>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       FlatSymbolRefAttr:$file, I64Attr:$offset,
                       OptionalAttr<QEff_BlockAttr>:$encoding,
                       OptionalAttr<StrAttr>:$scope, TypeAttr:$type);
  let assemblyFormat = [{
    ($sym_visibility^)? $sym_name `file` `(` $file `)` attr-dict `:` $type
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
    /// Bytes that the weight occupies in its file.
    int64_t getByteSize();
  }];
}

def QEff_WeightExprOp : QEff_Op<"weight_expr", [
    Symbol, IsolatedFromAbove, SingleBlock,
    HasParent<"::mlir::ModuleOp">]> {
  let summary = "A named, lazy expression over weights";
  let description = [{
    The result of `qeff-outline-weights`: a chain of streamable ops with a name
    and a content key (SHA-256 over the ops and the identity of the files they
    read). Nothing is computed until a target writes the value.

    Constraints:
    - (C1) the body ends in `qeff.yield` of a value of the declared type
    - (C2) every other op of the body is a `qeff.weight_ref`, a constant or
      implements `StreamableOpInterface`

    ```mlir
    qeff.weight_expr "private" @q_t : tensor<16x16xf16> {
      %0 = qeff.weight_ref @q : tensor<16x16xf16>
      %1 = qeff.transpose %0 [1, 0] : tensor<16x16xf16> -> tensor<16x16xf16>
      qeff.yield %1 : tensor<16x16xf16>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       OptionalAttr<StrAttr>:$scope,
                       OptionalAttr<StrAttr>:$key, TypeAttr:$type);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    ($sym_visibility^)? $sym_name `:` $type attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
    /// The value that the expression yields.
    ::mlir::Value getYielded();
  }];
}

def QEff_YieldOp : QEff_Op<"yield", [Pure, Terminator,
    HasParent<"::qeff::WeightExprOp">]> {
  let summary = "Ends a weight expression";
  let arguments = (ins QEff_Tensor:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

#endif // QEFF_DIALECT_QEFF_IR_OPS_SYMBOLS_TD
