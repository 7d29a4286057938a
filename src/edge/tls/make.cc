// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/make.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>

#include <array>

#include "wire/join_codec.h"

namespace nodedb::tls {
namespace {

void add_host(Steps& step, gnutls_x509_crt_t crt, const std::string& host) {
  std::array<unsigned char, 16> address{};
  const int family = host.find(':') != std::string::npos ? AF_INET6 : AF_INET;
  if (inet_pton(family, host.c_str(), address.data()) == 1) {
    const unsigned size = family == AF_INET6 ? 16 : 4;
    step(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address.data(), size,
                                              GNUTLS_FSAN_APPEND));
    return;
  }
  step(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, host.data(),
                                            static_cast<unsigned>(host.size()), GNUTLS_FSAN_APPEND));
}

void set_name(Steps& step, gnutls_x509_crt_t crt, const char* oid, const std::string& value) {
  step(gnutls_x509_crt_set_dn_by_oid(crt, oid, 0, value.data(), static_cast<unsigned>(value.size())));
}

/// What every certificate has: version, serial, validity, key, subject and its one URI.
void fill_common(Steps& step, gnutls_x509_crt_t crt, gnutls_pubkey_t key, const PeerIdentity& identity,
                 Validity validity) {
  std::array<unsigned char, 16> serial{};
  step(gnutls_rnd(GNUTLS_RND_NONCE, serial.data(), serial.size()));
  serial[0] =
      static_cast<unsigned char>((serial[0] & 0x3fU) | 0x40U);  // positive, and never of leading zeros
  step(gnutls_x509_crt_set_version(crt, 3));
  step(gnutls_x509_crt_set_serial(crt, serial.data(), serial.size()));
  step(gnutls_x509_crt_set_activation_time(crt, validity.from_s));
  step(gnutls_x509_crt_set_expiration_time(crt, validity.until_s));
  step(gnutls_x509_crt_set_pubkey(crt, key));
  std::string common_name(name(identity.role));
  if (identity.role == Role::node) common_name += " " + identity.node.text();
  if (!identity.name.empty()) common_name = identity.name;
  if (identity.role == Role::authority) common_name = "ca " + identity.cluster.text();
  set_name(step, crt, GNUTLS_OID_X520_ORGANIZATION_NAME, "nodedb-cluster");
  set_name(step, crt, GNUTLS_OID_X520_COMMON_NAME, common_name);
  const auto text = uri(identity);
  step(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_URI, text.data(),
                                            static_cast<unsigned>(text.size()), GNUTLS_FSAN_SET));
  std::array<unsigned char, 64> id{};
  std::size_t id_size = id.size();
  step(gnutls_x509_crt_get_key_id(crt, 0, id.data(), &id_size));
  step(gnutls_x509_crt_set_subject_key_id(crt, id.data(), id_size));
}

}  // namespace

Result<KeyHandle> new_key() {
  auto key = make_key();
  const int rv = gnutls_x509_privkey_generate(key.get(), GNUTLS_PK_ECDSA,
                                              GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
  if (rv < 0) return gnutls_failure(Code::invalid_state, "cannot make a key", rv);
  return key;
}

Result<KeyHandle> import_key(BytesView pem, const std::string& what) {
  auto key = make_key();
  const auto bytes = datum(pem);
  const int rv =
      gnutls_x509_privkey_import2(key.get(), &bytes, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN);
  if (rv < 0) return gnutls_failure(Code::malformed, what, rv);
  return key;
}

Result<PublicKeyHandle> public_key_of(gnutls_x509_privkey_t key) {
  gnutls_privkey_t raw = nullptr;
  gnutls_privkey_init(&raw);
  const std::unique_ptr<std::remove_pointer_t<gnutls_privkey_t>, Freer<gnutls_privkey_deinit>> whole(raw);
  auto half = make_public_key();
  Steps step;
  step(gnutls_privkey_import_x509(raw, key, 0));
  step(gnutls_pubkey_import_privkey(half.get(), raw, 0, 0));
  if (step.error() < 0) return gnutls_failure(Code::malformed, "cannot take the public key", step.error());
  return half;
}

Result<Bytes> key_pem(gnutls_x509_privkey_t key) {
  gnutls_datum_t out{};
  const int rv =
      gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN, &out);
  if (rv < 0) return gnutls_failure(Code::invalid_state, "cannot encode a key", rv);
  Bytes pem(reinterpret_cast<const char*>(out.data), out.size);
  gnutls_memset(out.data, 0, out.size);
  gnutls_free(out.data);
  return pem;
}

Result<Bytes> certificate_pem(gnutls_x509_crt_t certificate) {
  gnutls_datum_t out{};
  const int rv = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &out);
  if (rv < 0) return gnutls_failure(Code::invalid_state, "cannot encode a certificate", rv);
  return take(out);
}

Result<Bytes> certificate_der(gnutls_x509_crt_t certificate) {
  gnutls_datum_t out{};
  const int rv = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &out);
  if (rv < 0) return gnutls_failure(Code::invalid_state, "cannot encode a certificate", rv);
  return take(out);
}

Result<std::vector<CertificateHandle>> import_certificates(BytesView pem, const std::string& what) {
  std::array<gnutls_x509_crt_t, wire::authorities_max> raw{};
  auto count = static_cast<unsigned>(raw.size());
  const auto bytes = datum(pem);
  const int rv = gnutls_x509_crt_list_import(raw.data(), &count, &bytes, GNUTLS_X509_FMT_PEM,
                                             GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
  if (rv == GNUTLS_E_SHORT_MEMORY_BUFFER)
    return fail(Code::too_large, what + " holds more than " + std::to_string(raw.size()) + " certificates");
  if (rv < 0) return gnutls_failure(Code::malformed, what + " is not a PEM certificate", rv);
  std::vector<CertificateHandle> certificates;
  for (int i = 0; i < rv; ++i) certificates.emplace_back(raw[static_cast<std::size_t>(i)]);
  if (certificates.empty()) return fail(Code::malformed, what + " holds no certificate");
  return certificates;
}

Result<CertificateHandle> import_der(BytesView der, const std::string& what) {
  auto certificate = make_certificate();
  const auto bytes = datum(der);
  const int rv = gnutls_x509_crt_import(certificate.get(), &bytes, GNUTLS_X509_FMT_DER);
  if (rv < 0) return gnutls_failure(Code::malformed, what, rv);
  return certificate;
}

Result<CertificateHandle> sign(const Pair& authority, gnutls_pubkey_t key,
                               const CertificateRequest& request) {
  auto certificate = make_certificate();
  Steps step;
  auto* crt = certificate.get();
  fill_common(step, crt, key, request.identity, request.validity);
  if (!request.label.empty()) set_name(step, crt, GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME, request.label);
  for (const auto& host : request.hosts) add_host(step, crt, host);
  step(gnutls_x509_crt_set_basic_constraints(crt, 0, -1));
  step(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE));
  for (const auto purpose : request.purposes) {
    const char* oid = purpose == Purpose::server ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT;
    step(gnutls_x509_crt_set_key_purpose_oid(crt, oid, 0));
  }
  std::array<unsigned char, 64> id{};
  std::size_t id_size = id.size();
  step(gnutls_x509_crt_get_subject_key_id(authority.certificate.get(), id.data(), &id_size, nullptr));
  step(gnutls_x509_crt_set_authority_key_id(crt, id.data(), id_size));
  step(gnutls_x509_crt_sign2(crt, authority.certificate.get(), authority.key.get(), GNUTLS_DIG_SHA256, 0));
  if (step.error() < 0) return gnutls_failure(Code::malformed, "cannot make the certificate", step.error());
  return certificate;
}

Result<CertificateHandle> sign_self(gnutls_x509_privkey_t key, const Uuid& cluster, Validity validity) {
  auto half = public_key_of(key);
  if (!half) return std::unexpected(half.error());
  auto certificate = make_certificate();
  Steps step;
  auto* crt = certificate.get();
  fill_common(step, crt, half->get(), {cluster, Role::authority, {}, {}}, validity);
  step(gnutls_x509_crt_set_basic_constraints(crt, 1, 0));
  step(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
  step(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0));
  if (step.error() < 0)
    return gnutls_failure(Code::malformed, "cannot make the CA certificate", step.error());
  return certificate;
}

}  // namespace nodedb::tls
