# SPDX-License-Identifier: Apache-2.0
# The edge: one library per folder of src/edge, each with the third-party libraries that it alone may include.
# tests/edge/<folder>/*.cc becomes edge_<folder>.
find_package(Threads REQUIRED)

nodedb_library(nodedb_edge_base FOLDERS src/edge/base LINKS nodedb_base Threads::Threads spdlog fmt)
# Whether asio 1.22 sees std::aligned_alloc depends on what was included before it, so its compiled half and
# its headers could disagree on how to free memory: switched off for all alike.
target_compile_definitions(nodedb_edge_base PUBLIC ASIO_STANDALONE ASIO_SEPARATE_COMPILATION ASIO_NO_DEPRECATED
                           ASIO_DISABLE_STD_ALIGNED_ALLOC)
target_compile_definitions(nodedb_edge_base PRIVATE SPDLOG_COMPILED_LIB SPDLOG_SHARED_LIB SPDLOG_FMT_EXTERNAL)

nodedb_library(nodedb_edge_systemd FOLDERS src/edge/systemd LINKS nodedb_edge_base systemd)
nodedb_library(nodedb_edge_disk FOLDERS src/edge/disk LINKS nodedb_wire nodedb_base)
nodedb_library(nodedb_edge_log FOLDERS src/edge/log LINKS nodedb_edge_disk nodedb_node nodedb_wire nodedb_base)
# Goes through tens of thousands of states.
set_source_files_properties(${PROJECT_SOURCE_DIR}/tests/edge/log/crash_states.cc
                            PROPERTIES COMPILE_OPTIONS -O2)
nodedb_library(nodedb_edge_rocks FOLDERS src/edge/rocks LINKS nodedb_edge_disk nodedb_node nodedb_wire nodedb_base rocksdb)

foreach(folder base disk log rocks)
  file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/edge/${folder}/*.cc)
  if(found)
    nodedb_test(edge_${folder} SOURCES ${found} LINKS nodedb_edge_${folder})
  endif()
endforeach()

nodedb_library(nodedb_edge_tls FOLDERS src/edge/tls LINKS nodedb_wire nodedb_base gnutls)
nodedb_library(nodedb_edge_quic FOLDERS src/edge/quic LINKS nodedb_edge_base nodedb_edge_disk nodedb_edge_tls nodedb_wire
               ngtcp2_crypto_gnutls ngtcp2 gnutls)
foreach(folder tls quic)
  file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/edge/${folder}/*.cc)
  if(found)
    nodedb_test(edge_${folder} SOURCES ${found} LINKS nodedb_edge_${folder})
  endif()
endforeach()

nodedb_library(nodedb_edge_http FOLDERS src/edge/http LINKS nodedb_edge_base nodedb_base microhttpd)
file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/edge/http/*.cc)
nodedb_test(edge_http SOURCES ${found} LINKS nodedb_edge_http)

include(cmake/resp.cmake)
add_library(nodedb_edge_resp STATIC ${resp_sockets})
target_link_libraries(nodedb_edge_resp PUBLIC nodedb_edge_resp_core nodedb_edge_base PRIVATE gnutls)

# tests/edge/resp: the tests of the pure part, those over sockets, and a server with a store in memory to point
# Redis's own tools at. hiredis is a client that is not ours.
file(GLOB resp_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/edge/resp/*.cc)
list(FILTER resp_tests EXCLUDE REGEX "/fake_server\\.cc$")
if(resp_tests)
  nodedb_test(edge_resp TIMEOUT 300 SOURCES ${resp_tests} LINKS nodedb_edge_resp nodedb_edge_tls gnutls hiredis)
  if(EXISTS ${PROJECT_SOURCE_DIR}/tests/edge/resp/fake_server.cc)
    add_executable(resp_fake_server ${PROJECT_SOURCE_DIR}/tests/edge/resp/fake_server.cc)
    target_link_libraries(resp_fake_server PRIVATE nodedb_edge_resp)
    target_include_directories(resp_fake_server PRIVATE ${PROJECT_SOURCE_DIR})
  endif()
endif()
