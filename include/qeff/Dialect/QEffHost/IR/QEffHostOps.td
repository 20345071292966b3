// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops of the dialect `qeff_host`.
#ifndef QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTOPS_TD
#define QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTOPS_TD

include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "qeff/Dialect/QEff/IR/QEffInterfaces.td"
include "qeff/Dialect/QEffHost/IR/QEffHostAttrs.td"

def QEffHost_Tensor
    : StaticShapeTensorOf<[AnyFloat, AnySignlessInteger]>;

def QEffHost_I64Attr
    : TypedSignlessIntegerAttrBase<I64, "int64_t", "64-bit integer attribute">;

class QEffHost_Op<string mnemonic, list<Trait> traits = []>
    : Op<QEffHost_Dialect, mnemonic, traits>;

def QEffHost_StateOp : QEffHost_Op<"state",
    [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "A retained state and its place in the state segment";
  let description = [{
    All functions share the states: what one call leaves is what the next one
    finds. The type is the logical [batch, head, slot, channel] tensor.

    Constraints:
    - (C1) the type is a static ranked tensor of floats; [B, H, L, D] where the
      layout is `bhc_16dc`
    - (C2) offset is a multiple of 64 and >= 0

    ```mlir
    qeff_host.state @"past_key.0" : tensor<1x2x64x8xf32> layout bhc_16dc at(0)
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type,
                       QEffHost_StateLayoutAttr:$layout,
                       QEffHost_I64Attr:$offset);
  let assemblyFormat = [{
    $sym_name `:` $type `layout` `` $layout `at` `(` $offset `)` attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
    /// Bytes that the state occupies, padding of the layout included.
    int64_t getByteSize();
  }];
}

def QEffHost_WeightsOp : QEffHost_Op<"weights", [
    HasParent<"::mlir::ModuleOp">, IsolatedFromAbove, SingleBlock,
    NoTerminator]> {
  let summary = "The contents of weights.bin";
  let description = [{
    Lazy weight expressions and where their values go.

    Constraints:
    - (C1) a module has at most one
    - (C2) no two placements overlap

    ```mlir
    qeff.file "private" @shard "model.safetensors" {root = "model", size = 4096 : i64}
    qeff.weight "private" @q file(@shard) {offset = 128 : i64} : tensor<40x8xf32>
    qeff_host.weights {
      %0 = qeff.weight_ref @q : tensor<40x8xf32>
      %1 = qeff_host.pack %0 : tensor<40x8xf32> -> tensor<2x8x32xf32>
      qeff_host.place %1 at(0) : tensor<2x8x32xf32>
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def QEffHost_PlaceOp : QEffHost_Op<"place",
    [HasParent<"::qeff::host::WeightsOp">]> {
  let summary = "Puts a value at an offset of weights.bin";
  let description = [{
    Constraints:
    - (C1) offset is a multiple of 64 and >= 0
  }];
  let arguments = (ins QEffHost_Tensor:$value, QEffHost_I64Attr:$offset);
  let assemblyFormat = "$value `at` `(` $offset `)` attr-dict `:` type($value)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    int64_t getByteSize();
  }];
}

def QEffHost_PackOp : QEffHost_Op<"pack",
    [Pure, DeclareOpInterfaceMethods<QEff_StreamableOpInterface>]> {
  let summary = "Panels of a linear layer's weight";
  let description = [{
    result[p, k, j] = input[p·W + j, k], 0 beyond the last row: W rows of the
    [out, in] weight side by side, so that a matrix–vector and a matrix–matrix
    product read it in order.

    Constraints:
    - (C1) input is [N, K], result [ceil(N / W), K, W], element types equal

    ```mlir
    %1 = qeff_host.pack %0 : tensor<40x8xf32> -> tensor<2x8x32xf32>
    ```
  }];
  let arguments = (ins QEffHost_Tensor:$input);
  let results = (outs QEffHost_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def QEffHost_AdapterBlockOp : QEffHost_Op<"adapter_block", [
    HasParent<"::mlir::ModuleOp">, IsolatedFromAbove, SingleBlock,
    NoTerminator]> {
  let summary = "The modules that an adapter may change, and its memory";
  let description = [{
    All functions read one block of memory, the adapter segment, whose contents
    the runtime changes between two calls. `rank` is the largest rank that fits.

    Constraints:
    - (C1) a module has at most one; rank is in [1, 65536]
    - (C2) the body holds targets alone, no two of one module
    - (C3) no two headers, As or parts overlap

    ```mlir
    qeff_host.adapter_block rank(8) {
      qeff_host.adapter_target "model.layers.0.self_attn.q_proj" in(16) out(64) header(0) a(64)
          parts [#qeff_host.adapter_part<row 0 size 64 at 576>]
    }
    ```
  }];
  let arguments = (ins QEffHost_I64Attr:$rank);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`rank` `(` $rank `)` attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The rank rounded up to the step in which memory is laid out.
    int64_t getCapacity();
  }];
}

def QEffHost_AdapterTargetOp : QEffHost_Op<"adapter_target",
    [HasParent<"::qeff::host::AdapterBlockOp">]> {
  let summary = "The low-rank pair of one module in the adapter segment";
  let description = [{
    At `header` are 64 bytes: the rank in use (i64, a multiple of 8, 0 is off)
    and the scaling (f32). At `a` is A [rank, in]. A part holds rows of B
    [out, rank] as [ceil(size / 32)][rank][32]: panels of rows, ranks, rows of
    the panel. There is room for `capacity` ranks. All f32.

    Constraints:
    - (C1) in and out are in [1, 2^32]
    - (C2) parts are in [0, out), at least one, and share no row
    - (C3) offsets are multiples of 64 and >= 0
  }];
  let arguments = (ins StrAttr:$module, QEffHost_I64Attr:$in,
                       QEffHost_I64Attr:$out, QEffHost_I64Attr:$header,
                       QEffHost_I64Attr:$a,
                       QEffHost_AdapterPartArrayAttr:$parts);
  let assemblyFormat = [{
    $module `in` `(` $in `)` `out` `(` $out `)` `header` `(` $header `)`
    `a` `(` $a `)` `parts` $parts attr-dict
  }];
  let hasVerifier = 1;
}

def QEffHost_FunctionOp : QEffHost_Op<"function", [
    Symbol, HasParent<"::mlir::ModuleOp">, IsolatedFromAbove, SingleBlock,
    NoTerminator, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "One specialization: a straight list of launches";
  let description = [{
    Constraints:
    - (C1) the arena's and the io segment's sizes are multiples of 64 and >= 0
    - (C2) each input and output lies inside the io segment at a multiple of 64;
      no two overlap, names are distinct
    - (C3) the body holds launches alone
    - (C4) the kernel of each launch is a function with the attribute
      `qeff_host.kernel`, and the launch has an operand per memref argument of
      it, inside its segment

    ```mlir
    qeff_host.function @decode arena(64) io(192) dims {batch_size = 1 : i64, ctx_len = 64 : i64, seq_len = 1 : i64}
        inputs [#qeff_host.io<"input_ids", tensor<1x1xi64> at 0>]
        outputs [#qeff_host.io<"logits", tensor<1x1x4xf32> at 64>] {
      qeff_host.launch @k tiles(1) (io + 0, io + 64) bytes(0) scope("lm_head")
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, QEffHost_I64Attr:$arena_bytes,
                       QEffHost_I64Attr:$io_bytes, DictionaryAttr:$dims,
                       QEffHost_IOArrayAttr:$inputs,
                       QEffHost_IOArrayAttr:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `arena` `(` $arena_bytes `)` `io` `(` $io_bytes `)` `dims` $dims
    `inputs` $inputs `outputs` $outputs attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def QEffHost_LaunchOp : QEffHost_Op<"launch",
    [HasParent<"::qeff::host::FunctionOp">]> {
  let summary = "One kernel over a number of tiles";
  let description = [{
    The runtime splits [0, tiles) among its threads; a barrier follows. `bytes`
    are the weight, state and adapter bytes that the launch reads at most.

    Constraints:
    - (C1) every offset is a multiple of 64 and >= 0
    - (C2) tiles >= 1, bytes >= 0

    ```mlir
    qeff_host.launch @linear_1x8x40_f32 tiles(2) (arena + 0, weights + 0, arena + 64) bytes(2048) scope("layers.0.self_attn.q_proj")
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, QEffHost_I64Attr:$tiles,
                       QEffHost_AddressArrayAttr:$addresses,
                       QEffHost_I64Attr:$bytes,
                       OptionalAttr<StrAttr>:$scope);
  let assemblyFormat = [{
    $kernel `tiles` `(` $tiles `)` custom<Addresses>($addresses)
    `bytes` `(` $bytes `)` (`scope` `(` $scope^ `)`)? attr-dict
  }];
  let hasVerifier = 1;
}

#endif // QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTOPS_TD
