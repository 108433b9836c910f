# libtarn_record.so: what `tarn record` loads into the program that it records.

# It may need nothing but the C library: whatever else it brought along, the C++ runtime or an
# unwinder, the recorded program would find in place of its own.
function(tarn_record_library)
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tarn/record/preload/*.cpp")
  foreach(file IN ITEMS base/check os/elf_image os/futex os/memory_map os/next_symbol os/pages
                        os/process os/readable os/shared_memory os/thread os/timestamp
                        record/session)
    list(APPEND files "${PROJECT_SOURCE_DIR}/tarn/${file}.cpp")
  endforeach()
  add_library(tarn_record_preload SHARED ${files})
  tarn_settings(tarn_record_preload)
  target_include_directories(tarn_record_preload PRIVATE "${PROJECT_SOURCE_DIR}")
  # -fno-builtin: or the compiler, which knows what malloc() does, leaves calls of ours out.
  # -fno-sanitize: a sanitizer's runtime is the program's, if it has one.
  target_compile_options(tarn_record_preload PRIVATE -O2 -fno-exceptions -fno-rtti
                         -fno-builtin-malloc -fno-builtin-free -fno-semantic-interposition
                         -fno-stack-protector -fasynchronous-unwind-tables -fno-sanitize=all)
  target_link_options(tarn_record_preload PRIVATE -nodefaultlibs -fno-sanitize=all
                      "LINKER:-z,defs" "LINKER:-z,now")
  target_link_libraries(tarn_record_preload PRIVATE c)
  set_target_properties(tarn_record_preload PROPERTIES OUTPUT_NAME tarn_record
                        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()
