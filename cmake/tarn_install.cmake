# The install tree: headers, libtarn.a, find_package(tarn) and pkg-config.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS tarn EXPORT tarnTargets FILE_SET HEADERS)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/tarn")
install(EXPORT tarnTargets NAMESPACE tarn:: FILE tarnConfig.cmake DESTINATION "${package_folder}")
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(tarnConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/tarnConfigVersion.cmake"
        DESTINATION "${package_folder}")

# Paths in tarn.pc are relative to its own folder: an install tree may be moved.
set(pkgconfig_folder "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH CMAKE_INSTALL_INCLUDEDIR BASE_DIRECTORY "${pkgconfig_folder}"
           OUTPUT_VARIABLE TARN_PC_INCLUDE)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY "${pkgconfig_folder}"
           OUTPUT_VARIABLE TARN_PC_LIBRARY)
configure_file("${PROJECT_SOURCE_DIR}/cmake/tarn.pc.in" tarn.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/tarn.pc" DESTINATION "${pkgconfig_folder}")
