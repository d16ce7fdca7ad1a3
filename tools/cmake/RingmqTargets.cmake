# How every target of the tree is made: one place for flags, warnings, linker and sanitizers.
# SPDX-License-Identifier: Apache-2.0

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(RINGMQ_LLD ld.lld)
if(RINGMQ_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# Whoever asks for this wants our archives in a shared object of his own, whose names are then his
# alone. In a program visibility says nothing.
if(CMAKE_POSITION_INDEPENDENT_CODE)
  set(CMAKE_CXX_VISIBILITY_PRESET hidden)
  set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
endif()

add_library(ringmq_flags INTERFACE)
target_compile_options(ringmq_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -fno-strict-aliasing -fno-omit-frame-pointer)
target_include_directories(ringmq_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
if(RINGMQ_SANITIZE)
  add_compile_options(-fsanitize=${RINGMQ_SANITIZE} -fno-sanitize-recover=all -g1 -O1)
  add_link_options(-fsanitize=${RINGMQ_SANITIZE})
  add_compile_definitions(RINGMQ_SANITIZED=1)
endif()

find_package(absl REQUIRED)

# ringmq_library(name SOURCES a.cc ... DEPS ringmq_base absl::... )
function(ringmq_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC ringmq_flags ${ARG_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ringmq_flags ${ARG_DEPS})
  endif()
endfunction()

# ringmq_test(name SOURCES x_test.cc ... DEPS ...): one GoogleTest program, one ctest entry.
function(ringmq_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} ringmq_flags GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()

# ringmq_bench(name SOURCES x_bench.cc DEPS ...): one Google Benchmark program; ctest runs it tiny.
function(ringmq_bench name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} ringmq_flags benchmark::benchmark_main)
  if(RINGMQ_TESTS)
    add_test(NAME ${name} COMMAND ${name} --benchmark_min_time=0.001
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  endif()
endfunction()
