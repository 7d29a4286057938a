# SPDX-License-Identifier: Apache-2.0
# tests/unit/<folder>/*.cc becomes unit_<folder>, linked to that folder's library; tests/script becomes
# script_tests. All are plain GoogleTest programs; ctest runs each as one test.
enable_testing()
find_package(GTest REQUIRED)
find_library(RAPIDCHECK rapidcheck)

# PRECOMPILE: headers that most of the test's files read, beside GoogleTest's.
function(nodedb_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINKS;PRECOMPILE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gtest GTest::gtest_main)
  if(RAPIDCHECK)
    target_link_libraries(${name} PRIVATE ${RAPIDCHECK})
  endif()
  # What is tested is optimised; the tests themselves only need to compile soon.
  target_compile_options(${name} PRIVATE -O0)
  # Each file of tests has words of its own.
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  target_compile_definitions(${name} PRIVATE NODEDB_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  list(LENGTH ARG_SOURCES files)
  if(files GREATER 4 AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_precompile_headers(${name} PRIVATE <gtest/gtest.h> ${ARG_PRECOMPILE})
    target_compile_options(${name} PRIVATE -fpch-preprocess)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  if(ARG_TIMEOUT)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  endif()
endfunction()

# The planner's judge works everything out anew, for 10,000 vShards on 100 nodes.
set_source_files_properties(${PROJECT_SOURCE_DIR}/tests/unit/meta/plan_world.cc
                            ${PROJECT_SOURCE_DIR}/tests/unit/meta/plan_judge.cc
                            PROPERTIES COMPILE_OPTIONS -O2 SKIP_PRECOMPILE_HEADERS ON)
set(precompile_meta <meta/tables.h>)
set(precompile_wire <wire/messages.h>)
set(precompile_node <node/node.h>)
foreach(folder base raft swim meta kv wire node history client)
  file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${folder}/*.cc)
  if(found)
    nodedb_test(unit_${folder} SOURCES ${found} LINKS nodedb_${folder} PRECOMPILE ${precompile_${folder}})
  endif()
endforeach()

file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/sim/*.cc)
if(found)
  nodedb_test(unit_sim SOURCES ${found} LINKS nodedb_sim PRECOMPILE <sim/world.h>)
endif()
file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/script/*.cc)
if(found)
  nodedb_test(script_tests SOURCES ${found} LINKS nodedb_node)
endif()

# The simulator: a sweep, and every seed that was red once.
add_test(NAME sim_sweep COMMAND nodedb-sim --seeds 1..200)
add_test(NAME sim_sweep_red_seeds COMMAND nodedb-sim --seeds-of ${PROJECT_SOURCE_DIR}/tests/seeds/sim.txt)
# Moves, joins and departures with a crash at a fourth of their writes; ./test sim plays all.
add_test(NAME sim_crash_matrix COMMAND nodedb-sim --crash-matrix --every 4)
set_tests_properties(sim_sweep sim_sweep_red_seeds sim_crash_matrix PROPERTIES LABELS sweep TIMEOUT 1800)
