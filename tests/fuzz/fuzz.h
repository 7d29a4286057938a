// SPDX-License-Identifier: Apache-2.0
#pragma once

// For every fuzzer: one file a decoder, fuzz_<name>.cc. The build gives each its own program under clang, and
// puts all of them into fuzz_corpus, which runs each over its folder of tests/fuzz/corpus once. Libraries
// that a fuzzer needs beside nodedb_wire are named in cmake/fuzz.cmake.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"

/// The function to define: libFuzzer's entry point in a program of its own, one of many in fuzz_corpus.
#ifdef NODEDB_FUZZ_PROGRAM
#define NODEDB_FUZZER(name) LLVMFuzzerTestOneInput
#else
#define NODEDB_FUZZER(name) nodedb_fuzz_##name
#endif

namespace nodedb::fuzz {

inline BytesView view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace nodedb::fuzz
