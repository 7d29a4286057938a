# SPDX-License-Identifier: Apache-2.0
# The Redis port in two parts: the pure one (parser, rendering, policy) links core alone, so the fuzzers can have
# it without the edge; the sockets are in nodedb_edge_resp (cmake/edge.cmake).
include_guard()

file(GLOB resp_all CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/edge/resp/*.cc)
set(resp_sockets ${resp_all})
list(FILTER resp_sockets INCLUDE REGEX "/(server|link|channel|tls_channel)\\.cc$")
list(REMOVE_ITEM resp_all ${resp_sockets})
add_library(nodedb_edge_resp_core STATIC ${resp_all})
target_link_libraries(nodedb_edge_resp_core PUBLIC nodedb_kv nodedb_base)
