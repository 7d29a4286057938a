// SPDX-License-Identifier: Apache-2.0
#pragma once

// UUIDs (RFC 9562), kept as 16 bytes in network order. Version 4 from a given Rng; parsing accepts the
// hyphenated form only, in either case.

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/rng.h"

namespace nodedb {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;

  bool is_nil() const { return *this == Uuid{}; }
  int version() const { return bytes[6] >> 4; }
  /// The variant field's leading bits: 2 for the RFC's own layout.
  int variant() const { return bytes[8] >> 6; }
  /// Lower-case, hyphenated, 36 characters.
  std::string text() const;

  static Uuid v4(Rng& rng);
  /// Errors: malformed.
  static Result<Uuid> parse(BytesView text);
};

}  // namespace nodedb
