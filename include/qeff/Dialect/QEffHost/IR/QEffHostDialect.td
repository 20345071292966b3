// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `qeff_host`: a model as the host runs it.
#ifndef QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTDIALECT_TD
#define QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTDIALECT_TD

include "mlir/IR/OpBase.td"

def QEffHost_Dialect : Dialect {
  let name = "qeff_host";
  let cppNamespace = "::qeff::host";
  let summary = "Kernels, launches and memory of the host CPU";
  let description = [{
    A module of phase `host` holds kernels (private `func.func` with the unit
    attribute `qeff_host.kernel`), the retained states and where each lives, the
    values that weights.bin holds and where, what an adapter may change and
    where it lives, and one straight list of launches per specialization. There
    are five memory segments (`arena`, `weights`, `state`, `io`, `adapter`);
    every operand of a launch is an offset into one of them. The list is what
    `qeff/Runtime/ProgramABI.h` tabulates and what a trace shows.

    A kernel takes its operands as static memrefs with the identity layout and
    then the range of tiles, `%begin: index, %end: index`; it owns no memory.

    The module attribute `qeff_host.cpu` (string) is the CPU that the kernels
    were made for, as LLVM's `-mcpu` names it.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::qeff::QEffDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
}

#endif // QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTDIALECT_TD
