// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters written to a folder and read back, with the diagnostics that came.
#ifndef QEFF_TEST_UNIT_IMPORT_ADAPTERREADING_H
#define QEFF_TEST_UNIT_IMPORT_ADAPTERREADING_H

#include "AdapterFiles.h"

#include "qeff/Import/Adapter.h"

#include "mlir/IR/Diagnostics.h"

#include <gtest/gtest.h>

#include <optional>

#define EXPECT_HAS(text, part)                                                 \
  EXPECT_NE((text).find(part), std::string::npos) << (text)

namespace qeff::test {

/// What reading an adapter gave.
struct Reading {
  std::optional<Adapter> adapter;
  std::string messages; ///< one line each: file's name, text
};

class AdapterReading : public ::testing::Test {
protected:
  template <typename Action> std::string collect(Action action) {
    std::string messages;
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &diagnostic) {
          if (auto at = llvm::dyn_cast<mlir::FileLineColLoc>(
                  diagnostic.getLocation())) {
            messages += llvm::sys::path::filename(at.getFilename()).str();
            messages += ": ";
          }
          messages += diagnostic.str() + "\n";
          return mlir::success();
        });
    action();
    return messages;
  }

  /// Reads what is in the folder.
  Reading read(const AdapterModules &modules,
               const AdapterOptions &options = {}) {
    Reading reading;
    reading.messages = collect([&] {
      FailureOr<Adapter> adapter =
          readAdapter(&context, folder.path, modules, options);
      if (succeeded(adapter)) {
        reading.adapter = std::move(*adapter);
      }
    });
    return reading;
  }
  Reading read(const TestAdapter &adapter, const AdapterModules &modules,
               const AdapterOptions &options = {}) {
    adapter.write(folder);
    return read(modules, options);
  }

  MLIRContext context;
  TestFolder folder;
};

} // namespace qeff::test

#endif // QEFF_TEST_UNIT_IMPORT_ADAPTERREADING_H
