// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The MLIR and LLVM names that the project uses without a prefix.
#ifndef QEFF_SUPPORT_LLVM_H
#define QEFF_SUPPORT_LLVM_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Support/LLVM.h"

#include "llvm/ADT/STLExtras.h"

namespace qeff {
// NOLINTBEGIN(misc-unused-using-decls)
// Containers and casts.
using llvm::ArrayRef;
using llvm::cast;
using llvm::cast_if_present;
using llvm::dyn_cast;
using llvm::dyn_cast_if_present;
using llvm::isa;
using llvm::isa_and_present;
using llvm::MutableArrayRef;
using llvm::raw_ostream;
using llvm::SmallString;
using llvm::SmallVector;
using llvm::SmallVectorImpl;
using llvm::StringRef;
using llvm::Twine;

// Results.
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::ParseResult;
using mlir::succeeded;
using mlir::success;

// IR.
using mlir::Attribute;
using mlir::Block;
using mlir::BlockArgument;
using mlir::Builder;
using mlir::IRMapping;
using mlir::ImplicitLocOpBuilder;
using mlir::InFlightDiagnostic;
using mlir::Location;
using mlir::MLIRContext;
using mlir::ModuleOp;
using mlir::NamedAttribute;
using mlir::NamedAttrList;
using mlir::OpAsmParser;
using mlir::OpAsmPrinter;
using mlir::OpBuilder;
using mlir::Operation;
using mlir::OperationState;
using mlir::OpFoldResult;
using mlir::OpOperand;
using mlir::OwningOpRef;
using mlir::PatternRewriter;
using mlir::Region;
using mlir::RewritePatternSet;
using mlir::SymbolTable;
using mlir::SymbolTableCollection;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;
using mlir::WalkResult;

// Attributes and types.
using mlir::ArrayAttr;
using mlir::BoolAttr;
using mlir::DenseElementsAttr;
using mlir::DenseI64ArrayAttr;
using mlir::DictionaryAttr;
using mlir::FlatSymbolRefAttr;
using mlir::FloatAttr;
using mlir::FloatType;
using mlir::IntegerAttr;
using mlir::IntegerType;
using mlir::RankedTensorType;
using mlir::ShapedType;
using mlir::StringAttr;
using mlir::SymbolRefAttr;
using mlir::TypedAttr;
using mlir::UnitAttr;
// NOLINTEND(misc-unused-using-decls)
} // namespace qeff

#endif // QEFF_SUPPORT_LLVM_H
