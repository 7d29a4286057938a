// SPDX-License-Identifier: Apache-2.0
#pragma once

// What group 0 says about certificates, as a value for the net thread, which judges and signs them: who is a
// member, who was removed, which authority is being brought in or is the only one. And what the net thread
// tells back.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/time.h"
#include "base/uuid.h"
#include "meta/trust.h"

namespace nodedb::node {

struct Trust {
  std::set<Uuid> members;                    ///< all that are not retired, this node included
  std::set<Uuid> refused;                    ///< retired, and has had its chance to hear of it
  std::int64_t certificate_lifetime_ns = 0;  ///< of what is signed from now on
  std::vector<meta::Authority> authorities;  ///< the sole one, the staged one, withdrawn ones
  bool staged_everywhere = false;            ///< every member trusts the staged one
  /// All that was decided before this life is in it. Until then nothing is dropped, made or renewed by it:
  /// what a node has been told of, and has reported, may not be in the rows that it boots with.
  bool current = false;
  bool operator==(const Trust&) const = default;

  const meta::Authority* find(meta::AuthorityState state) const {
    for (const meta::Authority& one : authorities)
      if (one.state == state) return &one;
    return nullptr;
  }
};

/// Whether certificates of this authority are wanted now. While one takes the other's place: of the old one
/// until every member trusts the new one, then of the new one alone. Errors: invalid_state, with what to do.
Result<void> may_sign(const Trust& trust, const Digest& authority);
/// Which authorities a node is to trust that trusts those of `now`: the sole one, or what it trusts, and
/// those that were staged in either case.
std::set<Digest> wanted_authorities(const Trust& trust, std::set<Digest> now);
/// By whom a node is to be renewed at once that shows a certificate of `issuer`; null: by nobody.
const meta::Authority* wanted_issuer(const Trust& trust, const Digest& issuer);

/// An event: by whom our own certificate is, as it is shown from now on, and the staged authority, if it is
/// trusted here.
struct CertificateInUse {
  Digest issuer;
  std::optional<Digest> staged;
  bool operator==(const CertificateInUse&) const = default;
};
/// Of a node that shows a certificate of `issuer` and trusts these authorities.
CertificateInUse certificate_in_use(const Trust& trust, const Digest& issuer,
                                    const std::set<Digest>& trusted);

/// An event: something at the door that is to be remembered in the audit log.
struct DoorNote {
  std::string about;  ///< a node's UUID, a stranger's host: the same of the same is told once an hour
  std::string what;
};

/// Which notes become lines. Strangers can cause them, so there are only so many in an hour, whoever it is.
class DoorNotes {
 public:
  bool pass(const DoorNote& note, Time now) {
    if (now - hour_began_ >= hour_ns) {
      hour_began_ = now;
      told_.clear();
    }
    return told_.size() < per_hour_max && told_.insert(note.about + "\n" + note.what).second;
  }

  static constexpr std::size_t per_hour_max = 64;

 private:
  static constexpr std::int64_t hour_ns = 3600 * ns_per_s;

  Time hour_began_ = long_ago;
  std::set<std::string> told_;
};

}  // namespace nodedb::node
