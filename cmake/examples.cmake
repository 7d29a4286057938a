# SPDX-License-Identifier: Apache-2.0
# examples/: programs that use the library as anybody does, each run as a test that expects what it prints.
if(NOT NODEDB_EDGE)
  return()
endif()

function(nodedb_example name expected)
  add_executable(example_${name} ${PROJECT_SOURCE_DIR}/examples/${name}.cc)
  target_link_libraries(example_${name} PRIVATE nodedb_door)
  add_test(NAME example_${name} COMMAND example_${name})
  set_tests_properties(example_${name} PROPERTIES LABELS e2e TIMEOUT 120 PASS_REGULAR_EXPRESSION "${expected}")
endfunction()

nodedb_example(counter "3 visits")
nodedb_example(event_loop "5 lines, the last one is epsilon")
nodedb_example(lock_service "alice's late write: refused")
nodedb_example(queue "600 items in order, moved from node")
