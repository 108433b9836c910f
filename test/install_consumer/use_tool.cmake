# Run by ctest: the installed program records, with the library of its own tree, and shells and man
# find what they look for.

cmake_minimum_required(VERSION 3.25)
set(way tool)
include("${CMAKE_CURRENT_LIST_DIR}/installed.cmake")

foreach(file IN ITEMS share/man/man1/tarn.1 share/bash-completion/completions/tarn
                      share/zsh/site-functions/_tarn share/fish/vendor_completions.d/tarn.fish
                      include/tarn/record/marks.h ${library_folder}/tarn/libtarn_record.so)
  if(NOT EXISTS "${prefix}/${file}")
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()

set(tarn "${prefix}/bin/tarn")
run("${tarn}" doctor sh)
run("${tarn}" record -o "${scratch}/sh.tarn" -- sh -c :)
run("${tarn}" stat "${scratch}/sh.tarn")
execute_process(COMMAND "${tarn}" doctor OUTPUT_VARIABLE findings COMMAND_ERROR_IS_FATAL ANY)
if(NOT findings MATCHES "library +ok +${prefix}/${library_folder}/tarn/libtarn_record.so")
  message(FATAL_ERROR "the library is not that of the installed tree: ${findings}")
endif()
