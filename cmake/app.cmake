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
