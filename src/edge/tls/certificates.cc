// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/certificates.h"

#include <gnutls/crypto.h>

#include <chrono>

#include "edge/tls/files.h"
#include "edge/tls/handles.h"
#include "edge/tls/inspect.h"
#include "edge/tls/make.h"

namespace nodedb::tls {
namespace {

Result<Pair> load_ca(const std::string& directory) {
  auto key_text = read_secret(directory + "/ca.key");
  if (!key_text) return std::unexpected(key_text.error());
  auto text = read_file(directory + "/ca.crt");
  if (!text) return std::unexpected(text.error());
  auto key = import_key(*key_text, directory + "/ca.key");
  gnutls_memset(key_text->data(), 0, key_text->size());
  if (!key) return std::unexpected(key.error());
  auto certificates = import_certificates(*text, directory + "/ca.crt");
  if (!certificates) return std::unexpected(certificates.error());
  return Pair{std::move(*key), std::move(certificates->front())};
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
  auto certificate = sign_self(key->get(), cluster, validity);
  if (!certificate) return std::unexpected(certificate.error());
  return write_pair(directory, "ca", {std::move(*key), std::move(*certificate)});
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
  auto key = new_key();
  if (!key) return std::unexpected(key.error());
  auto half = public_key_of(key->get());
  if (!half) return std::unexpected(half.error());
  auto certificate = sign(*ca, half->get(), request);
  if (!certificate) return std::unexpected(certificate.error());
  if (auto made = make_directory(out_directory); !made) return made;
  if (auto copied = copy_ca(ca_directory, out_directory); !copied) return copied;
  return write_pair(out_directory, file_name, {std::move(*key), std::move(*certificate)});
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

Result<Bytes> pem_of(std::span<const Bytes> certificates) {
  Bytes text;
  for (const auto& der : certificates) {
    const auto certificate = import_der(der, "a certificate");
    if (!certificate) return std::unexpected(certificate.error());
    auto pem = certificate_pem(certificate->get());
    if (!pem) return pem;
    text += *pem;
  }
  return text;
}

Result<std::vector<Bytes>> ders_of(BytesView pem, const std::string& what) {
  const auto certificates = import_certificates(pem, what);
  if (!certificates) return std::unexpected(certificates.error());
  std::vector<Bytes> ders;
  for (const auto& certificate : *certificates) {
    auto der = certificate_der(certificate.get());
    if (!der) return std::unexpected(der.error());
    ders.push_back(std::move(*der));
  }
  return ders;
}

Result<PeerIdentity> identity_of_der(BytesView certificate) {
  const auto imported = import_der(certificate, "not a certificate");
  if (!imported) return std::unexpected(imported.error());
  return identity_in(imported->get());
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
