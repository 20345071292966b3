// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the extension qeff._qeff knows of adapters.
#ifndef QEFF_PYTHON_SRC_ADAPTERS_H
#define QEFF_PYTHON_SRC_ADAPTERS_H

#include <nanobind/nanobind.h>

namespace qeff::python {

/// Defines convert_adapter, describe_adapter, read_safetensors_header and
/// read_targets.
void defineAdapters(nanobind::module_ &module);

} // namespace qeff::python

#endif // QEFF_PYTHON_SRC_ADAPTERS_H
