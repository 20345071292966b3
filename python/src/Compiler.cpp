// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The extension qeff._qeff: what Python needs of the compiler's libraries.

#include "Error.h"

#include "qeff/Import/GGUFMetadata.h"
#include "qeff/Import/InputFile.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

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

NB_MODULE(_qeff, module) {
  qeff::python::registerError();
  module.def("read_gguf_metadata", &readGGUFMetadata, nb::arg("path"));
}
