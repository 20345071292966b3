// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C++ errors become Python's qeff.Error.
#ifndef QEFF_PYTHON_SRC_ERROR_H
#define QEFF_PYTHON_SRC_ERROR_H

#include <nanobind/nanobind.h>

#include <stdexcept>
#include <string>

namespace qeff::python {

/// Arrives in Python as `qeff.Error` with the same message.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// To be called once, when the extension is initialized.
inline void registerError() {
  // The class lives as long as the interpreter.
  nanobind::object error =
      nanobind::module_::import_("qeff.errors").attr("Error");
  PyObject *type = error.release().ptr();
  nanobind::register_exception_translator(
      [](const std::exception_ptr &pointer, void *type) {
        try {
          std::rethrow_exception(pointer);
        } catch (const Error &error) {
          std::string text = error.what();
          PyObject *message = PyUnicode_DecodeUTF8(
              text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
          if (message) {
            PyErr_SetObject(static_cast<PyObject *>(type), message);
            Py_DECREF(message);
          }
        }
      },
      type);
}

} // namespace qeff::python

#endif // QEFF_PYTHON_SRC_ERROR_H
