# The install tree: headers, libraries, find_package(tarn) and pkg-config.

include(CMakePackageConfigHelpers)

set_target_properties(tarn_ngx PROPERTIES EXPORT_NAME ngx)
install(TARGETS tarn tarn_ngx tarn_c_shared EXPORT tarnTargets
        LIBRARY NAMELINK_SKIP FILE_SET HEADERS)
# What -ltarn finds. A link to the shared library would keep C++ programs from the archive.
set(soname libtarn.so.${PROJECT_VERSION_MAJOR})
configure_file("${PROJECT_SOURCE_DIR}/cmake/libtarn.so.in" libtarn.so.in @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/libtarn.so.in" RENAME libtarn.so
        DESTINATION "${CMAKE_INSTALL_LIBDIR}")
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/tarn")
install(EXPORT tarnTargets NAMESPACE tarn:: FILE tarnConfig.cmake DESTINATION "${package_folder}")
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(tarnConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/tarnConfigVersion.cmake"
        DESTINATION "${package_folder}")

# Paths in a .pc file are relative to its own folder: an install tree may be moved.
set(pkgconfig_folder "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH CMAKE_INSTALL_INCLUDEDIR BASE_DIRECTORY "${pkgconfig_folder}"
           OUTPUT_VARIABLE TARN_PC_INCLUDE)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY "${pkgconfig_folder}"
           OUTPUT_VARIABLE TARN_PC_LIBRARY)
function(tarn_pkg_config name description libraries private_libraries)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/tarn.pc.in" ${name}.pc @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc" DESTINATION "${pkgconfig_folder}")
endfunction()
tarn_pkg_config(tarn "${PROJECT_DESCRIPTION}" -ltarn -lstdc++)
tarn_pkg_config(tarn_ngx "nginx's memory pools by nginx's names, on tarn" -ltarn_ngx "")
