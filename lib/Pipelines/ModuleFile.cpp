// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads modules, with limits where MLIR's parser has none.

#include "ModuleFile.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Parser/Parser.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <algorithm>

using namespace qeff;

static constexpr int64_t kMaxNesting = 256;

bool qeff::isModuleFile(StringRef path) {
  return path.ends_with(".mlir") || path.ends_with(".mlirbc");
}

int64_t qeff::findDeepNesting(StringRef text, int64_t limit) {
  int64_t line = 1, depth = 0, minuses = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\n') {
      ++line;
    } else if (c == '"') {
      // MLIR's strings end on their line; a backslash escapes.
      for (++i; i < text.size() && text[i] != '"' && text[i] != '\n'; ++i) {
        i += text[i] == '\\';
      }
      line += i < text.size() && text[i] == '\n';
    } else if (c == '/' && text.substr(i).starts_with("//")) {
      i = text.find('\n', i);
      i = i == StringRef::npos ? text.size() : i - 1;
    } else if (text.substr(i).starts_with("->") ||
               text.substr(i).starts_with(">=")) {
      ++i;
    } else if (StringRef("([{<").contains(c)) {
      ++depth;
    } else if (StringRef(")]}>").contains(c)) {
      depth = std::max<int64_t>(depth - 1, 0);
    }
    // Signs in front of signs nest without brackets.
    minuses = c == '-' ? minuses + 1 : llvm::isSpace(c) ? minuses : 0;
    if (depth + minuses > limit) {
      return line;
    }
  }
  return 0;
}

OwningOpRef<ModuleOp> qeff::readModuleFile(MLIRContext *context,
                                           StringRef path) {
  Location loc = mlir::FileLineColLoc::get(context, path, 0, 0);
  if (!llvm::sys::fs::is_regular_file(path)) {
    mlir::emitError(loc) << "expects a regular file";
    return {};
  }
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (std::error_code code = buffer.getError()) {
    mlir::emitError(loc) << code.message();
    return {};
  }
  if (!mlir::isBytecode(**buffer)) {
    if (int64_t line = findDeepNesting((*buffer)->getBuffer(), kMaxNesting)) {
      mlir::emitError(mlir::FileLineColLoc::get(context, path, line, 1))
          << "expects at most " << kMaxNesting << " nested brackets, got more";
      return {};
    }
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  mlir::ParserConfig config(context);
  return mlir::parseSourceFile<ModuleOp>(sources, config);
}
