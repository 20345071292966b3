// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the op families of the dialect `qeff` share.
#ifndef QEFF_DIALECT_QEFF_IR_OPS_BASE_TD
#define QEFF_DIALECT_QEFF_IR_OPS_BASE_TD

include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "qeff/Dialect/QEff/IR/QEffAttrs.td"
include "qeff/Dialect/QEff/IR/QEffInterfaces.td"

// A floating-point tensor of known rank.
def QEff_FloatTensor : RankedTensorOf<[AnyFloat]>;
// An integer tensor of known rank with i64 elements: token ids and positions.
def QEff_IndexTensor : RankedTensorOf<[I64]>;
// Anything a weight expression handles.
def QEff_Tensor : RankedTensorOf<[AnyFloat, AnySignlessInteger]>;

class QEff_Op<string mnemonic, list<Trait> traits = []>
    : Op<QEff_Dialect, mnemonic, traits>;

// A pure op of the model. `scope` is the dotted path of the module that the op
// comes from ("layers.3.self_attn"): it names nodes, traces and reports.
class QEff_ModelOp<string mnemonic, list<Trait> traits = [],
                   Trait shape = QEff_ShapeOpInterface>
    : QEff_Op<mnemonic, !listconcat(traits, [Pure, shape])>;

// How an op says that its result's shape is not its first operand's.
def QEff_InferShape : DeclareOpInterfaceMethods<QEff_ShapeOpInterface,
                                                ["inferResultShape"]>;

#endif // QEFF_DIALECT_QEFF_IR_OPS_BASE_TD
