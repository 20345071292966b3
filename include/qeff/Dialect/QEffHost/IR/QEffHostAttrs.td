// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes and enumerations of the dialect `qeff_host`.
#ifndef QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTATTRS_TD
#define QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "qeff/Dialect/QEffHost/IR/QEffHostDialect.td"

class QEffHost_I32Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::qeff::host";
  let genSpecializedAttr = 0;
}

// The values equal `enum qeff_segment` of qeff/Runtime/ProgramABI.h.
def QEffHost_Segment : QEffHost_I32Enum<"Segment", "memory segment", [
  I32EnumAttrCase<"Arena", 0, "arena">,
  I32EnumAttrCase<"Weights", 1, "weights">,
  I32EnumAttrCase<"State", 2, "state">,
  I32EnumAttrCase<"IO", 3, "io">,
  I32EnumAttrCase<"Adapter", 4, "adapter">
]>;

def QEffHost_StateLayout : QEffHost_I32Enum<"StateLayout", "state layout", [
  I32EnumAttrCase<"RowMajor", 0, "bhcd">,
  I32EnumAttrCase<"SlotBlocks", 1, "bhc_16dc">
]>;
def QEffHost_StateLayoutAttr
    : EnumAttr<QEffHost_Dialect, QEffHost_StateLayout, "layout"> {
  let summary = "How the elements of a state are ordered in memory";
  let description = [{
    `bhcd` is row-major [batch, head, slot, channel]; `bhc_16dc` is
    [batch, head, slot / 16, channel, slot % 16] with the slot count rounded up
    to a multiple of 16 (`bhc/16dc` in qpc.json).
  }];
}

def QEffHost_AddressAttr : AttrDef<QEffHost_Dialect, "Address"> {
  let mnemonic = "address";
  let summary = "An address: a segment and an offset in bytes";
  let parameters = (ins "::qeff::host::Segment":$segment, "int64_t":$offset);
  let assemblyFormat = "`<` $segment `+` $offset `>`";
}
def QEffHost_AddressArrayAttr
    : TypedArrayAttrBase<QEffHost_AddressAttr, "array of #qeff_host.address">;

def QEffHost_IOAttr : AttrDef<QEffHost_Dialect, "IO"> {
  let mnemonic = "io";
  let summary = "An input or output: name, type, offset in the io segment";
  let description = [{
    ```mlir
    #qeff_host.io<"input_ids", tensor<1x32xi64> at 0>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name,
                        "::mlir::RankedTensorType":$type, "int64_t":$offset);
  let assemblyFormat = "`<` $name `,` $type `at` $offset `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getByteSize() const;
  }];
}
def QEffHost_IOArrayAttr
    : TypedArrayAttrBase<QEffHost_IOAttr, "array of #qeff_host.io">;

def QEffHost_AdapterPartAttr : AttrDef<QEffHost_Dialect, "AdapterPart"> {
  let mnemonic = "adapter_part";
  let summary = "Rows of an adapter's B and their place in the adapter segment";
  let description = [{
    ```mlir
    #qeff_host.adapter_part<row 64 size 32 at 4096>
    ```
  }];
  let parameters = (ins "int64_t":$row, "int64_t":$size, "int64_t":$offset);
  let assemblyFormat = "`<` `row` $row `size` $size `at` $offset `>`";
}
def QEffHost_AdapterPartArrayAttr
    : TypedArrayAttrBase<QEffHost_AdapterPartAttr,
                         "array of #qeff_host.adapter_part">;

#endif // QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTATTRS_TD
