# Helpers that keep the project's CMakeLists short. Everything that links MLIR
# links the shared libMLIR and libLLVM.

include_guard()

add_library(qeff_compile_options INTERFACE)
target_include_directories(qeff_compile_options SYSTEM INTERFACE
  $<BUILD_INTERFACE:${MLIR_INCLUDE_DIRS}>
  $<BUILD_INTERFACE:${LLVM_INCLUDE_DIRS}>)
target_include_directories(qeff_compile_options INTERFACE
  $<BUILD_INTERFACE:${QEFF_SOURCE_DIR}/include>
  $<BUILD_INTERFACE:${QEFF_BINARY_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_options(qeff_compile_options INTERFACE
  $<BUILD_INTERFACE:-Wall;-Wextra;-Wno-unused-parameter;-Wno-comment>)
if(NOT LLVM_ENABLE_RTTI)
  target_compile_options(qeff_compile_options INTERFACE
    $<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>>)
endif()
if(QEFF_ENABLE_ASSERTIONS)
  target_compile_options(qeff_compile_options INTERFACE
    $<BUILD_INTERFACE:-UNDEBUG>)
endif()
set_property(GLOBAL APPEND PROPERTY QEFF_EXPORTS qeff_compile_options)

# MLIR's headers are half of what a source costs: all libraries share them
# precompiled. No source may rely on it; the preset asan builds without.
option(QEFF_PRECOMPILE_HEADERS "Parse MLIR's headers once for all libraries" ON)
if(QEFF_PRECOMPILE_HEADERS)
  set(qeff_empty "${QEFF_BINARY_DIR}/mlir_headers.cpp")
  file(CONFIGURE OUTPUT "${qeff_empty}" CONTENT "")
  add_library(qeff_mlir_headers OBJECT "${qeff_empty}")
  target_link_libraries(qeff_mlir_headers PRIVATE qeff_compile_options)
  target_precompile_headers(qeff_mlir_headers PRIVATE
    <mlir/Bytecode/BytecodeOpInterface.h>
    <mlir/Dialect/Arith/IR/Arith.h>
    <mlir/Dialect/Func/IR/FuncOps.h>
    <mlir/IR/BuiltinOps.h>
    <mlir/IR/OpImplementation.h>
    <mlir/IR/PatternMatch.h>
    <mlir/Pass/Pass.h>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What ccache needs to see through a precompiled header.
    target_compile_options(qeff_compile_options INTERFACE
      $<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>>)
  endif()
endif()

# add_qeff_library(NAME sources... [DEPENDS targets...] [LINK_LIBS libs...])
# A static, position-independent library on the shared libMLIR.
function(add_qeff_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  add_library(QEff::${name} ALIAS ${name})
  target_link_libraries(${name} PUBLIC qeff_compile_options ${ARG_LINK_LIBS}
    MLIR LLVM)
  add_dependencies(${name} QEffHeaders ${ARG_DEPENDS})
  if(QEFF_PRECOMPILE_HEADERS)
    target_precompile_headers(${name} REUSE_FROM qeff_mlir_headers)
  endif()
  set_property(GLOBAL APPEND PROPERTY QEFF_EXPORTS ${name})
endfunction()

# add_qeff_tool(NAME sources... [LINK_LIBS libs...])
function(add_qeff_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE qeff_compile_options ${ARG_LINK_LIBS})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  set_property(GLOBAL APPEND PROPERTY QEFF_TOOLS ${name})
endfunction()

# qeff_tablegen(OUT.inc TD args...): one mlir-tblgen output in the binary
# include tree, beside its source; collected in the target QEffHeaders.
macro(qeff_tablegen out td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  mlir_tablegen(${out} ${ARGN}
    EXTRA_INCLUDES ${QEFF_SOURCE_DIR}/include ${MLIR_INCLUDE_DIRS})
endmacro()

# add_qeff_doc(TD generator OUTPUT args...): a Markdown page in docs/generated.
function(add_qeff_doc td generator output)
  set(out "${QEFF_BINARY_DIR}/docs/${output}")
  get_filename_component(dir "${out}" DIRECTORY)
  # A page shows what its file includes, too.
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS
    "${QEFF_SOURCE_DIR}/include/qeff/*.td")
  add_custom_command(OUTPUT "${out}"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${dir}"
    COMMAND mlir-tblgen ${generator} ${ARGN} -I ${QEFF_SOURCE_DIR}/include
      -I ${MLIR_INCLUDE_DIRS} ${CMAKE_CURRENT_SOURCE_DIR}/${td} -o "${out}"
    DEPENDS ${sources} VERBATIM)
  string(MAKE_C_IDENTIFIER "qeff-doc-${output}" target)
  add_custom_target(${target} DEPENDS "${out}")
  set_property(GLOBAL APPEND PROPERTY QEFF_DOCS ${target})
endfunction()
