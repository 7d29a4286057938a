# SPDX-License-Identifier: Apache-2.0
# Each tests/fuzz/fuzz_<name>.cc becomes, with NODEDB_FUZZ, a libFuzzer program of that name (clang), and
# always a part of fuzz_corpus, which runs it once over each file of tests/fuzz/corpus/<name>. A fuzzer whose
# libraries are not built is left out.

# What a fuzzer needs beside nodedb_wire.
set(config_links nodedb_app_config)
set(entry_links nodedb_kv)
set(kv_rows_links nodedb_kv)
set(log_links nodedb_fuzz_edge)
set(operator_links nodedb_fuzz_edge)
set(reply_links nodedb_edge_resp_core)
set(resp_links nodedb_edge_resp_core)
set(snapshot_links nodedb_sim)
set(stored_links nodedb_fuzz_edge)
include(${PROJECT_SOURCE_DIR}/cmake/resp.cmake)  # without NODEDB_EDGE nothing else has included it

# The decoders of the edge. Where their libraries are not built, those that need nothing but core.
if(TARGET nodedb_app)
  add_library(nodedb_fuzz_edge INTERFACE)
  target_link_libraries(nodedb_fuzz_edge INTERFACE nodedb_app)
else()
  set(fuzz_edge_sources app/balance_json app/json_words app/key_requests app/meta_json app/operator_protocol app/status_json edge/disk/damage edge/disk/sealed_text edge/log/log_index
      edge/log/record edge/log/replay edge/log/segment edge/rocks/state_meta edge/tls/identity)
  list(TRANSFORM fuzz_edge_sources REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/src/\\1.cc")
  add_library(nodedb_fuzz_edge STATIC EXCLUDE_FROM_ALL ${fuzz_edge_sources})
  target_link_libraries(nodedb_fuzz_edge PUBLIC nodedb_app_config nodedb_node)
endif()

if(NODEDB_FUZZ)
  # Coverage in the libraries too: without it libFuzzer is blind. And clang holds against us what libstdc++ 12's
  # own stable_sort calls.
  target_compile_options(nodedb_flags INTERFACE -fsanitize=fuzzer-no-link -Wno-deprecated-declarations)
endif()

add_custom_target(fuzzers)  # all of them, and nothing else
file(GLOB fuzzer_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.cc)
set(corpus_sources)
set(corpus_links nodedb_wire)
set(corpus_declarations "")
set(corpus_rows "")

foreach(source ${fuzzer_sources})
  get_filename_component(program ${source} NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" name ${program})
  set(links ${${name}_links})
  set(missing "")
  foreach(library ${links})
    if(NOT TARGET ${library})
      set(missing ${library})
    endif()
  endforeach()
  if(missing)
    message(STATUS "${program} is left out: ${missing} is not built")
    continue()
  endif()

  if(NODEDB_FUZZ)
    add_executable(${program} ${source})
    target_link_libraries(${program} PRIVATE nodedb_wire ${links})
    target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(${program} PRIVATE NODEDB_FUZZ_PROGRAM)
    target_compile_options(${program} PRIVATE -fsanitize=fuzzer)
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${program})
  endif()

  list(APPEND corpus_sources ${source})
  list(APPEND corpus_links ${links})
  string(APPEND corpus_declarations "extern \"C\" int nodedb_fuzz_${name}(const std::uint8_t*, std::size_t);\n")
  string(APPEND corpus_rows "    {\"${name}\", nodedb_fuzz_${name}},\n")
endforeach()

list(REMOVE_DUPLICATES corpus_links)
configure_file(${PROJECT_SOURCE_DIR}/tests/fuzz/fuzzers.inc.in ${PROJECT_BINARY_DIR}/fuzz/fuzzers.inc @ONLY)
add_executable(fuzz_corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/main.cc ${corpus_sources})
target_link_libraries(fuzz_corpus PRIVATE ${corpus_links})
target_include_directories(fuzz_corpus PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/fuzz)
nodedb_compile_soon(fuzz_corpus)
add_test(NAME fuzz_corpus COMMAND fuzz_corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus)
