// SPDX-License-Identifier: Apache-2.0
#pragma once

// The certificates directory of one process, loaded and checked: ca.crt and node.crt/.key or client.crt/.key.
// `verify_peer` is the one place where a peer's certificate chain is judged; edge/quic asks it in its
// handshake.

#include <memory>
#include <string>

#include "base/error.h"
#include "edge/tls/identity.h"

struct gnutls_session_int;
struct gnutls_certificate_credentials_st;

namespace nodedb::tls {

enum class Holder : std::uint8_t { node, client };
/// What the other end of a session is to us.
enum class PeerSide : std::uint8_t { server, client };

class Credentials {
 public:
  /// Errors: not_found, forbidden (a key that others can read), malformed, unauthenticated (expired, not
  /// signed by ca.crt, key of another certificate), wrong_cluster.
  static Result<Credentials> load(const std::string& directory, Holder holder);

  Credentials(Credentials&&) noexcept;
  Credentials& operator=(Credentials&&) noexcept;
  ~Credentials();

  const PeerIdentity& self() const { return self_; }
  gnutls_certificate_credentials_st* handle() const;

 private:
  struct Impl;
  Credentials(std::unique_ptr<Impl> impl, PeerIdentity self);

  std::unique_ptr<Impl> impl_;
  PeerIdentity self_;
};

/// Judges the certificate chain of a session in its handshake: signed by our CA, in date, made for this
/// purpose (extended key usage), and with one valid URI. Errors: unauthenticated, malformed, each with the
/// reason.
Result<PeerIdentity> verify_peer(gnutls_session_int* session, PeerSide peer);

}  // namespace nodedb::tls
