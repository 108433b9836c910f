# Programs that are found by their file name: tests, benchmarks, fuzzers and examples.

if(TARN_BUILD_TESTS OR TARN_BUILD_BENCHMARKS OR TARN_BUILD_FUZZERS)
  find_package(GTest REQUIRED)
endif()
if(TARN_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

# tarn_program(<name> <file>...) builds a program that may use all of tarn and of testing/.
function(tarn_program name)
  add_executable(${name} ${ARGN})
  tarn_settings(${name})
  foreach(layer IN LISTS TARN_LAYERS_APART)
    target_link_libraries(${name} PRIVATE $<TARGET_NAME_IF_EXISTS:tarn_${layer}>)
  endforeach()
  target_link_libraries(${name} PRIVATE tarn_testing tarn::tarn)
endfunction()

# tarn_test_program(<name> <file>...) builds a GoogleTest program and runs it as one test: its
# cases share a process, as pools do in life, and ctest stays quick. These take longest and begin
# first, so that no processor waits in the end. To optimise their macros is half the time of a
# compiler, under sanitizers more (11 s for 5), so only Release does.
function(tarn_test_program name)
  tarn_program(${name} ${ARGN})
  target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O0>)
  target_link_libraries(${name} PRIVATE GTest::gtest_main)
  tarn_precompile_test_headers(${name})
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 COST 100)
endfunction()

# tarn_precompile_headers(<target> <header>...) has the target read the headers once for all of its
# files. The noexc preset goes without: there a missing #include is found.
function(tarn_precompile_headers target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  # Without the time, the same file again, from which ccache knows what is compiled with it.
  target_compile_options(${target} PRIVATE
                         "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()

# The headers that most tests begin with, read once for all of them: a third of a test's compilation
# with Clang, a fifth with GCC.
function(tarn_precompile_test_headers name)
  get_property(first GLOBAL PROPERTY TARN_FIRST_TEST)
  if(first)
    target_precompile_headers(${name} REUSE_FROM ${first})
  else()
    tarn_precompile_headers(${name} <algorithm> <array> <atomic> <cstring> <functional> <random>
                            <string> <thread> <vector> <gtest/gtest.h>)
    set_property(GLOBAL PROPERTY TARN_FIRST_TEST ${name})
  endif()
endfunction()

# tarn_c_program(<name> <file> <library>) builds a program as strict as C99 is, linked by the C
# compiler.
function(tarn_c_program name file library)
  add_executable(${name} ${file})
  set_target_properties(${name} PROPERTIES C_STANDARD 99 C_EXTENSIONS OFF LINKER_LANGUAGE C)
  # A sanitizer of the library is to be loaded before it, by the program. (That of `asan` is without
  # vptr, whose run-time library needs the one of C++.)
  string(REGEX MATCH "-fsanitize=[a-z,]*" sanitizers "${CMAKE_CXX_FLAGS}")
  target_compile_options(${name} PRIVATE -pedantic -Wall -Wextra -Werror ${sanitizers})
  target_link_options(${name} PRIVATE ${sanitizers})
  target_link_libraries(${name} PRIVATE ${library})
endfunction()

# tarn_benchmark(<file>) builds x_bench from x_bench.cpp; its test runs it with tiny inputs.
function(tarn_benchmark file)
  cmake_path(GET file STEM name)
  tarn_program(${name} ${file})
  target_link_libraries(${name} PRIVATE benchmark::benchmark_main)
  add_test(NAME ${name} COMMAND ${name} --benchmark_min_time=0.001)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS bench)
endfunction()

# tarn_fuzzer(<file>) builds x_fuzz from x_fuzz.cpp. With libFuzzer its test searches for a few
# seconds from the stored corpus test/corpus/x; without, it replays that corpus.
function(tarn_fuzzer file)
  cmake_path(GET file STEM name)
  string(REGEX REPLACE "_fuzz$" "" subject ${name})
  set(corpus "${PROJECT_SOURCE_DIR}/test/corpus/${subject}")
  tarn_program(${name} ${file})
  if(TARN_BUILD_FUZZERS)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set(found "${CMAKE_CURRENT_BINARY_DIR}/corpus/${subject}")
    file(MAKE_DIRECTORY "${found}")
    add_test(NAME ${name} COMMAND ${name} -max_total_time=5 -timeout=10
             -print_final_stats=1 "${found}" "${corpus}")
  else()
    target_sources(${name} PRIVATE "${PROJECT_SOURCE_DIR}/testing/fuzz_main.cpp")
    add_test(NAME ${name} COMMAND ${name} "${corpus}")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS fuzz)
endfunction()

# testing/: what tests, fuzzers and benchmarks share.
function(tarn_testing_library)
  tarn_library_files(files testing "*.?pp")
  list(FILTER files EXCLUDE REGEX "/fuzz_main\\.cpp$")
  set(sources ${files})
  list(FILTER sources INCLUDE REGEX "\\.cpp$")
  if(sources)
    add_library(tarn_testing STATIC ${files})
    tarn_settings(tarn_testing)
    target_link_libraries(tarn_testing PUBLIC tarn::tarn GTest::gtest)
  else()
    add_library(tarn_testing INTERFACE)
    target_link_libraries(tarn_testing INTERFACE tarn::tarn GTest::gtest)
  endif()
endfunction()

# Finds x_test.cpp, x_bench.cpp and x_fuzz.cpp in every layer and in testing/.
function(tarn_programs_beside_the_code)
  get_property(layers GLOBAL PROPERTY TARN_LAYERS)
  list(TRANSFORM layers PREPEND "tarn/")
  foreach(folder IN LISTS layers ITEMS testing)
    cmake_path(GET folder FILENAME name)
    foreach(kind IN ITEMS test bench fuzz)
      file(GLOB ${kind}_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*_${kind}.cpp")
      list(FILTER ${kind}_files EXCLUDE REGEX "/ngx_")  # they use libtarn_ngx.a: test/ngx/
    endforeach()
    if(TARN_BUILD_TESTS AND test_files)
      tarn_test_program(tarn_${name}_test ${test_files})
    endif()
    if(TARN_BUILD_BENCHMARKS)
      foreach(file IN LISTS bench_files)
        tarn_benchmark(${file})
      endforeach()
    endif()
    foreach(file IN LISTS fuzz_files)
      tarn_fuzzer(${file})
    endforeach()
  endforeach()
endfunction()

# examples/x.cpp and examples/x.c become the program example_x, which uses only what a user has, and
# its test.
function(tarn_examples)
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cpp"
       "${PROJECT_SOURCE_DIR}/examples/*.c")
  foreach(file IN LISTS files)
    cmake_path(GET file STEM name)
    cmake_path(GET file EXTENSION extension)
    if(extension STREQUAL ".c")
      tarn_c_program(example_${name} ${file} tarn::c)
    else()
      add_executable(example_${name} ${file})
      tarn_settings(example_${name})
      target_link_libraries(example_${name} PRIVATE tarn::tarn)
    endif()
    if(TARN_BUILD_TESTS)
      add_test(NAME example_${name} COMMAND example_${name})
      set_tests_properties(example_${name} PROPERTIES TIMEOUT 120)
    endif()
  endforeach()
  # What the example says of itself.
  target_compile_options(example_pool_on_stack PRIVATE -fno-exceptions -fno-rtti)
  tarn_subdirectories(examples)
endfunction()

# Adds every folder of `parent` that has a CMakeLists.txt.
function(tarn_subdirectories parent)
  file(GLOB lists CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${parent}/*/CMakeLists.txt")
  foreach(list IN LISTS lists)
    cmake_path(GET list PARENT_PATH folder)
    add_subdirectory("${folder}")
  endforeach()
endfunction()
