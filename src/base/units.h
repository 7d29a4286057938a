// SPDX-License-Identifier: Apache-2.0
#pragma once

// Quantities as people write them: `250ms`, `64MiB`, `10.0.0.1:7000`. Pure. A number without its unit is
// refused, because what it means would be a guess; zero needs none.

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb {

inline constexpr std::uint64_t mib = std::uint64_t{1} << 20;

/// Units: ns us ms s m h. Result in ns, never negative. Errors: malformed, too_large.
Result<std::int64_t> parse_duration(BytesView text);
/// Units: B, KiB MiB GiB TiB, kB MB GB TB. Result in bytes. Errors: malformed, too_large.
Result<std::uint64_t> parse_size(BytesView text);
/// Decimal digits only. Errors: malformed, too_large.
Result<std::uint64_t> parse_number(BytesView text);

/// Two lower-case digits a byte, and back. Errors: malformed.
std::string hex_text(BytesView bytes);
Result<Bytes> parse_hex(BytesView text);

struct HostPort {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;
  bool operator==(const HostPort&) const = default;
};
/// `host:port` or `[v6]:port`. Errors: malformed.
Result<HostPort> parse_host_port(BytesView text);

/// The shortest exact forms that `parse_duration` and `parse_size` read back.
std::string duration_text(std::int64_t ns);
std::string size_text(std::uint64_t bytes);
/// With so many digits behind the point.
std::string fixed(double value, int digits);

}  // namespace nodedb
