# SPDX-License-Identifier: Apache-2.0
# The binary, the loops that run a node, and the process-level tests and benches.

# Pure, so that the fuzzers can have it without the edge.
set(app_config_sources src/app/config.cc src/app/config_sources.cc src/app/json.cc src/app/json_parser.cc
    src/app/memory_budget.cc src/app/suggest.cc src/app/table.cc)
add_library(nodedb_app_config STATIC ${app_config_sources})
target_link_libraries(nodedb_app_config PUBLIC nodedb_base)

if(NOT NODEDB_EDGE)
  return()
endif()

# The threads that run a node.
nodedb_library(nodedb_edge_loop FOLDERS src/edge/loop LINKS nodedb_node nodedb_edge_base nodedb_edge_log nodedb_edge_rocks)
file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/edge/loop/*.cc)
nodedb_test(edge_loop SOURCES ${found} LINKS nodedb_edge_loop)

# A node put together (src/app/assembly.h), without Redis, commands and service manager: what the server and the
# library's door have in common.
set(app_node_sources assembly authorities_file balance_json certificate_life certificate_lines certificate_reload
    certificate_renewal dashboard fail_points_none free_port front front_figures health http_port http_routes joining json_words
    key_desk key_requests meta_json metric_table metrics move_rows newcomers node_events operator_events operator_protocol path_log playground_plan random readiness shard_map signer
    status_json vitals_keeper)
list(TRANSFORM app_node_sources REPLACE "(.+)" "src/app/\\1.cc")
# The dashboard's files stand in the binary.
file(GLOB dashboard CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/app/dashboard/*)
set(dashboard_source ${PROJECT_BINARY_DIR}/dashboard_files.cc)
list(JOIN dashboard " " dashboard_list)
add_custom_command(OUTPUT ${dashboard_source} DEPENDS ${dashboard} cmake/embed.cmake VERBATIM
                   COMMAND ${CMAKE_COMMAND} -DOUT=${dashboard_source} -DFILES=${dashboard_list}
                           -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake)
add_library(nodedb_app_node STATIC ${app_node_sources} ${dashboard_source})
target_link_libraries(nodedb_app_node PUBLIC nodedb_app_config nodedb_edge_http nodedb_edge_loop nodedb_edge_quic
                      nodedb_edge_resp_core nodedb_edge_tls)
target_compile_definitions(nodedb_app_node PUBLIC NODEDB_VERSION="${PROJECT_VERSION}")

# The library's door: what include/ declares of nodes.
nodedb_library(nodedb_door FOLDERS src/door LINKS nodedb_app_node)

# Clients that load a cluster, and what they saw: for the commands bench and check, and for our own benches.
nodedb_library(nodedb_load FOLDERS src/load LINKS nodedb_edge_resp nodedb_edge_disk nodedb_edge_base nodedb_history)

# What the server has besides: Redis's clients and the service manager.
set(app_server_sources src/app/password_file.cc src/app/redis_access.cc src/app/redis_port.cc src/app/server.cc
    src/app/service.cc)
add_library(nodedb_app_server STATIC ${app_server_sources})
target_link_libraries(nodedb_app_server PUBLIC nodedb_app_node nodedb_edge_resp nodedb_edge_systemd)

# The commands: what waits for a person need not be fast, and is compiled sooner so.
file(GLOB app_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/app/*.cc)
foreach(source src/app/main.cc src/app/fail_points.cc ${app_config_sources} ${app_node_sources} ${app_server_sources})
  list(REMOVE_ITEM app_sources ${PROJECT_SOURCE_DIR}/${source})
endforeach()
add_library(nodedb_app STATIC ${app_sources})
target_link_libraries(nodedb_app PUBLIC nodedb_app_server nodedb_load)
target_compile_options(nodedb_app PRIVATE "$<$<CONFIG:Release>:-Os>")
file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/edge/app/*.cc)
nodedb_test(edge_app SOURCES ${found} tests/edge/http/http_client.cc LINKS nodedb_app)

add_library(nodedb_main OBJECT src/app/main.cc)
target_link_libraries(nodedb_main PUBLIC nodedb_app)
target_compile_options(nodedb_main PRIVATE "$<$<CONFIG:Release>:-Os>")
add_executable(nodedb-cluster)
target_link_libraries(nodedb-cluster PRIVATE nodedb_main)
# Entries and messages are freed by other threads than those that made them, which glibc's malloc makes dear.
if(NOT NODEDB_SANITIZE)
  target_link_libraries(nodedb-cluster PRIVATE jemalloc)
endif()

# The same with fail points, for tests only: it links fail_points.cc before the library's fail_points_none.cc, which
# therefore is an object of its own.
set_source_files_properties(src/app/fail_points_none.cc PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
add_executable(nodedb-cluster-failpoints src/app/fail_points.cc)
target_link_libraries(nodedb-cluster-failpoints PRIVATE nodedb_main)

# Process-level tests: each starts real nodes, on ports of its own.
add_library(nodedb_e2e_support STATIC tests/e2e/support/cluster.cc tests/e2e/support/process.cc
            tests/e2e/support/pump.cc tests/e2e/support/redis.cc tests/e2e/support/relay.cc)
target_include_directories(nodedb_e2e_support PUBLIC ${PROJECT_SOURCE_DIR})
target_compile_definitions(nodedb_e2e_support PRIVATE NODEDB_BINARY="$<TARGET_FILE:nodedb-cluster>")
target_link_libraries(nodedb_e2e_support PUBLIC nodedb_app hiredis)
nodedb_compile_soon(nodedb_e2e_support)
add_dependencies(nodedb_e2e_support nodedb-cluster)

foreach(name smoke door http tools hostile bad_network disk_full join service token certificates migration outrun overload placement recover fail_points)
  nodedb_test(e2e_${name} SOURCES ${PROJECT_SOURCE_DIR}/tests/e2e/${name}_test.cc LINKS nodedb_e2e_support
              TIMEOUT 300)
  set_tests_properties(e2e_${name} PROPERTIES LABELS e2e)
endforeach()
# These keep two cores busy; the others wait for half of their time or more, and go beside each other.
set_tests_properties(e2e_tools e2e_overload e2e_placement e2e_recover PROPERTIES RUN_SERIAL ON)

target_link_libraries(e2e_door PRIVATE nodedb_door)
target_sources(e2e_http PRIVATE ${PROJECT_SOURCE_DIR}/tests/edge/http/http_client.cc)
target_compile_definitions(e2e_fail_points PRIVATE
                           NODEDB_PLAIN_BINARY="$<TARGET_FILE:nodedb-cluster>"
                           NODEDB_FAILPOINTS_BINARY="$<TARGET_FILE:nodedb-cluster-failpoints>")
add_dependencies(e2e_fail_points nodedb-cluster-failpoints)
set_tests_properties(e2e_placement e2e_fail_points e2e_recover PROPERTIES TIMEOUT 900)
set_tests_properties(e2e_overload PROPERTIES LABELS "e2e;overload")
set_tests_properties(e2e_placement e2e_recover PROPERTIES LABELS "e2e;long")
# The half of e2e_recover that takes little time.
add_test(NAME e2e_recover_metadata COMMAND e2e_recover --gtest_filter=*MetadataGroup*)
set_tests_properties(e2e_recover_metadata PROPERTIES LABELS e2e TIMEOUT 300)

# The dashboard in Chromium, and our alerts in Prometheus: ./test dashboard, ./test alerts.
nodedb_test(e2e_dashboard SOURCES tests/dashboard/browser.cc tests/dashboard/dashboard_test.cc
            tests/dashboard/page_checks.cc LINKS nodedb_e2e_support TIMEOUT 900)
nodedb_test(e2e_alerts SOURCES tests/alerts/alerts_test.cc tests/alerts/prometheus.cc
            tests/edge/http/http_client.cc LINKS nodedb_e2e_support TIMEOUT 900)
set_tests_properties(e2e_dashboard e2e_alerts PROPERTIES LABELS "e2e;long" RUN_SERIAL ON)

# What ./quickstart shows.
add_test(NAME demo COMMAND ${PROJECT_SOURCE_DIR}/tools/demo $<TARGET_FILE:nodedb-cluster>)
set_tests_properties(demo PROPERTIES LABELS e2e TIMEOUT 180)

# What ./test newcomer sees the page with.
add_executable(dashboard_look EXCLUDE_FROM_ALL tests/dashboard/look.cc tests/dashboard/browser.cc)
target_link_libraries(dashboard_look PRIVATE nodedb_e2e_support GTest::gtest)

add_executable(e2e_chaos tests/e2e/chaos/main.cc)
target_link_libraries(e2e_chaos PRIVATE nodedb_e2e_support)
nodedb_compile_soon(e2e_chaos)
add_test(NAME e2e_chaos COMMAND e2e_chaos --rounds 10)
set_tests_properties(e2e_chaos PROPERTIES LABELS "e2e;chaos" TIMEOUT 600)
# The longest go first, also where ctest has not seen them yet.
set_tests_properties(e2e_chaos e2e_fail_points e2e_migration sim_crash_matrix PROPERTIES COST 60)

add_executable(e2e_life_of_a_cluster tests/e2e/life_of_a_cluster/main.cc tests/e2e/life_of_a_cluster/clients.cc)
target_link_libraries(e2e_life_of_a_cluster PRIVATE nodedb_e2e_support)
nodedb_compile_soon(e2e_life_of_a_cluster)
add_test(NAME e2e_life_of_a_cluster COMMAND e2e_life_of_a_cluster)
set_tests_properties(e2e_life_of_a_cluster PROPERTIES LABELS "e2e;long" RUN_SERIAL ON TIMEOUT 900)

add_executable(cluster_bench bench/cluster/main.cc bench/cluster/usage.cc)
target_link_libraries(cluster_bench PRIVATE nodedb_bench_support)
add_executable(compare_bench bench/compare/main.cc bench/compare/etcd.cc bench/compare/ours.cc
               bench/compare/redis.cc bench/compare/system.cc bench/compare/zookeeper.cc bench/cluster/usage.cc)
target_link_libraries(compare_bench PRIVATE nodedb_bench_support nghttp2)
# One file a system, each with the same functions.
set_target_properties(compare_bench PROPERTIES UNITY_BUILD OFF)

file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/support/*.cc)
add_library(nodedb_bench_support STATIC ${found})
target_link_libraries(nodedb_bench_support PUBLIC nodedb_e2e_support)
add_executable(overload_bench bench/overload/main.cc)
target_link_libraries(overload_bench PRIVATE nodedb_bench_support)
foreach(name moves large_move quiet failover slow_follower latency rebuild)
  file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/${name}/*.cc)
  add_executable(${name}_bench ${found})
  target_link_libraries(${name}_bench PRIVATE nodedb_bench_support)
endforeach()
# Runs the transport as the server does.
if(NOT NODEDB_SANITIZE)
  target_link_libraries(rebuild_bench PRIVATE jemalloc)
endif()
