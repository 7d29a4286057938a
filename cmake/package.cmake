# SPDX-License-Identifier: Apache-2.0
# The server's files beside its binary, and Debian packages of all that is installed (tools/package).
if(NOT NODEDB_EDGE OR NODEDB_SANITIZE)
  return()
endif()
include(GNUInstallDirs)

set(packaging ${PROJECT_SOURCE_DIR}/packaging)
set(packages_server nodedb-cluster-server)
set(packages_library libnodedb-cluster${PROJECT_VERSION_MAJOR})
set(packages_dev libnodedb-cluster-dev)

add_custom_target(packaging)  # the compressed files

# Policy wants text for people compressed, without name and time.
function(nodedb_install_compressed source name)
  cmake_parse_arguments(ARG "" "DESTINATION;COMPONENT" "" ${ARGN})
  set(compressed ${PROJECT_BINARY_DIR}/packaging/${ARG_COMPONENT}/${name}.gz)
  add_custom_command(OUTPUT ${compressed} DEPENDS ${source} VERBATIM
                     COMMAND sh -c "gzip -9nc \"$1\" >\"$2\"" gzip ${source} ${compressed})
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/packaging/${ARG_COMPONENT})
  add_custom_target(compressed_${ARG_COMPONENT}_${name} ALL DEPENDS ${compressed})
  add_dependencies(packaging compressed_${ARG_COMPONENT}_${name})
  install(FILES ${compressed} DESTINATION ${ARG_DESTINATION} COMPONENT ${ARG_COMPONENT})
endfunction()

install(TARGETS nodedb-cluster RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT server)
install(FILES ${packaging}/server/nodedb-cluster.service DESTINATION lib/systemd/system COMPONENT server)
install(FILES ${packaging}/server/node.toml DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/nodedb-cluster COMPONENT server)
# What the binary tells about itself.
function(nodedb_install_told file)
  cmake_parse_arguments(ARG "" "DESTINATION" "WORDS" ${ARGN})
  set(told ${PROJECT_BINARY_DIR}/packaging/told/${file})
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/packaging/told)
  add_custom_command(OUTPUT ${told} DEPENDS nodedb-cluster VERBATIM
                     COMMAND sh -c "out=$1; shift; \"$@\" >\"$out\"" told ${told} $<TARGET_FILE:nodedb-cluster> ${ARG_WORDS})
  if(file STREQUAL nodedb-cluster.1)
    nodedb_install_compressed(${told} ${file} DESTINATION ${ARG_DESTINATION} COMPONENT server)
    return()
  endif()
  add_custom_target(told_${file} ALL DEPENDS ${told})
  add_dependencies(packaging told_${file})
  install(FILES ${told} DESTINATION ${ARG_DESTINATION} COMPONENT server)
endfunction()
nodedb_install_told(nodedb-cluster.1 WORDS man DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
nodedb_install_told(nodedb-cluster WORDS completion bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
nodedb_install_told(_nodedb-cluster WORDS completion zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
nodedb_install_told(nodedb-cluster.fish WORDS completion fish
                    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/*.md)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${pages}
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${packages_server} COMPONENT server)
install(FILES ${packaging}/prometheus/nodedb-cluster.rules.yml ${packaging}/grafana/nodedb-cluster.json
        DESTINATION ${CMAKE_INSTALL_DATADIR}/nodedb-cluster COMPONENT server)
file(GLOB images CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/images/*)
install(FILES ${images} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${packages_server}/images COMPONENT server)
foreach(component server library dev)
  set(documents ${CMAKE_INSTALL_DATADIR}/doc/${packages_${component}})
  install(FILES ${packaging}/debian/copyright DESTINATION ${documents} COMPONENT ${component})
  nodedb_install_compressed(${packaging}/debian/changelog changelog.Debian
                            DESTINATION ${documents} COMPONENT ${component})
  nodedb_install_compressed(${PROJECT_SOURCE_DIR}/CHANGELOG.md changelog
                            DESTINATION ${documents} COMPONENT ${component})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL server library dev)
set(CPACK_PACKAGE_CONTACT "nodedb-cluster maintainers <maintainers@nodedb-cluster.invalid>")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME ${packages_server})
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION database)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
    ${packaging}/debian/postinst ${packaging}/debian/prerm ${packaging}/debian/postrm ${packaging}/debian/conffiles)
set(CPACK_DEBIAN_SERVER_DESCRIPTION "sharded, replicated, strongly consistent store: server and operator's commands
A node of a cluster that keeps 1,024 Raft-replicated shards on its machines,
moves them live, and serves Redis clients unchanged.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${packages_library})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
# Policy wants a trigger, which CPack does not make.
set(library_control ${PROJECT_BINARY_DIR}/packaging/library/control)
file(WRITE ${library_control}/shlibs
     "libnodedb-cluster ${PROJECT_VERSION_MAJOR} ${packages_library} (>= ${PROJECT_VERSION})\n")
file(WRITE ${library_control}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${library_control}/shlibs ${library_control}/triggers)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "sharded, replicated state machines: shared library
What programs need at run time that replicate a state machine of their own with
nodedb-cluster.")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME ${packages_dev})
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_DESCRIPTION "sharded, replicated state machines: development files
Headers, static library, and what CMake and pkg-config need to find them, for
programs that replicate a state machine of their own with nodedb-cluster.")
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/package_version.cmake)
include(CPack)
