// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/trust.h"

#include "edge/tls/digest.h"
#include "edge/tls/inspect.h"
#include "edge/tls/make.h"

namespace nodedb::tls {
namespace {

std::string verification_text(unsigned status) {
  gnutls_datum_t out{};
  if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &out, 0) < 0)
    return "not trusted";
  std::string text = take(out);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

Result<std::vector<CertificateHandle>> chain_of(gnutls_session_t session) {
  unsigned count = 0;
  const gnutls_datum_t* chain = gnutls_certificate_get_peers(session, &count);
  if (chain == nullptr || count == 0) return fail(Code::unauthenticated, "the peer sent no certificate");
  if (count > chain_certificates_max) return fail(Code::malformed, "the peer sent too many certificates");
  std::vector<CertificateHandle> certificates;
  for (unsigned i = 0; i < count; ++i) {
    const BytesView der(reinterpret_cast<const char*>(chain[i].data), chain[i].size);
    auto certificate = import_der(der, "the peer's certificate cannot be read");
    if (!certificate) return std::unexpected(certificate.error());
    certificates.push_back(std::move(*certificate));
  }
  return certificates;
}

Result<TrustListHandle> trust_in(std::span<const CertificateHandle> authorities) {
  gnutls_x509_trust_list_t raw = nullptr;
  if (gnutls_x509_trust_list_init(&raw, 0) < 0) return fail(Code::invalid_state, "out of memory");
  TrustListHandle list(raw);
  for (const auto& authority : authorities) {
    const auto der = certificate_der(authority.get());
    if (!der) return std::unexpected(der.error());
    auto copy = import_der(*der, "an authority's certificate");
    if (!copy) return std::unexpected(copy.error());
    gnutls_x509_crt_t given = copy->release();  // the list frees it
    if (gnutls_x509_trust_list_add_cas(raw, &given, 1, 0) != 1)
      return fail(Code::malformed, "an authority's certificate cannot be trusted");
  }
  return list;
}

Result<void> check_signed(gnutls_x509_trust_list_t trusted, gnutls_x509_crt_t certificate,
                          const char* purpose) {
  gnutls_typed_vdata_st wanted{};
  wanted.type = GNUTLS_DT_KEY_PURPOSE_OID;
  if (purpose != nullptr) wanted.data = datum(purpose).data;
  unsigned status = 0;
  const int rv = gnutls_x509_trust_list_verify_crt2(trusted, &certificate, 1, &wanted,
                                                    purpose != nullptr ? 1 : 0, 0, &status, nullptr);
  if (rv < 0) return gnutls_failure(Code::unauthenticated, "the certificate", rv);
  if (status != 0) return fail(Code::unauthenticated, verification_text(status));
  return {};
}

Result<CertificateFacts> facts_of(gnutls_x509_crt_t certificate) {
  const auto der = certificate_der(certificate);
  if (!der) return std::unexpected(der.error());
  return CertificateFacts{sha256(*der), describe(certificate).validity, *der};
}

}  // namespace nodedb::tls
