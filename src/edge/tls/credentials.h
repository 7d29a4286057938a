// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one process shows others and whom it trusts: the certificates directory, loaded and checked as a whole
// (ca.crt and node.crt/.key or client.crt/.key), as a value that never changes. New ones are loaded beside
// the old and exchanged for them, or refused. Several authorities are trusted at once while one takes the
// other's place; all of them are of the same cluster, which is named by its UUID, not by its CA
// (docs/decisions/014).
//
// `verify_peer` is the one place where a peer's certificate chain is judged: edge/quic asks it in its
// handshake, and again of open connections when the credentials have been exchanged.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "edge/tls/certificates.h"
#include "edge/tls/identity.h"

struct gnutls_session_int;
struct gnutls_certificate_credentials_st;

namespace nodedb::tls {

enum class Holder : std::uint8_t { node, client };
/// What the other end of a session is to us.
enum class PeerSide : std::uint8_t { server, client };

/// For status, metrics and warnings (edge/tls/expiry.h).
struct CertificateFacts {
  Digest fingerprint;
  Validity validity;
  Bytes der;  ///< the certificate itself
  bool operator==(const CertificateFacts&) const = default;
};

/// PEM.
struct CredentialTexts {
  Bytes authorities;
  Bytes certificate;
  Bytes key;
};

class Credentials {
 public:
  /// `authorities` (DER), where there are any, are trusted instead of what ca.crt holds. Errors: not_found,
  /// forbidden (a key that others can read, a role that does not fit), malformed, too_large, unauthenticated
  /// (expired, signed by none of the authorities, key of another certificate), wrong_cluster.
  static Result<Credentials> load(const std::string& directory, Holder holder,
                                  std::span<const Bytes> authorities = {});
  /// As load, of texts that errors name as the files of `directory`.
  static Result<Credentials> make(const CredentialTexts& texts, Holder holder, const std::string& directory);
  /// Of a machine that has no certificate yet, and of the cluster knows only an authority's fingerprint: it
  /// trusts nodes that show a chain up to that one, and shows nothing itself.
  static Result<Credentials> newcomer(const Digest& authority);

  Credentials(Credentials&&) noexcept;
  Credentials& operator=(Credentials&&) noexcept;
  ~Credentials();

  /// Nobody, for a newcomer.
  const PeerIdentity& self() const { return self_; }
  /// Nothing at all, for a newcomer.
  const CertificateFacts& own() const { return own_; }
  const std::vector<CertificateFacts>& authorities() const { return authorities_; }
  /// Who signed our certificate, one of `authorities`: what tokens pin.
  const Digest& issuer() const { return issuer_; }

  gnutls_certificate_credentials_st* handle() const;
  /// The same, and our authority's certificate behind our own: for newcomers, who know only its fingerprint.
  gnutls_certificate_credentials_st* door_handle() const;

  /// Whether `next` may take the place of these: the same holder, of the same cluster. Errors: conflict,
  /// wrong_cluster.
  Result<void> accepts(const Credentials& next) const;

  /// Judges the certificate chain of a session: signed by an authority that is trusted now, in date, made for
  /// this purpose (extended key usage), and with one valid URI. Errors: unauthenticated, malformed, each with
  /// the reason.
  Result<PeerIdentity> verify_peer(gnutls_session_int* session, PeerSide peer) const;

 private:
  struct Impl;
  explicit Credentials(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
  PeerIdentity self_;
  CertificateFacts own_;
  std::vector<CertificateFacts> authorities_;
  Digest issuer_;
};

}  // namespace nodedb::tls
