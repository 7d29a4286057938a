// SPDX-License-Identifier: Apache-2.0
#pragma once

// Making and inspecting the cluster's certificates: ECDSA P-256, one level below the cluster's own CA, each
// bound to an identity by a URI (identity.h). Keys are separate PEM files (0600); nothing is ever
// overwritten. Blocking; any thread.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/uuid.h"
#include "edge/tls/identity.h"

namespace nodedb::tls {

inline constexpr std::int64_t seconds_per_day = 86'400;

/// Seconds since the Unix epoch.
struct Validity {
  std::int64_t from_s = 0;
  std::int64_t until_s = 0;
  bool operator==(const Validity&) const = default;
};
/// From an hour ago (clocks differ) until `days` from now.
Validity valid_for_days(std::int64_t days);

enum class Purpose : std::uint8_t { server, client };

/// DIR/ca.key and DIR/ca.crt, whose identity is nodedb://<cluster>/ca. Ten years unless told otherwise.
/// Errors: conflict if either file exists, forbidden, disk_full, disk_failed.
Result<void> create_ca(const std::string& directory, const Uuid& cluster,
                       Validity validity = valid_for_days(3650));

struct NodeRequest {
  Uuid node;
  std::vector<std::string>
      hosts;  ///< DNS names and IP addresses, for other people's tools; ours go by the URI
  Validity validity = valid_for_days(3650);
};
/// OUT/node.key, OUT/node.crt and a copy of OUT/ca.crt, for the cluster that the CA belongs to.
/// Errors: as create_ca; wrong_cluster if OUT holds another CA's certificate; malformed.
Result<void> issue_node(const std::string& ca_directory, const std::string& out_directory,
                        const NodeRequest& request);

struct ClientRequest {
  std::string name;
  Role role = Role::operator_;  ///< operator or client
  Validity validity = valid_for_days(365);
};
/// OUT/client.key, OUT/client.crt and a copy of OUT/ca.crt. Errors: as issue_node.
Result<void> issue_client(const std::string& ca_directory, const std::string& out_directory,
                          const ClientRequest& request);

/// What the two above are made of; `file_name` is "node" or "client".
struct CertificateRequest {
  PeerIdentity identity;  ///< its cluster is set to the CA's
  std::vector<Purpose> purposes;
  std::vector<std::string> hosts;
  Validity validity;
  std::string label = {};  ///< as people call the holder; says nothing about who it is
};
Result<void> issue(const std::string& ca_directory, const std::string& out_directory,
                   const std::string& file_name, CertificateRequest request);

struct CertificateInfo {
  std::string subject;
  std::string issuer;
  std::string serial;       ///< hexadecimal
  std::string fingerprint;  ///< SHA-256 of the DER form, hexadecimal
  std::string uri;          ///< empty if there is none
  std::vector<std::string> hosts;
  std::vector<Purpose> purposes;
  Validity validity;
  bool authority = false;
};
/// Reads the first certificate of a PEM file. Errors: those of read_file, malformed.
Result<CertificateInfo> show(const std::string& file);

/// DER as PEM, one after the other. Errors: malformed.
Result<Bytes> pem_of(std::span<const Bytes> certificates);

/// The certificates of a PEM text, DER. `what` names it in errors: malformed, too_large.
Result<std::vector<Bytes>> ders_of(BytesView pem, const std::string& what);

/// The identity that a certificate carries, DER. Errors: malformed.
Result<PeerIdentity> identity_of_der(BytesView certificate);
/// The identity that a certificate file carries. Errors: those of show, malformed.
Result<PeerIdentity> identity_of(const std::string& file);

}  // namespace nodedb::tls
