// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/credentials.h"

#include "edge/tls/files.h"
#include "edge/tls/handles.h"
#include "edge/tls/inspect.h"

namespace nodedb::tls {
namespace {

std::string verification_text(unsigned status) {
  gnutls_datum_t out{};
  if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &out, 0) < 0)
    return "not trusted";
  std::string text(reinterpret_cast<const char*>(out.data), out.size);
  gnutls_free(out.data);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

Result<CertificateHandle> import_certificate(const std::string& path, BytesView pem) {
  auto certificate = make_certificate();
  const auto bytes = datum(pem);
  const int rv = gnutls_x509_crt_import(certificate.get(), &bytes, GNUTLS_X509_FMT_PEM);
  if (rv < 0) return gnutls_failure(Code::malformed, path + " is not a PEM certificate", rv);
  return certificate;
}

/// Our own certificate must stand before our own CA: better refused at start than by every peer.
Result<PeerIdentity> check_own(const std::string& path, gnutls_x509_crt_t own, gnutls_x509_crt_t ca) {
  unsigned status = 0;
  const int rv = gnutls_x509_crt_verify(own, &ca, 1, 0, &status);
  if (rv < 0) return gnutls_failure(Code::unauthenticated, path, rv);
  if (status != 0) return fail(Code::unauthenticated, path + ": " + verification_text(status));
  auto identity = identity_in(own);
  if (!identity) return fail(identity.error().code, path + ": " + identity.error().detail);
  const auto authority = identity_in(ca);
  if (!authority) return fail(authority.error().code, "ca.crt: " + authority.error().detail);
  if (authority->role != Role::authority) return fail(Code::malformed, "ca.crt does not carry a CA's URI");
  if (authority->cluster != identity->cluster) {
    return fail(Code::wrong_cluster, path + " and ca.crt belong to different clusters");
  }
  return identity;
}

bool role_fits(Holder holder, Role role) {
  return holder == Holder::node ? role == Role::node : role == Role::operator_ || role == Role::client;
}

}  // namespace

struct Credentials::Impl {
  CredentialsHandle handle;
};

Credentials::Credentials(std::unique_ptr<Impl> impl, PeerIdentity self)
    : impl_(std::move(impl)), self_(std::move(self)) {}
Credentials::Credentials(Credentials&&) noexcept = default;
Credentials& Credentials::operator=(Credentials&&) noexcept = default;
Credentials::~Credentials() = default;

gnutls_certificate_credentials_st* Credentials::handle() const {
  return impl_->handle.get();
}

Result<Credentials> Credentials::load(const std::string& directory, Holder holder) {
  const std::string base = directory + (holder == Holder::node ? "/node" : "/client");
  auto ca_text = read_file(directory + "/ca.crt");
  if (!ca_text) return std::unexpected(ca_text.error());
  auto text = read_file(base + ".crt");
  if (!text) return std::unexpected(text.error());
  auto key_text = read_secret(base + ".key");
  if (!key_text) return std::unexpected(key_text.error());
  auto ca = import_certificate(directory + "/ca.crt", *ca_text);
  if (!ca) return std::unexpected(ca.error());
  auto own = import_certificate(base + ".crt", *text);
  if (!own) return std::unexpected(own.error());
  auto self = check_own(base + ".crt", own->get(), ca->get());
  if (!self) return std::unexpected(self.error());
  if (!role_fits(holder, self->role)) {
    return fail(Code::forbidden, base + ".crt has the role " + std::string(name(self->role)));
  }
  gnutls_certificate_credentials_t raw = nullptr;
  if (gnutls_certificate_allocate_credentials(&raw) < 0) return fail(Code::invalid_state, "out of memory");
  auto impl = std::make_unique<Impl>(Impl{CredentialsHandle(raw)});
  gnutls_x509_crt_t trusted = ca->get();
  int rv = gnutls_certificate_set_x509_trust(raw, &trusted, 1);
  if (rv < 0) return gnutls_failure(Code::malformed, directory + "/ca.crt", rv);
  const auto certificate_datum = datum(*text);
  const auto key_datum = datum(*key_text);
  rv = gnutls_certificate_set_x509_key_mem2(raw, &certificate_datum, &key_datum, GNUTLS_X509_FMT_PEM, nullptr,
                                            0);
  gnutls_memset(key_text->data(), 0, key_text->size());
  if (rv < 0) return gnutls_failure(Code::unauthenticated, base + ".key does not fit " + base + ".crt", rv);
  return Credentials(std::move(impl), std::move(*self));
}

Result<PeerIdentity> verify_peer(gnutls_session_int* session, PeerSide peer) {
  const char* purpose = peer == PeerSide::client ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER;
  gnutls_typed_vdata_st wanted{};
  wanted.type = GNUTLS_DT_KEY_PURPOSE_OID;
  wanted.data = datum(purpose).data;
  unsigned status = 0;
  const int rv = gnutls_certificate_verify_peers(session, &wanted, 1, &status);
  if (rv == GNUTLS_E_NO_CERTIFICATE_FOUND) return fail(Code::unauthenticated, "the peer sent no certificate");
  if (rv < 0) return gnutls_failure(Code::unauthenticated, "the peer's certificate", rv);
  if (status != 0) return fail(Code::unauthenticated, verification_text(status));
  unsigned count = 0;
  const gnutls_datum_t* chain = gnutls_certificate_get_peers(session, &count);
  if (chain == nullptr || count == 0) return fail(Code::unauthenticated, "the peer sent no certificate");
  auto leaf = make_certificate();
  if (gnutls_x509_crt_import(leaf.get(), &chain[0], GNUTLS_X509_FMT_DER) < 0) {
    return fail(Code::malformed, "the peer's certificate cannot be read");
  }
  return identity_in(leaf.get());
}

}  // namespace nodedb::tls
