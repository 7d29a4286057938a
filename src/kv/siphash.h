// SPDX-License-Identifier: Apache-2.0
#pragma once

// SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). Spreads keys over scan
// positions. The key is public, so it hides nothing; it is used because, unlike simple hashes, nobody knows a
// cheap way to make many inputs share one output, and such inputs would all have to fit in one page of a
// scan.

#include <cstdint>

#include "base/bytes.h"

namespace nodedb::kv {

/// `k0` and `k1` are the halves of the 128-bit key, each read little-endian.
std::uint64_t siphash(std::uint64_t k0, std::uint64_t k1, BytesView data);

}  // namespace nodedb::kv
