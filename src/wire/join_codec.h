// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a new machine and a node say to each other at the join door, before the machine has a certificate: one
// request and one answer, each the payload of one frame.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/join_token.h"
#include "base/uuid.h"
#include "wire/frame.h"

namespace nodedb::wire {

/// The payload of a request; the door reads no more of a stranger.
inline constexpr std::size_t join_request_bytes_max = 8 * 1024;
inline constexpr std::size_t join_answer_bytes_max = 128 * 1024;
inline constexpr std::size_t node_name_bytes_max = 64;
inline constexpr std::size_t join_hosts_max = 8;
inline constexpr std::size_t host_bytes_max = 253;
inline constexpr std::size_t signing_request_bytes_max = 4 * 1024;
inline constexpr std::size_t certificate_bytes_max = 8 * 1024;
/// Authorities that are trusted at once: one, and two while they are exchanged.
inline constexpr std::size_t authorities_max = 8;

struct JoinRequest {
  TokenId token;
  TokenSecret secret{};
  Uuid node;
  std::string name;                ///< as the operator calls it; may be empty
  std::vector<std::string> hosts;  ///< names and IP addresses for its certificate
  Bytes signing_request;           ///< PKCS#10, DER
  bool operator==(const JoinRequest&) const = default;
};

struct JoinGrant {
  Uuid cluster;
  Bytes certificate;                 ///< the node's, DER
  std::vector<Bytes> authorities;    ///< whom to trust from now on, DER
  std::vector<std::string> members;  ///< addresses to dial
  bool operator==(const JoinGrant&) const = default;
};

struct JoinRefusal {
  Error error;
  std::vector<std::string> elsewhere;  ///< nodes that may be able to, where this one is not
  bool operator==(const JoinRefusal&) const = default;
};

using JoinAnswer = std::variant<JoinGrant, JoinRefusal>;

/// Pre: within the caps above.
Bytes encode(const JoinRequest& request);
/// Pre: as above. A detail that is too long is cut.
Bytes encode(const JoinAnswer& answer);
/// Errors: malformed, too_large.
Result<JoinRequest> decode_join_request(BytesView payload);
/// Errors: malformed, too_large, incompatible (an unknown error code).
Result<JoinAnswer> decode_join_answer(BytesView payload);

}  // namespace nodedb::wire
