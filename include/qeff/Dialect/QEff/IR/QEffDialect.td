// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `qeff`: transformer graphs with their weights by reference.
#ifndef QEFF_DIALECT_QEFF_IR_QEFFDIALECT_TD
#define QEFF_DIALECT_QEFF_IR_QEFFDIALECT_TD

include "mlir/IR/OpBase.td"

def QEff_Dialect : Dialect {
  let name = "qeff";
  let cppNamespace = "::qeff";
  let summary = "Transformer-level graphs with weights by reference";
  let description = [{
    What ONNX lacks or hides about a transformer: weights that stay in their
    files and are changed only by lazy expressions, one op per transformer
    concept with positions instead of masks, and retained state as plain
    values. See the rationale for why each is the way it is.

    Module attributes: `qeff.phase` (where in the pipeline the module stands),
    `qeff.max_position` (i64, positions that the model supports),
    `qeff.specializations` (array of `#qeff.spec`), `qeff.producer` (string),
    `qeff.architecture` (string, the model's class as its configuration names
    it), `qeff.eos_token_ids` (`array<i64>`, tokens that end a text).

    Argument and result attributes: `qeff.name` (the I/O name), `qeff.dims`
    (array of `@dim` references and i64 constants, one per axis; `unit` for a
    dynamic size without a name) and, on arguments that are state, `qeff.state`
    (the name of the result that carries the new value). The unit attribute
    `qeff.adapter` marks arguments that hold the adapter in use: its low-rank
    matrices, which are states that nothing changes, and their scalings. They
    are static floats.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::mlir::arith::ArithDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let hasConstantMaterializer = 0;
}

#endif // QEFF_DIALECT_QEFF_IR_QEFFDIALECT_TD
