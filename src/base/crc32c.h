// SPDX-License-Identifier: Apache-2.0
#pragma once

// CRC-32C (Castagnoli), RFC 3720 appendix B.4. Guards every record on disk and frame on the wire.

#include <cstdint>

#include "base/bytes.h"

namespace nodedb {

/// CRC of `data`; pass an earlier result as `seed` to go on where it ended: crc(a+b) == crc(b, crc(a)).
std::uint32_t crc32c(BytesView data, std::uint32_t seed = 0);

}  // namespace nodedb
