# Shared by consume.cmake and consume_in_c.cmake: run(), and the installed tree at `prefix`.

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE "${scratch}")

if(NOT way STREQUAL "add_subdirectory")
  run("${CMAKE_COMMAND}" --install "${build}" --prefix "${scratch}/prefix")
  # The tree may be moved after the installation.
  set(prefix "${scratch}/moved")
  file(RENAME "${scratch}/prefix" "${prefix}")
  set(ENV{PKG_CONFIG_PATH} "${prefix}/${library_folder}/pkgconfig")
endif()

# Sets `result` to the flags that pkg-config prints when asked the rest.
function(ask_pkg_config result)
  execute_process(COMMAND "${pkg_config}" ${ARGN} OUTPUT_VARIABLE flags
                  COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  set(${result} ${flags} PARENT_SCOPE)
endfunction()
