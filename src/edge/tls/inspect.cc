// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/inspect.h"

#include <arpa/inet.h>

#include <array>
#include <optional>

namespace nodedb::tls {
namespace {

constexpr std::size_t name_bytes_max = 1024;

struct AlternativeName {
  unsigned type = 0;
  Bytes bytes;
};

/// The n-th alternative name; nothing after the last. An overlong one comes as an empty name of its type.
std::optional<AlternativeName> alternative_name(gnutls_x509_crt_t certificate, unsigned n) {
  AlternativeName found;
  found.bytes.resize(name_bytes_max);
  std::size_t size = found.bytes.size();
  const int rv =
      gnutls_x509_crt_get_subject_alt_name2(certificate, n, found.bytes.data(), &size, &found.type, nullptr);
  if (rv == GNUTLS_E_SHORT_MEMORY_BUFFER) {
    found.bytes.clear();
    return found;
  }
  if (rv < 0) return std::nullopt;
  found.bytes.resize(size);
  return found;
}

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::string distinguished_name(gnutls_datum_t& name, int result) {
  if (result < 0) return {};
  std::string text(reinterpret_cast<const char*>(name.data), name.size);
  gnutls_free(name.data);
  return text;
}

std::string address_text(const Bytes& bytes) {
  char text[INET6_ADDRSTRLEN] = {};
  const int family = bytes.size() == 16 ? AF_INET6 : AF_INET;
  if (bytes.size() != 4 && bytes.size() != 16) return "?";
  return inet_ntop(family, bytes.data(), text, sizeof text) != nullptr ? text : "?";
}

void describe_names(gnutls_x509_crt_t certificate, CertificateInfo& info) {
  for (unsigned n = 0; auto name = alternative_name(certificate, n); ++n) {
    if (name->type == GNUTLS_SAN_URI && info.uri.empty()) info.uri = name->bytes;
    if (name->type == GNUTLS_SAN_DNSNAME) info.hosts.push_back(name->bytes);
    if (name->type == GNUTLS_SAN_IPADDRESS) info.hosts.push_back(address_text(name->bytes));
  }
}

void describe_purposes(gnutls_x509_crt_t certificate, CertificateInfo& info) {
  for (unsigned n = 0;; ++n) {
    char oid[128] = {};
    std::size_t size = sizeof oid;
    if (gnutls_x509_crt_get_key_purpose_oid(certificate, n, oid, &size, nullptr) < 0) return;
    if (std::string_view(oid) == GNUTLS_KP_TLS_WWW_SERVER) info.purposes.push_back(Purpose::server);
    if (std::string_view(oid) == GNUTLS_KP_TLS_WWW_CLIENT) info.purposes.push_back(Purpose::client);
  }
}

}  // namespace

Result<PeerIdentity> identity_in(gnutls_x509_crt_t certificate) {
  std::optional<Bytes> uri;
  for (unsigned n = 0; auto name = alternative_name(certificate, n); ++n) {
    if (name->type != GNUTLS_SAN_URI) continue;
    if (uri) return fail(Code::malformed, "the certificate has more than one URI");
    uri = std::move(name->bytes);
  }
  if (!uri) return fail(Code::malformed, "the certificate has no nodedb:// URI");
  return parse_identity(*uri);
}

CertificateInfo describe(gnutls_x509_crt_t certificate) {
  CertificateInfo info;
  gnutls_datum_t name{};
  info.subject = distinguished_name(name, gnutls_x509_crt_get_dn3(certificate, &name, 0));
  info.issuer = distinguished_name(name, gnutls_x509_crt_get_issuer_dn3(certificate, &name, 0));
  std::array<unsigned char, 64> buffer{};
  std::size_t size = buffer.size();
  if (gnutls_x509_crt_get_serial(certificate, buffer.data(), &size) == 0)
    info.serial = hexadecimal(buffer.data(), size);
  size = buffer.size();
  if (gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, buffer.data(), &size) == 0) {
    info.fingerprint = hexadecimal(buffer.data(), size);
  }
  info.validity = {gnutls_x509_crt_get_activation_time(certificate),
                   gnutls_x509_crt_get_expiration_time(certificate)};
  info.authority = gnutls_x509_crt_get_ca_status(certificate, nullptr) > 0;
  describe_names(certificate, info);
  describe_purposes(certificate, info);
  return info;
}

}  // namespace nodedb::tls
