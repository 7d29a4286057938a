// SPDX-License-Identifier: Apache-2.0
#pragma once

// When a certificate is renewed and when somebody is told: pure arithmetic over its validity. Seconds since
// the Unix epoch.
//
//   from ───────────────── 2/3 ── 3/4 ── 5/6 ──── until
//          fresh            due            late       expired
//                           └ renewed here, spread over a twelfth of its life

#include <cstdint>
#include <string_view>

#include "edge/tls/certificates.h"

namespace nodedb::tls {

enum class Freshness : std::uint8_t {
  fresh,
  due,      ///< to be renewed now
  late,     ///< should have been renewed: somebody must look
  expired,  ///< refused by everybody
};
std::string_view name(Freshness freshness);
Freshness freshness(const Validity& validity, std::int64_t now_s);

/// At two thirds of its life and up to a twelfth of it later, as `luck` says, so that nodes that were made
/// together do not ask for certificates together. Pre: `validity` ends after it begins.
std::int64_t renew_at_s(const Validity& validity, std::uint64_t luck);

}  // namespace nodedb::tls
