// SPDX-License-Identifier: Apache-2.0
#pragma once

// The parts that certificates are made of: keys, their text forms, and the one function that signs. Only for
// the .cc files of this folder.

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "edge/tls/certificates.h"
#include "edge/tls/handles.h"

namespace nodedb::tls {

/// Remembers the first GnuTLS error of a series of calls.
class Steps {
 public:
  void operator()(int result) {
    if (result < 0 && error_ == 0) error_ = result;
  }
  int error() const { return error_; }

 private:
  int error_ = 0;
};

/// A certificate and its private key.
struct Pair {
  KeyHandle key;
  CertificateHandle certificate;
};

/// ECDSA P-256.
Result<KeyHandle> new_key();
/// `what` names it in the error. Errors: malformed.
Result<KeyHandle> import_key(BytesView pem, const std::string& what);
Result<PublicKeyHandle> public_key_of(gnutls_x509_privkey_t key);
Result<Bytes> key_pem(gnutls_x509_privkey_t key);
Result<Bytes> certificate_pem(gnutls_x509_crt_t certificate);
Result<Bytes> certificate_der(gnutls_x509_crt_t certificate);
/// All certificates of a PEM text, 1 to wire::authorities_max of them. Errors: malformed, too_large.
Result<std::vector<CertificateHandle>> import_certificates(BytesView pem, const std::string& what);
Result<CertificateHandle> import_der(BytesView der, const std::string& what);

/// A certificate for `key`, signed by the authority; its identity is the request's. Errors: malformed.
Result<CertificateHandle> sign(const Pair& authority, gnutls_pubkey_t key, const CertificateRequest& request);
/// An authority's certificate for itself.
Result<CertificateHandle> sign_self(gnutls_x509_privkey_t key, const Uuid& cluster, Validity validity);

}  // namespace nodedb::tls
