// SPDX-License-Identifier: Apache-2.0
#pragma once

// GnuTLS objects owned by unique_ptr, and its error numbers as Error. Only for the .cc files of this folder
// and of edge/quic.

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <memory>
#include <string>
#include <type_traits>

#include "base/error.h"

namespace nodedb::tls {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using KeyHandle =
    std::unique_ptr<std::remove_pointer_t<gnutls_x509_privkey_t>, Freer<gnutls_x509_privkey_deinit>>;
using CertificateHandle =
    std::unique_ptr<std::remove_pointer_t<gnutls_x509_crt_t>, Freer<gnutls_x509_crt_deinit>>;
using CredentialsHandle = std::unique_ptr<std::remove_pointer_t<gnutls_certificate_credentials_t>,
                                          Freer<gnutls_certificate_free_credentials>>;
using PublicKeyHandle = std::unique_ptr<std::remove_pointer_t<gnutls_pubkey_t>, Freer<gnutls_pubkey_deinit>>;
using RequestHandle =
    std::unique_ptr<std::remove_pointer_t<gnutls_x509_crq_t>, Freer<gnutls_x509_crq_deinit>>;
using SessionHandle = std::unique_ptr<std::remove_pointer_t<gnutls_session_t>, Freer<gnutls_deinit>>;

inline KeyHandle make_key() {
  gnutls_x509_privkey_t raw = nullptr;
  gnutls_x509_privkey_init(&raw);
  return KeyHandle(raw);
}

inline CertificateHandle make_certificate() {
  gnutls_x509_crt_t raw = nullptr;
  gnutls_x509_crt_init(&raw);
  return CertificateHandle(raw);
}

inline PublicKeyHandle make_public_key() {
  gnutls_pubkey_t raw = nullptr;
  gnutls_pubkey_init(&raw);
  return PublicKeyHandle(raw);
}

inline RequestHandle make_request() {
  gnutls_x509_crq_t raw = nullptr;
  gnutls_x509_crq_init(&raw);
  return RequestHandle(raw);
}

/// Takes what GnuTLS has allocated for an answer.
inline Bytes take(gnutls_datum_t& out) {
  Bytes bytes(reinterpret_cast<const char*>(out.data), out.size);
  gnutls_free(out.data);
  return bytes;
}

inline gnutls_datum_t datum(std::string_view bytes) {
  // GnuTLS takes its input as non-const but does not write to it.
  return {reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data())),
          static_cast<unsigned>(bytes.size())};
}

inline std::unexpected<Error> gnutls_failure(Code code, std::string what, int error) {
  return fail(code, std::move(what) + ": " + gnutls_strerror(error));
}

}  // namespace nodedb::tls
