// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/certificates.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "edge/tls/files.h"
#include "edge/tls/handles.h"
#include "edge/tls/inspect.h"

namespace nodedb::tls {
namespace {

struct Pair {
  KeyHandle key;
  CertificateHandle certificate;
};

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

Result<KeyHandle> new_key() {
  auto key = make_key();
  const int rv = gnutls_x509_privkey_generate(key.get(), GNUTLS_PK_ECDSA,
                                              GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
  if (rv < 0) return gnutls_failure(Code::invalid_state, "cannot make a key", rv);
  return key;
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
  Bytes pem(reinterpret_cast<const char*>(out.data), out.size);
  gnutls_free(out.data);
  return pem;
}

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

/// What every certificate has: version, serial, validity, key, subject and its one URI.
void fill_common(Steps& step, gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const PeerIdentity& identity,
                 Validity validity) {
  std::array<unsigned char, 16> serial{};
  step(gnutls_rnd(GNUTLS_RND_NONCE, serial.data(), serial.size()));
  serial[0] =
      static_cast<unsigned char>((serial[0] & 0x3fU) | 0x40U);  // positive, and never of leading zeros
  step(gnutls_x509_crt_set_version(crt, 3));
  step(gnutls_x509_crt_set_serial(crt, serial.data(), serial.size()));
  step(gnutls_x509_crt_set_activation_time(crt, validity.from_s));
  step(gnutls_x509_crt_set_expiration_time(crt, validity.until_s));
  step(gnutls_x509_crt_set_key(crt, key));
  std::string common_name(name(identity.role));
  if (identity.role == Role::node) common_name += " " + identity.node.text();
  if (!identity.name.empty()) common_name = identity.name;
  if (identity.role == Role::authority) common_name = "ca " + identity.cluster.text();
  step(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, "nodedb-cluster", 14));
  step(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, common_name.data(),
                                     static_cast<unsigned>(common_name.size())));
  const auto text = uri(identity);
  step(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_URI, text.data(),
                                            static_cast<unsigned>(text.size()), GNUTLS_FSAN_SET));
  std::array<unsigned char, 64> id{};
  std::size_t id_size = id.size();
  step(gnutls_x509_crt_get_key_id(crt, 0, id.data(), &id_size));
  step(gnutls_x509_crt_set_subject_key_id(crt, id.data(), id_size));
}

Result<Pair> load_ca(const std::string& directory) {
  auto key_text = read_secret(directory + "/ca.key");
  if (!key_text) return std::unexpected(key_text.error());
  auto text = read_file(directory + "/ca.crt");
  if (!text) return std::unexpected(text.error());
  Pair ca{make_key(), make_certificate()};
  const auto key_datum = datum(*key_text);
  int rv =
      gnutls_x509_privkey_import2(ca.key.get(), &key_datum, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN);
  gnutls_memset(key_text->data(), 0, key_text->size());
  if (rv < 0) return gnutls_failure(Code::malformed, directory + "/ca.key", rv);
  const auto certificate_datum = datum(*text);
  rv = gnutls_x509_crt_import(ca.certificate.get(), &certificate_datum, GNUTLS_X509_FMT_PEM);
  if (rv < 0) return gnutls_failure(Code::malformed, directory + "/ca.crt", rv);
  return ca;
}

Result<void> write_pair(const std::string& directory, const std::string& file_name, const Pair& pair) {
  auto key_text = key_pem(pair.key.get());
  if (!key_text) return std::unexpected(key_text.error());
  auto text = certificate_pem(pair.certificate.get());
  if (!text) return std::unexpected(text.error());
  const auto key_path = directory + "/" + file_name + ".key";
  const auto certificate_path = directory + "/" + file_name + ".crt";
  for (const auto& path : {key_path, certificate_path}) {
    if (read_file(path)) return fail(Code::conflict, path + " exists and is not overwritten");
  }
  if (auto done = write_new_file(key_path, *key_text, secret_mode); !done) return done;
  gnutls_memset(key_text->data(), 0, key_text->size());
  return write_new_file(certificate_path, *text, public_mode);
}

/// Puts the CA's certificate beside the issued one, so that a certificates directory is complete.
Result<void> copy_ca(const std::string& from, const std::string& to) {
  auto wanted = read_file(from + "/ca.crt");
  if (!wanted) return std::unexpected(wanted.error());
  const auto path = to + "/ca.crt";
  const auto present = read_file(path);
  if (!present) return write_new_file(path, *wanted, public_mode);
  if (*present != *wanted) return fail(Code::wrong_cluster, path + " is the certificate of another CA");
  return {};
}

Result<Pair> sign(const Pair& ca, const CertificateRequest& request) {
  auto key = new_key();
  if (!key) return std::unexpected(key.error());
  Pair pair{std::move(*key), make_certificate()};
  Steps step;
  auto* crt = pair.certificate.get();
  fill_common(step, crt, pair.key.get(), request.identity, request.validity);
  for (const auto& host : request.hosts) add_host(step, crt, host);
  step(gnutls_x509_crt_set_basic_constraints(crt, 0, -1));
  step(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE));
  for (const auto purpose : request.purposes) {
    const char* oid = purpose == Purpose::server ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT;
    step(gnutls_x509_crt_set_key_purpose_oid(crt, oid, 0));
  }
  std::array<unsigned char, 64> id{};
  std::size_t id_size = id.size();
  step(gnutls_x509_crt_get_subject_key_id(ca.certificate.get(), id.data(), &id_size, nullptr));
  step(gnutls_x509_crt_set_authority_key_id(crt, id.data(), id_size));
  step(gnutls_x509_crt_sign2(crt, ca.certificate.get(), ca.key.get(), GNUTLS_DIG_SHA256, 0));
  if (step.error() < 0) return gnutls_failure(Code::malformed, "cannot make the certificate", step.error());
  return pair;
}

}  // namespace

Validity valid_for_days(std::int64_t days) {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t now_s = std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
  return {now_s - 3600, now_s + days * seconds_per_day};
}

Result<void> create_ca(const std::string& directory, const Uuid& cluster, Validity validity) {
  if (cluster.is_nil()) return fail(Code::malformed, "the cluster needs a UUID");
  if (auto made = make_directory(directory); !made) return made;
  auto key = new_key();
  if (!key) return std::unexpected(key.error());
  Pair ca{std::move(*key), make_certificate()};
  Steps step;
  auto* crt = ca.certificate.get();
  fill_common(step, crt, ca.key.get(), {cluster, Role::authority, {}, {}}, validity);
  step(gnutls_x509_crt_set_basic_constraints(crt, 1, 0));
  step(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
  step(gnutls_x509_crt_sign2(crt, crt, ca.key.get(), GNUTLS_DIG_SHA256, 0));
  if (step.error() < 0)
    return gnutls_failure(Code::malformed, "cannot make the CA certificate", step.error());
  return write_pair(directory, "ca", ca);
}

Result<void> issue(const std::string& ca_directory, const std::string& out_directory,
                   const std::string& file_name, CertificateRequest request) {
  const auto ca_identity = identity_of(ca_directory + "/ca.crt");
  if (!ca_identity) return std::unexpected(ca_identity.error());
  if (ca_identity->role != Role::authority) {
    return fail(Code::forbidden, ca_directory + "/ca.crt is not a CA's certificate");
  }
  auto ca = load_ca(ca_directory);
  if (!ca) return std::unexpected(ca.error());
  if (request.validity.until_s <= request.validity.from_s) {
    return fail(Code::malformed, "a certificate must end after it begins");
  }
  request.identity.cluster = ca_identity->cluster;
  auto pair = sign(*ca, request);
  if (!pair) return std::unexpected(pair.error());
  if (auto made = make_directory(out_directory); !made) return made;
  if (auto copied = copy_ca(ca_directory, out_directory); !copied) return copied;
  return write_pair(out_directory, file_name, *pair);
}

Result<void> issue_node(const std::string& ca_directory, const std::string& out_directory,
                        const NodeRequest& request) {
  if (request.node.is_nil()) return fail(Code::malformed, "a node needs a UUID");
  return issue(ca_directory, out_directory, "node",
               {{{}, Role::node, request.node, {}},
                {Purpose::server, Purpose::client},
                request.hosts,
                request.validity});
}

Result<void> issue_client(const std::string& ca_directory, const std::string& out_directory,
                          const ClientRequest& request) {
  if (request.role != Role::operator_ && request.role != Role::client) {
    return fail(Code::malformed, "a client certificate's role is operator or client");
  }
  if (!valid_name(request.name)) {
    return fail(Code::malformed, "a name is 1 to 64 letters, digits, '.', '_' or '-'");
  }
  return issue(ca_directory, out_directory, "client",
               {{{}, request.role, {}, request.name}, {Purpose::client}, {}, request.validity});
}

Result<CertificateInfo> show(const std::string& file) {
  auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  auto certificate = make_certificate();
  const auto bytes = datum(*text);
  const int rv = gnutls_x509_crt_import(certificate.get(), &bytes, GNUTLS_X509_FMT_PEM);
  if (rv < 0) return gnutls_failure(Code::malformed, file + " is not a PEM certificate", rv);
  return describe(certificate.get());
}

Result<PeerIdentity> identity_of(const std::string& file) {
  auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  auto certificate = make_certificate();
  const auto bytes = datum(*text);
  const int rv = gnutls_x509_crt_import(certificate.get(), &bytes, GNUTLS_X509_FMT_PEM);
  if (rv < 0) return gnutls_failure(Code::malformed, file + " is not a PEM certificate", rv);
  auto identity = identity_in(certificate.get());
  if (!identity) return fail(identity.error().code, file + ": " + identity.error().detail);
  return identity;
}

}  // namespace nodedb::tls
