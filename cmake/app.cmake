# SPDX-License-Identifier: Apache-2.0
# The binary, the loops that run a node, and the process-level tests and benches.

# Pure, so that the fuzzers can have it without the edge.
add_library(nodedb_app_config STATIC src/app/config.cc src/app/config_sources.cc src/app/json.cc
            src/app/json_parser.cc src/app/suggest.cc src/app/table.cc src/app/units.cc)
target_link_libraries(nodedb_app_config PUBLIC nodedb_base)

if(NOT NODEDB_EDGE)
  return()
endif()

file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/edge/app/*.cc)
nodedb_test(edge_app SOURCES ${found} LINKS nodedb_app_config)

# The threads that run a node.
nodedb_library(nodedb_edge_loop FOLDERS src/edge/loop LINKS nodedb_node nodedb_edge_base nodedb_edge_rocks)
file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/edge/loop/*.cc)
nodedb_test(edge_loop SOURCES ${found} LINKS nodedb_edge_loop)
