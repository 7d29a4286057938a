# SPDX-License-Identifier: Apache-2.0
# bench/instructions: what a write costs in instructions, guarded by a committed baseline (docs/testing.md). Only
# optimised code without sanitizers is worth counting.
if(NODEDB_SANITIZE OR NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  return()
endif()

file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/instructions/*.cc)
add_executable(instructions_bench ${found} ${PROJECT_SOURCE_DIR}/bench/support/figures.cc)
target_link_libraries(instructions_bench PRIVATE nodedb_node nodedb_edge_resp_core nodedb_app_config)
target_include_directories(instructions_bench PRIVATE ${PROJECT_SOURCE_DIR})
string(REGEX MATCH "^[0-9]+" compiler_major "${CMAKE_CXX_COMPILER_VERSION}")
string(JOIN " " compiled_with ${CMAKE_SYSTEM_PROCESSOR} ${CMAKE_CXX_COMPILER_ID} ${compiler_major} ${CMAKE_CXX_FLAGS}
       ${CMAKE_CXX_FLAGS_RELEASE})
target_compile_definitions(instructions_bench PRIVATE NODEDB_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                           NODEDB_COMPILED_WITH="${compiled_with}")

# The guard, and its proof: a part that is made slower is noticed.
add_test(NAME instructions COMMAND instructions_bench)
add_test(NAME instructions_burdened COMMAND instructions_bench --paths 1 --burden propose)
set_tests_properties(instructions_burdened PROPERTIES
                     PASS_REGULAR_EXPRESSION "\n1 propose: [45].[0-9] % more instructions than the baseline\nIf")
set_tests_properties(instructions instructions_burdened PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
