# tarn_layer(): one CMake target per folder of tarn/, linked as the layer drawing says.

# The files of `folder` that match `pattern`, without tests, benchmarks and fuzzers.
function(tarn_library_files result folder pattern)
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/${pattern}")
  list(FILTER files EXCLUDE REGEX "_(test|bench|fuzz)\\.cpp$")
  set(${result} ${files} PARENT_SCOPE)
endfunction()

# tarn_layer(<name> <level> <lower layer>...) declares tarn/<name>/ as target tarn_<name>. A folder
# without files is a layer still to be built: it is left out. What a shared library shows of it is
# marked (TARN_API), and hidden otherwise.
function(tarn_layer name level)
  if(name IN_LIST TARN_LAYERS_APART AND NOT TARN_TRACE_FILES)
    return()
  endif()
  tarn_library_files(headers "tarn/${name}" "*.h*")
  tarn_library_files(sources "tarn/${name}" "*.cpp")
  list(FILTER sources EXCLUDE REGEX "/ngx_")  # see tarn_ngx_library()
  if(NOT headers AND NOT sources)
    return()
  endif()
  set(target tarn_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    tarn_settings(${target})
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON
                          CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} "${PROJECT_SOURCE_DIR}")
  foreach(lower IN LISTS ARGN)
    if(TARGET tarn_${lower})
      target_link_libraries(${target} ${scope} tarn_${lower})
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY TARN_LAYERS ${name})
  if(NOT name IN_LIST TARN_LAYERS_APART)
    set_property(GLOBAL APPEND PROPERTY TARN_HEADERS ${headers})
  endif()
endfunction()

# tarn::tarn: all layers but those apart as one library with all public headers, and marks.h, which
# needs no library. Each header is compiled alone in builds with CMAKE_VERIFY_INTERFACE_HEADER_SETS.
function(tarn_umbrella)
  get_property(layers GLOBAL PROPERTY TARN_LAYERS)
  list(REMOVE_ITEM layers ${TARN_LAYERS_APART})
  get_property(headers GLOBAL PROPERTY TARN_HEADERS)
  add_library(tarn STATIC)
  add_library(tarn::tarn ALIAS tarn)
  tarn_settings(tarn)
  foreach(layer IN LISTS layers)
    get_target_property(type tarn_${layer} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      target_sources(tarn PRIVATE $<TARGET_OBJECTS:tarn_${layer}>)
    endif()
  endforeach()
  set_target_properties(tarn PROPERTIES LINKER_LANGUAGE CXX)
  target_sources(tarn PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}"
                 FILES "${PROJECT_SOURCE_DIR}/tarn/tarn.hpp" ${headers}
                       "${PROJECT_SOURCE_DIR}/tarn/record/marks.h")
endfunction()

# tarn::c, libtarn.so.0: tarn.h and what it stands on, for C programs. It is linked from the objects
# of libtarn.a, and shows only tarn_*: C++ programs link the archive.
function(tarn_c_library)
  add_library(tarn_c_shared SHARED)
  add_library(tarn::c ALIAS tarn_c_shared)
  foreach(layer IN ITEMS base os source region c)
    target_sources(tarn_c_shared PRIVATE $<TARGET_OBJECTS:tarn_${layer}>)
  endforeach()
  target_include_directories(tarn_c_shared INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>"
                             "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  # The compiler hides the layers' own code. Templates of the standard library and the runtime of
  # coverage it does not: the linker does.
  set(symbols "${PROJECT_SOURCE_DIR}/cmake/tarn_c.symbols")
  target_link_options(tarn_c_shared PRIVATE "LINKER:--version-script=${symbols}")
  set_target_properties(tarn_c_shared PROPERTIES LINKER_LANGUAGE CXX LINK_DEPENDS "${symbols}"
                        OUTPUT_NAME tarn EXPORT_NAME c VERSION ${PROJECT_VERSION}
                        SOVERSION ${PROJECT_VERSION_MAJOR})
endfunction()

# libtarn_ngx.a: nginx's pools and what they stand on, in one archive for programs linked by a C
# compiler. Apart from tarn::tarn, because its names are nginx's.
function(tarn_ngx_library)
  foreach(layer IN ITEMS base os source region slab)
    tarn_library_files(sources "tarn/${layer}" "*.cpp")
    list(APPEND files ${sources})
  endforeach()
  tarn_library_files(sources "tarn/c" "ngx_*.cpp")
  add_library(tarn_ngx_objects OBJECT ${sources})
  add_library(tarn_ngx STATIC ${files} $<TARGET_OBJECTS:tarn_ngx_objects>)
  add_library(tarn::ngx ALIAS tarn_ngx)
  foreach(target IN ITEMS tarn_ngx_objects tarn_ngx)
    tarn_settings(${target})
    # -fno-plt: ngx_pcalloc() ends in a jump to memset, and not in a jump to one.
    target_compile_options(${target} PRIVATE -fno-exceptions -fno-rtti -fno-plt
                           -fno-semantic-interposition)
    # nginx hands its linker options to its dynamic modules as well.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_include_directories(${target} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>"
                               "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  endforeach()
  # How the layers' files are compiled, compile_commands.json says already, and once: clang-tidy 14,
  # given a file twice, takes every va_list of the second reading for uninitialised.
  set_target_properties(tarn_ngx PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
  # Linkers place .text.hot beside the start of the program. Behind all of nginx's modules these 20
  # KiB would cost each worker 64 KiB of RSS: the kernel maps text in windows of that size.
  add_custom_command(TARGET tarn_ngx POST_BUILD
    COMMAND "${CMAKE_OBJCOPY}" --rename-section .text=.text.hot $<TARGET_FILE:tarn_ngx>)
endfunction()
