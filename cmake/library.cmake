# SPDX-License-Identifier: Apache-2.0
# What others build on: the headers of include/, the words of src/base that they use, and what implements both;
# shared and static, for find_package(nodedb_cluster CONFIG) and pkg-config.
if(NODEDB_SANITIZE)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The public headers include the words as "base/…": a directory of its own keeps them out of others' way.
set(library_headers ${CMAKE_INSTALL_INCLUDEDIR}/nodedb-cluster)
set(library_words bytes error hlc ids strong time)
list(TRANSFORM library_words REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/src/base/\\1.h" OUTPUT_VARIABLE word_headers)

foreach(kind shared static)
  string(TOUPPER ${kind} KIND)
  add_library(nodedb_cluster_${kind} ${KIND} src/base/check.cc src/base/error.cc src/base/hlc.cc)
  set_target_properties(nodedb_cluster_${kind} PROPERTIES OUTPUT_NAME nodedb-cluster EXPORT_NAME ${kind}
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} POSITION_INDEPENDENT_CODE ON)
  target_compile_features(nodedb_cluster_${kind} PUBLIC cxx_std_23)
  target_include_directories(nodedb_cluster_${kind} INTERFACE $<INSTALL_INTERFACE:${library_headers}>)
  target_link_libraries(nodedb_cluster_${kind} PRIVATE $<BUILD_INTERFACE:nodedb_flags>)
endforeach()

# What the map does not name is hidden, and what it names has a version.
set(exports ${PROJECT_SOURCE_DIR}/cmake/library.map)
target_link_options(nodedb_cluster_shared PRIVATE -Wl,--no-undefined -Wl,--version-script=${exports})
set_target_properties(nodedb_cluster_shared PROPERTIES LINK_DEPENDS ${exports})

install(TARGETS nodedb_cluster_shared EXPORT nodedb_cluster
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT dev)
install(TARGETS nodedb_cluster_static EXPORT nodedb_cluster
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${library_headers} COMPONENT dev)
install(FILES ${word_headers} DESTINATION ${library_headers}/base COMPONENT dev)

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/nodedb_cluster)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nodedb_cluster-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nodedb_cluster-config-version.cmake DESTINATION ${package_directory} COMPONENT dev)
# It depends on nothing, so the targets are the whole configuration.
install(EXPORT nodedb_cluster FILE nodedb_cluster-config.cmake NAMESPACE nodedb_cluster::
        DESTINATION ${package_directory} COMPONENT dev)
file(RELATIVE_PATH up_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(packaging/library/nodedb-cluster.pc.in nodedb-cluster.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nodedb-cluster.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)

add_test(NAME package_library COMMAND ${PROJECT_SOURCE_DIR}/tests/package/library.sh ${PROJECT_BINARY_DIR})
