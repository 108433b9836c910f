# Run by ctest with -D way=find_package|pkg_config|add_subdirectory; builds consumer/ from scratch
# in `scratch` and runs it.

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(consumer "${CMAKE_CURRENT_LIST_DIR}/consumer")
set(prefix "${scratch}/prefix")
set(program "${scratch}/build/consumer")
file(REMOVE_RECURSE "${scratch}")

if(NOT way STREQUAL "add_subdirectory")
  run("${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}")
  # The tree may be moved after the installation.
  file(RENAME "${prefix}" "${scratch}/moved")
  set(prefix "${scratch}/moved")
endif()

if(way STREQUAL "pkg_config")
  set(ENV{PKG_CONFIG_PATH} "${prefix}/${library_folder}/pkgconfig")
  execute_process(COMMAND "${pkg_config}" --cflags --libs tarn
                  OUTPUT_VARIABLE tarn_flags COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(tarn_flags UNIX_COMMAND "${tarn_flags}")
  separate_arguments(flags UNIX_COMMAND "${flags}")
  file(MAKE_DIRECTORY "${scratch}/build")
  run("${compiler}" -std=c++20 ${flags} "${consumer}/consumer.cpp" ${tarn_flags} -o "${program}")
else()
  run("${CMAKE_COMMAND}" -G "${generator}" -S "${consumer}" -B "${scratch}/build"
      "-DCMAKE_CXX_COMPILER=${compiler}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${launcher}"
      "-DCMAKE_CXX_FLAGS=${flags}" "-DCMAKE_PREFIX_PATH=${prefix}" "-Dway=${way}"
      "-Dtarn_source=${source}")
  run("${CMAKE_COMMAND}" --build "${scratch}/build")
endif()
run("${program}")
