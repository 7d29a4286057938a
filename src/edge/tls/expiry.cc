// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/expiry.h"

#include <algorithm>

namespace nodedb::tls {
namespace {

/// So many twelfths of its life after its beginning, without overflow for dates that no calendar has.
std::int64_t twelfths(const Validity& validity, std::int64_t count) {
  const std::int64_t life_s = validity.until_s - validity.from_s;
  return validity.from_s + life_s / 12 * count + life_s % 12 * count / 12;
}

constexpr std::int64_t due_twelfths = 8;
constexpr std::int64_t late_twelfths = 10;

}  // namespace

std::string_view name(Freshness freshness) {
  switch (freshness) {
    case Freshness::fresh:
      return "fresh";
    case Freshness::due:
      return "due";
    case Freshness::late:
      return "late";
    case Freshness::expired:
      return "expired";
  }
  return "?";
}

Freshness freshness(const Validity& validity, std::int64_t now_s) {
  if (now_s >= validity.until_s) return Freshness::expired;
  if (now_s >= twelfths(validity, late_twelfths)) return Freshness::late;
  if (now_s >= twelfths(validity, due_twelfths)) return Freshness::due;
  return Freshness::fresh;
}

std::int64_t renew_at_s(const Validity& validity, std::uint64_t luck) {
  const std::int64_t due_s = twelfths(validity, due_twelfths);
  const auto spread_s =
      static_cast<std::uint64_t>(std::max<std::int64_t>(1, twelfths(validity, due_twelfths + 1) - due_s));
  return due_s + static_cast<std::int64_t>(luck % spread_s);
}

}  // namespace nodedb::tls
