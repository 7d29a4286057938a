# SPDX-License-Identifier: Apache-2.0
# What others build on: the headers of include/, the words of src/base that they use, and what implements both;
# shared and static, and a library of its own to test with (simulator and conformance suite, static, core alone), for
# find_package(nodedb_cluster CONFIG) and pkg-config.
if(NOT NODEDB_EDGE OR NODEDB_SANITIZE)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The public headers include the words as "base/…": a directory of its own keeps them out of others' way.
set(library_headers ${CMAKE_INSTALL_INCLUDEDIR}/nodedb-cluster)
set(library_words bytes error hlc ids request_path rng slot strong time trace_context)
list(TRANSFORM library_words REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/src/base/\\1.h" OUTPUT_VARIABLE word_headers)

# Whoever links the static library needs these, too.
set(library_needs rocksdb gnutls ngtcp2_crypto_gnutls ngtcp2 microhttpd spdlog fmt)
set(core_parts base raft swim meta kv wire node)
set(node_parts ${core_parts} app_config app_node door edge_base edge_disk edge_http edge_log edge_loop edge_quic
    edge_resp_core edge_rocks edge_tls)
foreach(parts core node)
  list(TRANSFORM ${parts}_parts REPLACE "(.+)" "$<TARGET_OBJECTS:nodedb_\\1>" OUTPUT_VARIABLE ${parts}_objects)
endforeach()

add_library(nodedb_cluster_shared SHARED $<TARGET_OBJECTS:nodedb_door> $<TARGET_OBJECTS:nodedb_base>)
target_link_libraries(nodedb_cluster_shared PRIVATE nodedb_app_node)
add_library(nodedb_cluster_static STATIC ${node_objects})
target_link_libraries(nodedb_cluster_static INTERFACE ${library_needs})
add_library(nodedb_cluster_simulator STATIC $<TARGET_OBJECTS:nodedb_sim> $<TARGET_OBJECTS:nodedb_history>
            ${core_objects})
foreach(kind shared static simulator)
  set_target_properties(nodedb_cluster_${kind} PROPERTIES OUTPUT_NAME nodedb-cluster EXPORT_NAME ${kind}
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINKER_LANGUAGE CXX)
  target_compile_features(nodedb_cluster_${kind} PUBLIC cxx_std_23)
  target_include_directories(nodedb_cluster_${kind} INTERFACE $<INSTALL_INTERFACE:${library_headers}>)
endforeach()
set_target_properties(nodedb_cluster_simulator PROPERTIES OUTPUT_NAME nodedb-cluster-simulator)
foreach(kind static simulator)
  add_custom_command(TARGET nodedb_cluster_${kind} POST_BUILD VERBATIM
                     COMMAND ${CMAKE_STRIP} --strip-debug $<TARGET_FILE:nodedb_cluster_${kind}>)
endforeach()

# What the map does not name is hidden, and what it names has a version.
set(exports ${PROJECT_SOURCE_DIR}/cmake/library.map)
target_link_options(nodedb_cluster_shared PRIVATE -Wl,--no-undefined -Wl,--as-needed -Wl,--version-script=${exports})
set_target_properties(nodedb_cluster_shared PROPERTIES LINK_DEPENDS ${exports})

install(TARGETS nodedb_cluster_shared EXPORT nodedb_cluster
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT dev)
install(TARGETS nodedb_cluster_static nodedb_cluster_simulator EXPORT nodedb_cluster
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${library_headers} COMPONENT dev)
install(FILES ${word_headers} DESTINATION ${library_headers}/base COMPONENT dev)

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/nodedb_cluster)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nodedb_cluster-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nodedb_cluster-config-version.cmake DESTINATION ${package_directory} COMPONENT dev)
# What the static library needs, it names; so the targets are the whole configuration.
install(EXPORT nodedb_cluster FILE nodedb_cluster-config.cmake NAMESPACE nodedb_cluster::
        DESTINATION ${package_directory} COMPONENT dev)
file(RELATIVE_PATH up_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
list(TRANSFORM library_needs PREPEND "-l" OUTPUT_VARIABLE library_needs_flags)
list(JOIN library_needs_flags " " library_needs_flags)
foreach(name nodedb-cluster nodedb-cluster-simulator)
  configure_file(packaging/library/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endforeach()

add_test(NAME package_library COMMAND ${PROJECT_SOURCE_DIR}/tests/package/library.sh ${PROJECT_BINARY_DIR})
set_tests_properties(package_library PROPERTIES TIMEOUT 300)
