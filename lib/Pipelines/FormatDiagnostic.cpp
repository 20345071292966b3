// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Diagnostics as lines of text.

#include "qeff/Pipelines/Compiler.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"

#include "llvm/Support/raw_ostream.h"

using namespace qeff;

/// "file:line:column: ", "file: ", or "".
static std::string formatLocation(Location loc) {
  std::string text;
  llvm::raw_string_ostream os(text);
  loc->walk([&](Location nested) {
    auto file = dyn_cast<mlir::FileLineColLoc>(nested);
    if (!file) {
      return mlir::WalkResult::advance();
    }
    os << file.getFilename().getValue();
    if (file.getLine() != 0) {
      os << ":" << file.getLine() << ":" << file.getColumn();
    }
    os << ": ";
    return mlir::WalkResult::interrupt();
  });
  return text;
}

std::string qeff::formatDiagnostic(const mlir::Diagnostic &diagnostic) {
  std::string text = formatLocation(diagnostic.getLocation());
  llvm::raw_string_ostream os(text);
  os << diagnostic;
  for (const mlir::Diagnostic &attached :
       const_cast<mlir::Diagnostic &>(diagnostic).getNotes()) {
    std::string place = formatLocation(attached.getLocation());
    os << "; " << place;
    os << attached;
  }
  return text;
}
