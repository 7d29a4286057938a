// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the cluster exchanges its certificate authority (docs/decisions/014): which one is being brought in or
// is the only one, and how far each member has come. Shapes only; what the entries do is in meta/trust.cc.
//
//   (as the nodes' own files say) ──stage──▶ staged ──finalise──▶ sole ──stage another──▶ sole and staged
//
// Staged: every member is to trust it beside what it trusts; once all do, they renew their certificates by
// it. Sole: every member's certificate is of it, and nobody trusts any other.
// Withdrawn: another one was staged in its place. It is trusted until the next one is the sole one: a member
// may have been renewed by it just then, and nobody has heard of that yet.

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/ids.h"
#include "meta/admin.h"

namespace nodedb::meta {

// --- entries ---

/// `certificate` is judged at the edge, by who takes the request and again by each node that is to trust it.
struct AuthorityStage {
  Digest authority;   ///< of the certificate
  Bytes certificate;  ///< DER
  Stamp by{};
  bool operator==(const AuthorityStage&) const = default;
};
struct AuthorityFinalise {
  Digest authority;
  Stamp by{};
  bool operator==(const AuthorityFinalise&) const = default;
};
/// A member reports by whom its certificate is and which staged authority it trusts. It is its row, too.
struct MemberTrust {
  NodeId node;
  Digest issuer;
  Digest staged;  ///< zeros: none
  bool operator==(const MemberTrust&) const = default;
};

// --- rows ---

enum class AuthorityState : std::uint8_t { staged, sole, withdrawn };
inline constexpr AuthorityState last_authority_state = AuthorityState::withdrawn;
/// So many at most: all that are trusted go to a newcomer in one message.
inline constexpr std::size_t withdrawn_authorities_max = 4;
std::string_view name(AuthorityState state);

struct Authority {
  Digest fingerprint;
  AuthorityState state = AuthorityState::staged;
  Bytes certificate;
  Stamp by{};  ///< who brought it into this state
  bool operator==(const Authority&) const = default;
};

}  // namespace nodedb::meta
