# The package that find_package(podsim) finds.
include(CMakePackageConfigHelpers)
set(destination "${CMAKE_INSTALL_LIBDIR}/cmake/podsim")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/podsimConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/podsimConfig.cmake" INSTALL_DESTINATION ${destination})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/podsimConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/podsimConfig.cmake" "${PROJECT_BINARY_DIR}/podsimConfigVersion.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/FindSystemCLanguage.cmake" "${CMAKE_CURRENT_LIST_DIR}/FindHDF5C.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/FindLibZip.cmake" DESTINATION ${destination})
install(EXPORT podsimTargets NAMESPACE podsim:: DESTINATION ${destination})
