# Run by ctest with -D way=find_package|pkg_config; builds consumer_in_c/ from scratch in `scratch`,
# by a project and by calls that know no C++, and runs it.

cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/installed.cmake")
set(consumer "${CMAKE_CURRENT_LIST_DIR}/consumer_in_c")
set(programs "${scratch}/build")
separate_arguments(flags UNIX_COMMAND "${flags}")

# Fails unless `program` loads libtarn.so.0, if `is_shared`, or else does not.
function(check_what_is_loaded program is_shared)
  execute_process(COMMAND "${readelf}" -d "${program}" OUTPUT_VARIABLE dynamic
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "NEEDED[^\n]*libtarn\\.so\\.0" needed "${dynamic}")
  if(is_shared AND NOT needed OR needed AND NOT is_shared)
    message(FATAL_ERROR "${program}: shared should be ${is_shared}: ${dynamic}")
  endif()
endfunction()

function(compile file program)
  run("${compiler}" -std=c99 ${flags} "${consumer}/${file}" ${ARGN} -o "${programs}/${program}")
endfunction()

if(way STREQUAL "pkg_config")
  file(MAKE_DIRECTORY "${programs}")
  ask_pkg_config(shared_flags --cflags --libs tarn)
  ask_pkg_config(static_flags --cflags --libs --static tarn)
  list(TRANSFORM static_flags REPLACE "^-ltarn$" "-l:libtarn.a")
  ask_pkg_config(ngx_flags --cflags --libs tarn_ngx)
  compile(consumer.c consumer ${shared_flags})
  compile(consumer.c consumer_static ${static_flags})
  compile(consumer_ngx.c consumer_ngx ${ngx_flags})
  run("${programs}/consumer_static")
  check_what_is_loaded("${programs}/consumer_static" FALSE)
else()
  run("${CMAKE_COMMAND}" -G "${generator}" -S "${consumer}" -B "${programs}"
      "-DCMAKE_C_COMPILER=${compiler}" "-DCMAKE_C_FLAGS=${flags}" "-DCMAKE_PREFIX_PATH=${prefix}")
  run("${CMAKE_COMMAND}" --build "${programs}")
endif()
check_what_is_loaded("${programs}/consumer" TRUE)
run("${CMAKE_COMMAND}" -E env "LD_LIBRARY_PATH=${prefix}/${library_folder}" "${programs}/consumer")
run("${programs}/consumer_ngx")
