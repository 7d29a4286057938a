// SPDX-License-Identifier: Apache-2.0
#pragma once

// What operators and the cluster itself change beside placement: the states of members, settings, join
// tokens; and the audit log, in which every such change, made or refused, leaves a line. Shapes only; what
// the entries do is in meta/administer.h, settings.h and audit.cc.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/ids.h"
#include "base/join_token.h"
#include "base/uuid.h"
#include "meta/types.h"

namespace nodedb::meta {

/// Who asks, and when by the clock of the node that was asked. The time decides only whether a token is still
/// good; everywhere else it is shown.
struct Stamp {
  std::uint64_t ts_ms = 0;
  std::string actor;  ///< the certificate's name, or `node N`
  bool operator==(const Stamp&) const = default;
};

// --- entries ---

/// A node asks to become a member: it gets the cluster's next id, and the token that it has claimed, if any,
/// is consumed. A known UUID keeps what it has.
struct MemberJoin {
  Uuid uuid;
  std::string address;
  std::string client_address;
  Stamp by{};
  bool operator==(const MemberJoin&) const = default;
};
/// A member is to drain, to leave, to stay after all, or has left.
struct MemberChange {
  NodeId node;
  MemberState wanted = MemberState::active;
  NodeId successor;  ///< with `leaving`
  Stamp by{};
  bool operator==(const MemberChange&) const = default;
};
/// `value` in the text that meta/settings.h reads; empty: back to the default.
struct SettingChange {
  std::string name;
  std::string value;
  Stamp by{};
  bool operator==(const SettingChange&) const = default;
};

struct TokenCreate {
  TokenId id;
  Digest digest;             ///< of its secret
  std::string node_name;     ///< the only name that it admits; empty: any
  std::uint64_t ttl_ms = 0;  ///< 0: the setting token.ttl
  Stamp by{};
  bool operator==(const TokenCreate&) const = default;
};
/// A machine shows a token and asks for a certificate. Once: the same machine may ask again until it has
/// joined.
struct TokenClaim {
  TokenId id;
  Digest digest;  ///< of the secret that it showed
  Uuid node;
  std::string node_name;
  Stamp by{};
  bool operator==(const TokenClaim&) const = default;
};
struct TokenRevoke {
  TokenId id;
  Stamp by{};
  bool operator==(const TokenRevoke&) const = default;
};

/// Something that changed nothing and is to be remembered: a refused join, a refused certificate.
struct AuditNote {
  std::string what;
  Stamp by{};
  bool operator==(const AuditNote&) const = default;
};

// --- rows ---

/// A setting that has been changed; others have no row.
struct Setting {
  std::string name;
  std::string value;  ///< as meta/settings.h writes it
  bool operator==(const Setting&) const = default;
};

/// issued ─claim─▶ in_flight ─member joins─▶ consumed; issued or in_flight ─▶ revoked. A token that nobody
/// has used when its time is over is `expired`: that is not stored, it follows from `expires_ms`.
enum class TokenState : std::uint8_t { issued, in_flight, consumed, revoked };
inline constexpr TokenState last_token_state = TokenState::revoked;
std::string_view name(TokenState state);

struct Token {
  TokenId id;
  Digest digest;
  std::string node_name;
  std::uint64_t issued_ms = 0;
  std::uint64_t expires_ms = 0;
  TokenState state = TokenState::issued;
  Uuid holder;         ///< the machine that has claimed it
  std::string issuer;  ///< the actor that made it
  bool operator==(const Token&) const = default;
};

struct AuditLine {
  std::uint64_t at{};     ///< index of group 0's entry
  std::uint16_t nth = 0;  ///< among the lines of that entry: a batch may leave several
  Stamp by{};
  std::string what;
  bool operator==(const AuditLine&) const = default;
};

}  // namespace nodedb::meta
