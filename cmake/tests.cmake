# SPDX-License-Identifier: Apache-2.0
# tests/unit/<folder>/*.cc becomes unit_<folder>, linked to that folder's library; tests/script becomes
# script_tests. All are plain GoogleTest programs; ctest runs each as one test.
enable_testing()
find_package(GTest REQUIRED)
find_library(RAPIDCHECK rapidcheck)

# What is tested is optimised and can be debugged; tests only need to compile soon. Without any optimisation they would
# not: each function that could be inlined is written out in each file.
function(nodedb_compile_soon target)
  if(NOT NODEDB_SANITIZE)
    target_compile_options(${target} PRIVATE "$<$<CONFIG:Release>:-Og;-g0>")
  endif()
endfunction()

function(nodedb_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gtest GTest::gtest_main)
  if(RAPIDCHECK)
    target_link_libraries(${name} PRIVATE ${RAPIDCHECK})
  endif()
  nodedb_compile_soon(${name})
  # gcc 12 sees copies out of bounds and reads of what is not there yet where there are none (PR 105329, 105651).
  target_compile_options(${name} PRIVATE
                         "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-array-bounds;-Wno-maybe-uninitialized>")
  target_compile_definitions(${name} PRIVATE NODEDB_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  add_test(NAME ${name} COMMAND ${name})
  if(ARG_TIMEOUT)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  endif()
endfunction()

# The planner's judge works everything out anew, for 10,000 vShards on 100 nodes.
set_source_files_properties(${PROJECT_SOURCE_DIR}/tests/unit/meta/plan_world.cc
                            ${PROJECT_SOURCE_DIR}/tests/unit/meta/plan_judge.cc
                            PROPERTIES COMPILE_OPTIONS -O2)
foreach(folder base raft swim meta kv wire node history client)
  file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${folder}/*.cc)
  if(found)
    nodedb_test(unit_${folder} SOURCES ${found} LINKS nodedb_${folder})
  endif()
endforeach()

file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/sim/*.cc)
if(found)
  nodedb_test(unit_sim SOURCES ${found} LINKS nodedb_sim)
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
# They take all cores, and minutes when they are sanitized: no test of real processes gets on beside them.
if(NODEDB_SANITIZE)
  set_tests_properties(sim_sweep sim_sweep_red_seeds sim_crash_matrix PROPERTIES RUN_SERIAL ON)
endif()
