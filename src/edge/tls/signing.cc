// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/signing.h"

#include <algorithm>
#include <array>

#include "edge/tls/digest.h"
#include "edge/tls/files.h"
#include "edge/tls/inspect.h"
#include "edge/tls/make.h"
#include "wire/join_codec.h"

namespace nodedb::tls {
namespace {

constexpr std::string_view uuid_scheme = "urn:uuid:";

/// SubjectPublicKeyInfo.
Result<Bytes> key_der(gnutls_pubkey_t key) {
  gnutls_datum_t out{};
  const int rv = gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &out);
  if (rv < 0) return gnutls_failure(Code::malformed, "cannot encode a public key", rv);
  return take(out);
}

/// RFC 9562, 5.8: version 8, a UUID whose bits are our own affair.
Uuid uuid_of_key(BytesView der) {
  const Digest digest = sha256(der);
  Uuid uuid;
  std::copy_n(digest.bytes.begin(), uuid.bytes.size(), uuid.bytes.begin());
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | 0x80);
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
  return uuid;
}

bool is_p256(gnutls_pubkey_t key) {
  if (gnutls_pubkey_get_pk_algorithm(key, nullptr) != GNUTLS_PK_ECDSA) return false;
  gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
  gnutls_datum_t x{};
  gnutls_datum_t y{};
  if (gnutls_pubkey_export_ecc_raw2(key, &curve, &x, &y, 0) < 0) return false;
  gnutls_free(x.data);
  gnutls_free(y.data);
  return curve == GNUTLS_ECC_CURVE_SECP256R1;
}

Result<Uuid> parse_urn(BytesView text) {
  if (!text.starts_with(uuid_scheme)) return fail(Code::malformed, "the request's URI is no urn:uuid");
  text.remove_prefix(uuid_scheme.size());
  auto uuid = Uuid::parse(text);
  if (!uuid) return uuid;
  if (uuid->text() != text) return fail(Code::malformed, "a UUID must be written in lower case");
  if (uuid->is_nil()) return fail(Code::malformed, "the nil UUID names nobody");
  return uuid;
}

/// The UUID in the request's only URI.
Result<Uuid> node_in(gnutls_x509_crq_t request) {
  std::optional<Bytes> uri;
  for (unsigned n = 0;; ++n) {
    std::array<char, 256> name{};
    std::size_t size = name.size();
    unsigned type = 0;
    const int rv = gnutls_x509_crq_get_subject_alt_name(request, n, name.data(), &size, &type, nullptr);
    if (rv == GNUTLS_E_SHORT_MEMORY_BUFFER) return fail(Code::malformed, "the request has an overlong name");
    if (rv < 0) break;
    if (type != GNUTLS_SAN_URI) continue;
    if (uri) return fail(Code::malformed, "the request has more than one URI");
    uri = Bytes(name.data(), size);
  }
  if (!uri) return fail(Code::malformed, "the request has no urn:uuid");
  return parse_urn(*uri);
}

struct JudgedKey {
  JudgedRequest said;
  PublicKeyHandle key;
};

Result<JudgedKey> judge(BytesView der) {
  if (der.size() > wire::signing_request_bytes_max)
    return fail(Code::too_large, "the signing request is too large");
  auto request = make_request();
  const auto bytes = datum(der);
  int rv = gnutls_x509_crq_import(request.get(), &bytes, GNUTLS_X509_FMT_DER);
  if (rv < 0) return gnutls_failure(Code::malformed, "the signing request cannot be read", rv);
  JudgedKey judged{{}, make_public_key()};
  rv = gnutls_pubkey_import_x509_crq(judged.key.get(), request.get(), 0);
  if (rv < 0) return gnutls_failure(Code::malformed, "the signing request's key cannot be read", rv);
  if (!is_p256(judged.key.get()))
    return fail(Code::malformed, "the signing request's key is not ECDSA on P-256");
  rv = gnutls_x509_crq_verify(request.get(), 0);
  if (rv < 0)
    return gnutls_failure(Code::unauthenticated, "the signing request is not signed with its key", rv);
  const auto node = node_in(request.get());
  if (!node) return std::unexpected(node.error());
  const auto key = key_der(judged.key.get());
  if (!key) return std::unexpected(key.error());
  judged.said = {*node, uuid_of_key(*key)};
  return judged;
}

/// Letters, digits, '.', '-', '_', and ':' for IPv6.
bool valid_host(const std::string& host) {
  if (host.empty() || host.size() > wire::host_bytes_max) return false;
  return std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':';
  });
}

Result<void> check(const NodeGrant& grant) {
  if (grant.node.is_nil()) return fail(Code::malformed, "a node needs a UUID");
  if (!grant.name.empty() && !valid_name(grant.name))
    return fail(Code::malformed, "a name is 1 to 64 letters, digits, '.', '_' or '-'");
  for (const auto& host : grant.hosts)
    if (!valid_host(host)) return fail(Code::malformed, "'" + host + "' is no host name or IP address");
  return {};
}

bool fit(gnutls_x509_privkey_t key, gnutls_x509_crt_t certificate) {
  const auto half = public_key_of(key);
  auto other = make_public_key();
  if (!half || gnutls_pubkey_import_x509(other.get(), certificate, 0) < 0) return false;
  return key_der(half->get()) == key_der(other.get());
}

}  // namespace

Result<Bytes> make_key_text() {
  const auto key = new_key();
  if (!key) return std::unexpected(key.error());
  return key_pem(key->get());
}

Result<SigningRequest> make_signing_request(BytesView key_text, const std::optional<Uuid>& node) {
  const auto key = import_key(key_text, "the node's key");
  if (!key) return std::unexpected(key.error());
  const auto half = public_key_of(key->get());
  if (!half) return std::unexpected(half.error());
  const auto half_der = key_der(half->get());
  if (!half_der) return std::unexpected(half_der.error());
  SigningRequest made{node.value_or(uuid_of_key(*half_der)), {}};
  auto request = make_request();
  auto* crq = request.get();
  const std::string uri = std::string(uuid_scheme) + made.node.text();
  gnutls_datum_t out{};
  Steps step;
  step(gnutls_x509_crq_set_version(crq, 1));
  step(gnutls_x509_crq_set_key(crq, key->get()));
  step(gnutls_x509_crq_set_subject_alt_name(crq, GNUTLS_SAN_URI, uri.data(),
                                            static_cast<unsigned>(uri.size()), GNUTLS_FSAN_SET));
  step(gnutls_x509_crq_sign2(crq, key->get(), GNUTLS_DIG_SHA256, 0));
  step(gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_DER, &out));
  if (step.error() < 0) return gnutls_failure(Code::malformed, "cannot make a signing request", step.error());
  made.der = take(out);
  return made;
}

Result<JudgedRequest> judge_signing_request(BytesView der) {
  const auto judged = judge(der);
  if (!judged) return std::unexpected(judged.error());
  return judged->said;
}

struct Authority::Impl {
  Pair pair;
};

Authority::Authority(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

Result<Authority> Authority::load(const std::string& key_file, const std::string& certificates_file) {
  auto key_text = read_secret(key_file);
  if (!key_text) return std::unexpected(key_text.error());
  auto key = import_key(*key_text, key_file);
  gnutls_memset(key_text->data(), 0, key_text->size());
  if (!key) return std::unexpected(key.error());
  const auto text = read_file(certificates_file);
  if (!text) return std::unexpected(text.error());
  auto certificates = import_certificates(*text, certificates_file);
  if (!certificates) return std::unexpected(certificates.error());
  for (auto& certificate : *certificates) {
    const auto identity = identity_in(certificate.get());
    if (!identity || identity->role != Role::authority || !fit(key->get(), certificate.get())) continue;
    const auto info = describe(certificate.get());
    const auto der = certificate_der(certificate.get());
    if (!der) return std::unexpected(der.error());
    Authority made(std::make_unique<Impl>(Impl{{std::move(*key), std::move(certificate)}}));
    made.cluster_ = identity->cluster;
    made.certificate_ = *der;
    made.fingerprint_ = sha256(*der);
    made.validity_ = info.validity;
    return made;
  }
  return fail(Code::unauthenticated, key_file + " is the key of no authority in " + certificates_file);
}

Result<Bytes> Authority::sign(BytesView signing_request, const NodeGrant& grant) const {
  if (auto fine = check(grant); !fine) return std::unexpected(fine.error());
  const auto judged = judge(signing_request);
  if (!judged) return std::unexpected(judged.error());
  if (judged->said.node != grant.node)
    return fail(Code::conflict, "the signing request is for node " + judged->said.node.text());
  const Validity life{grant.validity.from_s, std::min(grant.validity.until_s, validity_.until_s)};
  if (life.until_s <= life.from_s)
    return fail(Code::invalid_state,
                "the cluster's authority ends before the certificate would begin: cert rotate-ca");
  CertificateRequest wanted{{cluster_, Role::node, grant.node, {}},
                            {Purpose::server, Purpose::client},
                            grant.hosts,
                            life,
                            grant.name};
  const auto certificate = tls::sign(impl_->pair, judged->key.get(), wanted);
  if (!certificate) return std::unexpected(certificate.error());
  return certificate_der(certificate->get());
}

}  // namespace nodedb::tls
