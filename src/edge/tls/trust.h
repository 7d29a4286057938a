// SPDX-License-Identifier: Apache-2.0
#pragma once

// The authorities that are trusted, and what they say of a certificate. Only for the .cc files of this
// folder.

#include <span>
#include <vector>

#include "base/error.h"
#include "edge/tls/credentials.h"
#include "edge/tls/handles.h"

namespace nodedb::tls {

/// With what is in it.
inline void free_trust_list(gnutls_x509_trust_list_t list) {
  gnutls_x509_trust_list_deinit(list, 1);
}
using TrustListHandle =
    std::unique_ptr<std::remove_pointer_t<gnutls_x509_trust_list_t>, Freer<free_trust_list>>;

/// Certificates that a peer sends: its own, and its authority's at the door for newcomers.
inline constexpr unsigned chain_certificates_max = 4;

/// The chain of a session. Errors: unauthenticated (there is none), malformed.
Result<std::vector<CertificateHandle>> chain_of(gnutls_session_t session);
/// Copies of the certificates, trusted.
Result<TrustListHandle> trust_in(std::span<const CertificateHandle> authorities);
/// `certificate` is in date, signed by one of the list and made for `purpose` (a key purpose OID; null: any).
/// Errors: unauthenticated, with the reason.
Result<void> check_signed(gnutls_x509_trust_list_t trusted, gnutls_x509_crt_t certificate,
                          const char* purpose);

Result<CertificateFacts> facts_of(gnutls_x509_crt_t certificate);

}  // namespace nodedb::tls
