// SPDX-License-Identifier: Apache-2.0
#pragma once

// Certificates for nodes that hold their own key: the node makes a request, a node that was given the CA's
// key judges and signs it. The request proves that who sends it holds the key and says which node it is for;
// whatever else stands in it is not looked at, and never copied: what the certificate says comes from the
// grant. Blocking; any thread.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/uuid.h"
#include "edge/tls/certificates.h"

namespace nodedb::tls {

/// A new ECDSA P-256 key, PKCS#8 as PEM.
Result<Bytes> make_key_text();

struct SigningRequest {
  Uuid node;
  Bytes der;
};
/// For the node called `node`; without one, for the node that is called by its key, as machines that join by
/// token are. Errors: malformed (the key).
Result<SigningRequest> make_signing_request(BytesView key_pem, const std::optional<Uuid>& node = {});

struct JudgedRequest {
  Uuid node;         ///< for whom it asks
  Uuid key_is_node;  ///< the node that is called by this key
};
/// Errors: too_large, malformed (no PKCS#10, bytes behind it, another kind of key than ECDSA P-256, not
/// exactly one urn:uuid), unauthenticated (not signed with the key that is in it).
Result<JudgedRequest> judge_signing_request(BytesView der);

/// What a node's certificate is to say.
struct NodeGrant {
  Uuid node;
  std::string name;                ///< as people call it; may be empty
  std::vector<std::string> hosts;  ///< DNS names and IP addresses
  Validity validity;
};

/// A CA's key and certificate: whoever holds it can make anybody (docs/decisions/015).
class Authority {
 public:
  /// The key of a file that only its owner can read, and the certificate that fits it among those of the
  /// other file. Errors: not_found, forbidden, malformed, unauthenticated (no certificate of a CA fits).
  static Result<Authority> load(const std::string& key_file, const std::string& certificates_file);
  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;
  ~Authority();

  const Uuid& cluster() const { return cluster_; }
  /// DER.
  const Bytes& certificate() const { return certificate_; }
  const Digest& fingerprint() const { return fingerprint_; }
  const Validity& validity() const { return validity_; }
  /// Judges the request and makes the certificate, DER. It ends with the CA's own at the latest. Errors:
  /// those of judge_signing_request; conflict (the request is for another node than the grant), malformed (a
  /// host or a name), invalid_state (nothing would be left of its life).
  Result<Bytes> sign(BytesView signing_request, const NodeGrant& grant) const;

 private:
  struct Impl;
  explicit Authority(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
  Uuid cluster_;
  Bytes certificate_;
  Digest fingerprint_;
  Validity validity_;
};

}  // namespace nodedb::tls
