# What every target of tarn is compiled with.

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
  endif()
  find_program(TARN_CCACHE ccache)
  if(TARN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # It keeps precompiled headers, and what is compiled with them, only if told to. What else
    # the environment tells it at this moment stays.
    set(TARN_SLOPPINESS "pch_defines,time_macros")
    if(NOT "$ENV{CCACHE_SLOPPINESS}" STREQUAL "")
      string(APPEND TARN_SLOPPINESS ",$ENV{CCACHE_SLOPPINESS}")
    endif()
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=${TARN_SLOPPINESS} "${TARN_CCACHE}")
  endif()
endif()

cmake_path(RELATIVE_PATH PROJECT_SOURCE_DIR BASE_DIRECTORY "${CMAKE_BINARY_DIR}"
           OUTPUT_VARIABLE TARN_SOURCE_FROM_BUILD)

# Gives `target` the language, the include root and the warnings of the house.
function(tarn_settings target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wold-style-cast
    $<$<BOOL:${TARN_WERROR}>:-Werror>
    # A message's [file:line] names the file as the repository does, on every machine; ccache may
    # hand the compiler relative names.
    "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=" "-fmacro-prefix-map=${TARN_SOURCE_FROM_BUILD}/=")
endfunction()
