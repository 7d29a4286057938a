// SPDX-License-Identifier: Apache-2.0
#pragma once

// What lets one new machine into the cluster, once: a public id under which the cluster knows the token, a
// secret of which it keeps only the SHA-256, and the fingerprint of the authority by which the newcomer knows
// the cluster before it trusts anybody.
//
// As text: "ndbt1", then 96 letters of base 32 (RFC 4648: a-z and 2-7) for id, secret, fingerprint and a
// CRC-32C of the text's version and all of these. It is written in lower case and read in either; no
// character of it needs quoting, and a mistyped one is told from a wrong one before anything is sent.

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/strong.h"

namespace nodedb {

/// Drawn at random; no secret.
using TokenId = Strong<struct TokenIdTag, std::uint64_t>;
/// 16 lower-case hexadecimal digits: how lists and logs name a token.
std::string text(TokenId id);
inline std::string named(TokenId id) {
  return "token " + text(id);
}
/// Errors: malformed.
Result<TokenId> parse_token_id(BytesView text);

/// 128 random bits: nobody guesses them, so one fast hash is enough to keep them by.
using TokenSecret = std::array<std::uint8_t, 16>;

struct JoinToken {
  TokenId id;
  TokenSecret secret{};
  Digest authority;  ///< of the DER form of a certificate authority's certificate
  bool operator==(const JoinToken&) const = default;
};

std::string text(const JoinToken& token);
/// Errors: malformed (with what is wrong with it), incompatible (a later version's token).
Result<JoinToken> parse_join_token(BytesView text);

}  // namespace nodedb
