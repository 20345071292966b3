# Finds what qeff builds on: MLIR, LLVM and lld 22 (shared), protobuf, the
# `onnx` package's onnx.proto, nlohmann-json, PCRE2 and threads.

list(APPEND CMAKE_PREFIX_PATH /usr/lib/llvm-22)
find_package(MLIR REQUIRED CONFIG)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "expects MLIR 22, found ${LLVM_PACKAGE_VERSION}")
endif()
find_package(LLD REQUIRED CONFIG)
find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Protobuf REQUIRED)
find_library(QEFF_PCRE2_LIBRARY pcre2-8)
find_path(QEFF_PCRE2_INCLUDE_DIR pcre2.h)
if(NOT QEFF_PCRE2_LIBRARY OR NOT QEFF_PCRE2_INCLUDE_DIR)
  message(FATAL_ERROR "PCRE2 (libpcre2-dev) not found")
endif()

list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# Python: the project's own environment where there is one.
if(NOT Python_EXECUTABLE AND EXISTS "${QEFF_SOURCE_DIR}/.venv/bin/python")
  set(Python_EXECUTABLE "${QEFF_SOURCE_DIR}/.venv/bin/python" CACHE FILEPATH
      "Python interpreter")
endif()
if(QEFF_BUILD_PYTHON)
  find_package(Python 3.11 REQUIRED
               COMPONENTS Interpreter Development.Module)
else()
  find_package(Python 3.11 REQUIRED COMPONENTS Interpreter)
endif()

# onnx.proto3 / onnx.proto of the onnx package.
set(QEFF_ONNX_PROTO_DIR "" CACHE PATH "Directory that holds onnx/onnx.proto")
if(NOT QEFF_ONNX_PROTO_DIR)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
      "import importlib.util as u, os; print(os.path.dirname(os.path.dirname(u.find_spec('onnx').origin)))"
    OUTPUT_VARIABLE qeff_onnx_dir OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE qeff_onnx_result ERROR_QUIET)
  if(NOT qeff_onnx_result EQUAL 0)
    message(FATAL_ERROR
      "onnx.proto not found: install the Python package onnx for "
      "${Python_EXECUTABLE} (utils/setup.sh does), or set QEFF_ONNX_PROTO_DIR")
  endif()
  set(QEFF_ONNX_PROTO_DIR "${qeff_onnx_dir}" CACHE PATH "" FORCE)
endif()
