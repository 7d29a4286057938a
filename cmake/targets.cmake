# SPDX-License-Identifier: Apache-2.0
# One static library per folder of DESIGN.md section 3, each linked only to what it may include.

function(nodedb_library name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;LINKS" ${ARGN})
  set(sources)
  foreach(folder ${ARG_FOLDERS})
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cc)
    list(APPEND sources ${found})
  endforeach()
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$|/sim/cli/")
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE nodedb_flags ${ARG_LINKS})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC nodedb_flags ${ARG_LINKS})
endfunction()

# `core`: pure, std alone (wire/ includes the header-only msgpack-cxx). One library per folder keeps
# rebuilds and test links short; together they link nothing.
nodedb_library(nodedb_base FOLDERS src/base)
nodedb_library(nodedb_raft FOLDERS src/raft LINKS nodedb_base)
nodedb_library(nodedb_swim FOLDERS src/swim LINKS nodedb_base)
nodedb_library(nodedb_meta FOLDERS src/meta LINKS nodedb_base)
nodedb_library(nodedb_kv FOLDERS src/kv LINKS nodedb_base)
nodedb_library(nodedb_wire FOLDERS src/wire LINKS nodedb_raft nodedb_swim nodedb_meta nodedb_base)
nodedb_library(nodedb_node FOLDERS src/node LINKS nodedb_wire nodedb_kv nodedb_raft nodedb_swim nodedb_meta nodedb_base)
nodedb_library(nodedb_history FOLDERS src/history LINKS nodedb_base)
nodedb_library(nodedb_client FOLDERS src/client LINKS nodedb_wire nodedb_meta nodedb_base)

nodedb_library(nodedb_sim FOLDERS sim LINKS nodedb_node nodedb_history)
target_include_directories(nodedb_sim PUBLIC ${PROJECT_SOURCE_DIR})
file(GLOB sim_cli CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/sim/cli/*.cc)
add_executable(nodedb-sim sim/main.cc ${sim_cli})
target_link_libraries(nodedb-sim PRIVATE nodedb_sim)

include(cmake/tests.cmake)
