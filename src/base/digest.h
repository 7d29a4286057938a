// SPDX-License-Identifier: Apache-2.0
#pragma once

// A SHA-256 digest as a value: of a certificate (its fingerprint), of a secret (what is kept of it). Computed
// at the edge (edge/tls/digest.h), compared anywhere.

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb {

struct Digest {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const Digest&) const = default;

  /// 64 lower-case hexadecimal digits.
  std::string text() const;
  /// Errors: malformed.
  static Result<Digest> parse(BytesView text);
};

/// As ==, in a time that does not tell where they differ: for what a stranger sent.
bool same_secret(const Digest& a, const Digest& b);

}  // namespace nodedb
