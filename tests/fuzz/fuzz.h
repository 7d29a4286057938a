// SPDX-License-Identifier: Apache-2.0
#pragma once

// For every fuzzer: one file a decoder, with libFuzzer's entry point. The build gives each its own program
// under clang, and puts all of them into fuzz_corpus, which runs each over its folder of tests/fuzz/corpus
// once. Libraries that a fuzzer needs beside nodedb_wire are named in cmake/fuzz.cmake.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace nodedb::fuzz {

inline BytesView view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace nodedb::fuzz
