// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who a certificate speaks for. One URI in the subject alternative name binds cluster, role and name:
// nodedb://<cluster>/ca, nodedb://<cluster>/node/<uuid>, nodedb://<cluster>/operator/<name> and
// nodedb://<cluster>/client/<name>. Parsing is strict: one spelling, lower-case UUIDs, nothing before or
// after.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/uuid.h"

namespace nodedb::tls {

enum class Role : std::uint8_t {
  authority,  ///< the cluster's CA: signs, never speaks
  node,
  operator_,  ///< may ask operator requests
  client,     ///< may speak to the client ports only
};

/// "ca", "node", "operator", "client": as in the URI.
std::string_view name(Role role);

struct PeerIdentity {
  Uuid cluster;
  Role role = Role::client;
  Uuid node;         ///< role node only
  std::string name;  ///< roles operator and client only
  bool operator==(const PeerIdentity&) const = default;
};

/// The URI of an identity. Pre: the fields that its role needs are set.
std::string uri(const PeerIdentity& identity);
/// Errors: malformed.
Result<PeerIdentity> parse_identity(BytesView uri);
/// 1…64 of letters, digits, '.', '_' and '-', not beginning with '.' or '-'.
bool valid_name(std::string_view name);

}  // namespace nodedb::tls
