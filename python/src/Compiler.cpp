// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The extension qeff._qeff: the compiler as one call, adapters and GGUF
// metadata.

#include "Adapters.h"
#include "Error.h"

#include "qeff/Import/GGUFMetadata.h"
#include "qeff/Import/InputFile.h"
#include "qeff/Pipelines/Compiler.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace nb = nanobind;

using qeff::python::Error;

/// `value` as bool, int, float, str or list.
static nb::object toPython(const qeff::GGUFValue &value) {
  return std::visit(
      [](const auto &held) -> nb::object {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::vector<qeff::GGUFValue>>) {
          nb::list list;
          for (const qeff::GGUFValue &element : held) {
            list.append(toPython(element));
          }
          return list;
        } else if constexpr (std::is_same_v<Held, std::string>) {
          return nb::str(held.data(), held.size());
        } else {
          return nb::cast(held);
        }
      },
      value.value);
}

/// The metadata of the GGUF file at `path`, by key.
static nb::dict readGGUFMetadata(const nb::bytes &path) {
  std::string name(path.c_str(), path.size());
  qeff::GGUFMetadata metadata;
  {
    nb::gil_scoped_release release;
    llvm::Expected<qeff::InputFile> file = qeff::InputFile::open(name);
    if (!file) {
      throw Error(name + ": " + llvm::toString(file.takeError()));
    }
    llvm::Expected<qeff::GGUFMetadata> read = qeff::readGGUFMetadata(*file);
    if (!read) {
      throw Error(name + ": " + llvm::toString(read.takeError()));
    }
    metadata = std::move(*read);
  }
  nb::dict dict;
  for (const auto &[key, value] : metadata) {
    dict[nb::str(key.data(), key.size())] = toPython(value);
  }
  return dict;
}

/// A callback of Python's, called from the compiler's threads. The first
/// exception is kept, and ends the calls; the compiler goes on to its end.
class Callback {
public:
  explicit Callback(nb::object function) : function(std::move(function)) {}

  template <typename... Args> void operator()(Args... args) {
    if (function.is_none()) {
      return;
    }
    nb::gil_scoped_acquire lock;
    if (error) {
      return;
    }
    try {
      function(args...);
    } catch (...) {
      error = std::current_exception();
    }
  }
  void rethrow() const {
    if (error) {
      std::rethrow_exception(error);
    }
  }

private:
  nb::object function;
  std::exception_ptr error;
};

static std::string asString(const nb::bytes &path) {
  return std::string(path.c_str(), path.size());
}

/// Compiles; `note` takes warnings and notes. Errors are thrown, one a line.
static void compileModel(const qeff::CompileOptions &options,
                         nb::object progress, nb::object note) {
  Callback onProgress(std::move(progress)), onNote(std::move(note));
  std::string errors;
  bool compiled = false;
  {
    nb::gil_scoped_release release;
    mlir::MLIRContext context;
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &diagnostic) {
          std::string text = qeff::formatDiagnostic(diagnostic);
          if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error) {
            errors += (errors.empty() ? "" : "\n") + text;
          } else {
            onNote(text);
          }
          return mlir::success();
        });
    compiled = mlir::succeeded(qeff::compile(
        &context, options,
        [&](std::string_view stage, int64_t done, int64_t total) {
          onProgress(std::string(stage), done, total);
        },
        [&](llvm::StringRef text) { onNote(text.str()); }));
  }
  onProgress.rethrow();
  onNote.rethrow();
  if (!compiled) {
    throw Error(errors.empty() ? "cannot compile" : errors);
  }
}

/// Fills the options from the keywords of qeff.compile.
static qeff::CompileOptions getOptions(const nb::dict &values) {
  auto text = [&](const char *key) {
    return nb::cast<std::string>(values[key]);
  };
  auto number = [&](const char *key) {
    return nb::cast<std::optional<int64_t>>(values[key]);
  };
  qeff::CompileOptions options;
  options.model = asString(nb::cast<nb::bytes>(values["model"]));
  options.report = asString(nb::cast<nb::bytes>(values["report"]));
  options.output = asString(nb::cast<nb::bytes>(values["output"]));
  options.targets = nb::cast<std::vector<std::string>>(values["targets"]);
  options.prefillSeqLen = number("prefill_seq_len");
  options.ctxLen = number("ctx_len");
  options.batchSize = number("batch_size");
  for (auto [name, value] : nb::cast<nb::dict>(values["dims"])) {
    options.dims[nb::cast<std::string>(name)] = nb::cast<int64_t>(value);
  }
  options.onnxDtype = text("onnx_dtype");
  options.numCores = number("num_cores");
  options.mxfp6Matmul = nb::cast<bool>(values["mxfp6_matmul"]);
  options.mxint8KVCache = nb::cast<bool>(values["mxint8_kv_cache"]);
  options.hostWeights = text("host_weights");
  options.mcpu = text("mcpu");
  options.compileFrom = text("compile_from");
  options.compileTo = text("compile_to");
  options.adapterMode = text("adapter_mode");
  options.maxLoRARank = number("max_lora_rank");
  options.requireRaised = nb::cast<bool>(values["require_raised"]);
  options.allowNonfinite = nb::cast<bool>(values["allow_nonfinite"]);
  for (nb::handle entry : nb::cast<nb::list>(values["adapters"])) {
    auto adapter = nb::cast<nb::tuple>(entry);
    options.adapters.push_back({nb::cast<std::string>(adapter[0]),
                                asString(nb::cast<nb::bytes>(adapter[1])),
                                nb::cast<double>(adapter[2])});
  }
  options.threads = nb::cast<unsigned>(values["threads"]);
  for (auto [name, directory] : nb::cast<nb::dict>(values["roots"])) {
    options.roots[nb::cast<std::string>(name)] =
        asString(nb::cast<nb::bytes>(directory));
  }
  return options;
}

NB_MODULE(_qeff, module) {
  module.def(
      "compile",
      [](const nb::dict &values, nb::object progress, nb::object note) {
        qeff::CompileOptions options;
        try {
          options = getOptions(values);
        } catch (const nb::cast_error &) {
          throw Error("expects options of the types that qeff.compile names");
        }
        compileModel(options, std::move(progress), std::move(note));
      },
      nb::arg("options"), nb::arg("progress").none(), nb::arg("note").none());
  qeff::python::registerError();
  qeff::python::defineAdapters(module);
  module.def("read_gguf_metadata", &readGGUFMetadata, nb::arg("path"));
}
