# Run by ctest with -D way=find_package|pkg_config|add_subdirectory; builds consumer/ from scratch
# in `scratch` and runs it.

cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/installed.cmake")
set(consumer "${CMAKE_CURRENT_LIST_DIR}/consumer")
set(program "${scratch}/build/consumer")

if(way STREQUAL "pkg_config")
  ask_pkg_config(tarn_flags --cflags --libs tarn)
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
