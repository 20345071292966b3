// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters become files of a package, or are described.

#include "Adapters.h"
#include "Error.h"

#include "qeff/Import/InputFile.h"
#include "qeff/Import/Safetensors.h"
#include "qeff/Pipelines/AdapterBase.h"
#include "qeff/Pipelines/Compiler.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <functional>
#include <optional>
#include <string>

namespace nb = nanobind;

using qeff::python::Error;

static std::string asString(const nb::bytes &path) {
  return std::string(path.c_str(), path.size());
}

/// Runs `work` without Python's lock; what it emits is thrown if it fails.
static void
runWithErrors(const std::function<mlir::LogicalResult(mlir::MLIRContext *)>
                  &work) {
  nb::gil_scoped_release release;
  std::string errors;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::ScopedDiagnosticHandler handler(
      &context, [&](mlir::Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error) {
          errors += (errors.empty() ? "" : "\n") +
                    qeff::formatDiagnostic(diagnostic);
        }
        return mlir::success();
      });
  if (mlir::failed(work(&context))) {
    throw Error(errors.empty() ? "cannot read the adapter" : errors);
  }
}

static void convert(const nb::bytes &directory, const nb::bytes &package,
                    const nb::bytes &output, const std::string &name,
                    bool allowNonfinite) {
  std::string from = asString(directory), base = asString(package),
              to = asString(output);
  runWithErrors([&](mlir::MLIRContext *context) {
    return qeff::convertAdapter(context, from, base, to, name, allowNonfinite);
  });
}

/// The report of the adapter in `directory`, as text or JSON.
static std::string describe(const nb::bytes &directory,
                            const std::optional<nb::bytes> &base, bool json) {
  std::string from = asString(directory), report;
  std::optional<std::string> baseName;
  if (base) {
    baseName = asString(*base);
  }
  runWithErrors([&](mlir::MLIRContext *context) -> mlir::LogicalResult {
    mlir::FailureOr<qeff::AdapterBase> read = qeff::AdapterBase();
    if (baseName) {
      read = qeff::readAdapterBase(context, *baseName);
    }
    if (mlir::failed(read)) {
      return mlir::failure();
    }
    mlir::FailureOr<std::string> text = qeff::describeAdapter(
        context, from, baseName ? &read->modules : nullptr,
        baseName.value_or(""), read->options,
        json ? qeff::AdapterReport::JSON : qeff::AdapterReport::Text);
    if (mlir::succeeded(text)) {
      report = std::move(*text);
    }
    return text;
  });
  return report;
}

/// (metadata, name to (type, shape, offset)) of a safetensors file.
static nb::tuple readHeader(const nb::bytes &path) {
  std::string name = asString(path);
  qeff::SafetensorsHeader header;
  {
    nb::gil_scoped_release release;
    llvm::Expected<qeff::InputFile> file = qeff::InputFile::open(name);
    if (!file) {
      throw Error(name + ": " + llvm::toString(file.takeError()));
    }
    llvm::Expected<qeff::SafetensorsHeader> read =
        qeff::readSafetensorsHeader(*file);
    if (!read) {
      throw Error(name + ": " + llvm::toString(read.takeError()));
    }
    header = std::move(*read);
  }
  nb::dict metadata, tensors;
  for (const auto &entry : header.metadata) {
    metadata[nb::cast(entry.getKey().str())] = nb::cast(entry.getValue());
  }
  for (const auto &entry : header.tensors) {
    const qeff::StoredTensor &tensor = entry.getValue();
    tensors[nb::cast(entry.getKey().str())] =
        nb::make_tuple(tensor.typeName, tensor.shape, tensor.offset);
  }
  return nb::make_tuple(metadata, tensors);
}

/// (largest rank, [(path, in, out) of each target]) of a package.
static nb::tuple readPackageTargets(const nb::bytes &package) {
  std::string path = asString(package);
  qeff::AdapterModules modules;
  runWithErrors([&](mlir::MLIRContext *context) -> mlir::LogicalResult {
    mlir::FailureOr<qeff::AdapterBase> base =
        qeff::readPackageBase(context, path);
    if (mlir::succeeded(base)) {
      modules = std::move(base->modules);
    }
    return base;
  });
  nb::list targets;
  for (const qeff::AdapterModule &module : modules.getAll()) {
    if (module.target) {
      targets.append(nb::make_tuple(module.path, module.in, module.out));
    }
  }
  return nb::make_tuple(modules.maxRank, targets);
}

void qeff::python::defineAdapters(nb::module_ &module) {
  module.def("convert_adapter", &convert, nb::arg("directory"),
             nb::arg("package"), nb::arg("output"), nb::arg("name"),
             nb::arg("allow_nonfinite"));
  module.def("describe_adapter", &describe, nb::arg("directory"),
             nb::arg("base").none(), nb::arg("json"));
  module.def("read_safetensors_header", &readHeader, nb::arg("path"));
  module.def("read_targets", &readPackageTargets, nb::arg("package"));
}
