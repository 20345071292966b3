# cmake --install: headers, libraries, exported targets and QEffConfig.cmake.
include(CMakePackageConfigHelpers)

set(QEFF_CONFIG_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/QEff")
get_property(qeff_exports GLOBAL PROPERTY QEFF_EXPORTS)
install(TARGETS ${qeff_exports} EXPORT QEffTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT QEffTargets NAMESPACE QEff:: DESTINATION "${QEFF_CONFIG_DIR}")
install(DIRECTORY "${QEFF_SOURCE_DIR}/include/" "${QEFF_BINARY_DIR}/include/"
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.inc")
configure_package_config_file(
  "${QEFF_SOURCE_DIR}/cmake/modules/QEffConfig.cmake.in"
  "${QEFF_BINARY_DIR}/QEffConfig.cmake"
  INSTALL_DESTINATION "${QEFF_CONFIG_DIR}")
write_basic_package_version_file("${QEFF_BINARY_DIR}/QEffConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${QEFF_BINARY_DIR}/QEffConfig.cmake"
  "${QEFF_BINARY_DIR}/QEffConfigVersion.cmake" DESTINATION "${QEFF_CONFIG_DIR}")
