// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `qeff`, its attributes and the names of the attributes that it
// puts on other ops.
#ifndef QEFF_DIALECT_QEFF_IR_QEFFDIALECT_H
#define QEFF_DIALECT_QEFF_IR_QEFFDIALECT_H

#include "qeff/Support/LLVM.h"

#include "mlir/IR/Dialect.h"

#include "qeff/Dialect/QEff/IR/QEffEnums.h.inc"

#include "qeff/Dialect/QEff/IR/QEffDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "qeff/Dialect/QEff/IR/QEffAttrs.h.inc"

namespace qeff {

/// Version of the dialect in bytecode; raised when an op or attribute changes
/// its meaning or encoding.
inline constexpr uint64_t kBytecodeVersion = 2;

// Discardable attributes, see the dialect's description.
inline constexpr StringRef kPhaseAttr = "qeff.phase";
inline constexpr StringRef kMaxPositionAttr = "qeff.max_position";
inline constexpr StringRef kSpecializationsAttr = "qeff.specializations";
inline constexpr StringRef kProducerAttr = "qeff.producer";
inline constexpr StringRef kArchitectureAttr = "qeff.architecture";
inline constexpr StringRef kEosTokenIdsAttr = "qeff.eos_token_ids";
inline constexpr StringRef kNameAttr = "qeff.name";
inline constexpr StringRef kDimsAttr = "qeff.dims";
inline constexpr StringRef kStateAttr = "qeff.state";
inline constexpr StringRef kAdapterAttr = "qeff.adapter";

/// The phase that `module` carries, or nothing.
std::optional<Phase> getPhase(ModuleOp module);
void setPhase(ModuleOp module, Phase phase);

/// The module's specializations, in order; empty where there are none.
SmallVector<SpecAttr> getSpecializations(ModuleOp module);

} // namespace qeff

#endif // QEFF_DIALECT_QEFF_IR_QEFFDIALECT_H
