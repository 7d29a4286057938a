// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stands in a certificate that GnuTLS has parsed. Only for the .cc files of this folder and edge/quic.

#include "base/error.h"
#include "edge/tls/certificates.h"
#include "edge/tls/handles.h"
#include "edge/tls/identity.h"

namespace nodedb::tls {

/// The identity in the certificate's only URI. Errors: malformed if there is none, several, or a bad one.
Result<PeerIdentity> identity_in(gnutls_x509_crt_t certificate);
CertificateInfo describe(gnutls_x509_crt_t certificate);

}  // namespace nodedb::tls
