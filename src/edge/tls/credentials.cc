// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/credentials.h"

#include "edge/tls/files.h"
#include "edge/tls/handles.h"
#include "edge/tls/inspect.h"
#include "edge/tls/make.h"
#include "edge/tls/trust.h"

namespace nodedb::tls {
namespace {

const char* base_name(Holder holder) {
  return holder == Holder::node ? "/node" : "/client";
}

bool role_fits(Holder holder, Role role) {
  return holder == Holder::node ? role == Role::node : role == Role::operator_ || role == Role::client;
}

/// Each is a CA's, and of the cluster.
Result<void> check_authorities(std::span<const CertificateHandle> authorities, const Uuid& cluster) {
  for (const auto& authority : authorities) {
    const auto identity = identity_in(authority.get());
    if (!identity) return fail(identity.error().code, "its authority: " + identity.error().detail);
    if (identity->role != Role::authority)
      return fail(Code::malformed, "its authority does not carry a CA's URI");
    if (identity->cluster != cluster)
      return fail(Code::wrong_cluster, "it and an authority belong to different clusters");
  }
  return {};
}

Result<Digest> issuer_of(gnutls_x509_crt_t certificate, std::span<const CertificateHandle> authorities) {
  for (std::size_t i = 0; i < authorities.size(); ++i) {
    const auto alone = trust_in(authorities.subspan(i, 1));
    if (!alone) return std::unexpected(alone.error());
    if (!check_signed(alone->get(), certificate, nullptr)) continue;
    const auto facts = facts_of(authorities[i].get());
    if (!facts) return std::unexpected(facts.error());
    return facts->fingerprint;
  }
  return fail(Code::unauthenticated, "signed by no authority");
}

/// What stands in our own certificate, and who stands behind it.
struct JudgedFiles {
  TrustListHandle trusted;
  PeerIdentity self;
  CertificateFacts own;
  std::vector<CertificateFacts> authorities;
  Digest issuer;
};

/// Better refused here than by every peer.
Result<JudgedFiles> judge_own(gnutls_x509_crt_t own, std::span<const CertificateHandle> authorities) {
  JudgedFiles judged;
  auto trusted = trust_in(authorities);
  if (!trusted) return std::unexpected(trusted.error());
  if (auto fine = check_signed(trusted->get(), own, nullptr); !fine) return std::unexpected(fine.error());
  auto self = identity_in(own);
  if (!self) return std::unexpected(self.error());
  if (auto fine = check_authorities(authorities, self->cluster); !fine) return std::unexpected(fine.error());
  for (const auto& authority : authorities) {
    const auto facts = facts_of(authority.get());
    if (!facts) return std::unexpected(facts.error());
    judged.authorities.push_back(*facts);
  }
  const auto issuer = issuer_of(own, authorities);
  if (!issuer) return std::unexpected(issuer.error());
  const auto facts = facts_of(own);
  if (!facts) return std::unexpected(facts.error());
  judged.trusted = std::move(*trusted);
  judged.self = std::move(*self);
  judged.own = *facts;
  judged.issuer = *issuer;
  return judged;
}

Result<CredentialsHandle> new_handle() {
  gnutls_certificate_credentials_t raw = nullptr;
  if (gnutls_certificate_allocate_credentials(&raw) < 0) return fail(Code::invalid_state, "out of memory");
  return CredentialsHandle(raw);
}

/// What GnuTLS needs of it; `chain` begins with our own certificate.
Result<CredentialsHandle> handle_for(std::span<const gnutls_x509_crt_t> chain, gnutls_x509_privkey_t key,
                                     std::span<const CertificateHandle> authorities) {
  auto handle = new_handle();
  if (!handle) return handle;
  std::vector<gnutls_x509_crt_t> trusted;
  for (const auto& authority : authorities) trusted.push_back(authority.get());
  int rv = gnutls_certificate_set_x509_trust(handle->get(), trusted.data(), static_cast<int>(trusted.size()));
  if (rv < 0) return gnutls_failure(Code::malformed, "the authorities", rv);
  std::vector<gnutls_x509_crt_t> shown(chain.begin(), chain.end());
  rv = gnutls_certificate_set_x509_key(handle->get(), shown.data(), static_cast<int>(shown.size()), key);
  if (rv < 0) return gnutls_failure(Code::unauthenticated, "the key does not fit", rv);
  return handle;
}

}  // namespace

struct Credentials::Impl {
  CredentialsHandle handle;
  CredentialsHandle door;   ///< null for newcomers
  TrustListHandle trusted;  ///< null for newcomers
  Digest pinned;            ///< newcomers only
};

Credentials::Credentials(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Credentials::Credentials(Credentials&&) noexcept = default;
Credentials& Credentials::operator=(Credentials&&) noexcept = default;
Credentials::~Credentials() = default;

gnutls_certificate_credentials_st* Credentials::handle() const {
  return impl_->handle.get();
}

gnutls_certificate_credentials_st* Credentials::door_handle() const {
  return impl_->door.get();
}

Result<Credentials> Credentials::load(const std::string& directory, Holder holder,
                                      std::span<const Bytes> authorities) {
  const std::string base = directory + base_name(holder);
  auto trusted = authorities.empty() ? read_file(directory + "/ca.crt") : pem_of(authorities);
  if (!trusted) return std::unexpected(trusted.error());
  auto certificate = read_file(base + ".crt");
  if (!certificate) return std::unexpected(certificate.error());
  auto key = read_secret(base + ".key");
  if (!key) return std::unexpected(key.error());
  CredentialTexts texts{std::move(*trusted), std::move(*certificate), std::move(*key)};
  auto made = make(texts, holder, directory);
  gnutls_memset(texts.key.data(), 0, texts.key.size());
  return made;
}

Result<Credentials> Credentials::make(const CredentialTexts& texts, Holder holder,
                                      const std::string& directory) {
  const std::string base = directory + base_name(holder);
  const auto authorities = import_certificates(texts.authorities, directory + "/ca.crt");
  if (!authorities) return std::unexpected(authorities.error());
  const auto chain = import_certificates(texts.certificate, base + ".crt");
  if (!chain) return std::unexpected(chain.error());
  const auto key = import_key(texts.key, base + ".key");
  if (!key) return std::unexpected(key.error());
  gnutls_x509_crt_t own = chain->front().get();

  auto judged = judge_own(own, *authorities);
  if (!judged) return fail(judged.error().code, base + ".crt: " + judged.error().detail);
  if (!role_fits(holder, judged->self.role))
    return fail(Code::forbidden, base + ".crt has the role " + std::string(name(judged->self.role)));
  Credentials made(std::make_unique<Impl>());
  made.impl_->trusted = std::move(judged->trusted);
  made.self_ = std::move(judged->self);
  made.own_ = judged->own;
  made.authorities_ = std::move(judged->authorities);
  made.issuer_ = judged->issuer;

  std::vector<gnutls_x509_crt_t> shown{own};
  for (std::size_t i = 0; i < authorities->size() && shown.size() == 1; ++i)
    if (made.authorities_[i].fingerprint == made.issuer_) shown.push_back((*authorities)[i].get());
  for (auto [handle, count] : {std::pair{&made.impl_->handle, 1}, {&made.impl_->door, 2}}) {
    auto filled =
        handle_for(std::span(shown).first(static_cast<std::size_t>(count)), key->get(), *authorities);
    if (!filled)
      return fail(filled.error().code, base + ".key and " + base + ".crt: " + filled.error().detail);
    *handle = std::move(*filled);
  }
  return made;
}

Result<Credentials> Credentials::newcomer(const Digest& authority) {
  auto handle = new_handle();
  if (!handle) return std::unexpected(handle.error());
  Credentials made(std::make_unique<Impl>());
  made.impl_->handle = std::move(*handle);
  made.impl_->pinned = authority;
  return made;
}

Result<void> Credentials::accepts(const Credentials& next) const {
  if (next.self_.cluster != self_.cluster)
    return fail(Code::wrong_cluster, "the new certificate is of cluster " + next.self_.cluster.text());
  if (next.self_ != self_)
    return fail(Code::conflict, "the new certificate is " + uri(next.self_) + ", not " + uri(self_));
  return {};
}

Result<PeerIdentity> Credentials::verify_peer(gnutls_session_int* session, PeerSide peer) const {
  const char* purpose = peer == PeerSide::client ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER;
  const auto chain = chain_of(session);
  if (!chain) return std::unexpected(chain.error());
  auto* leaf = chain->front().get();
  if (impl_->trusted) {
    if (auto fine = check_signed(impl_->trusted.get(), leaf, purpose); !fine)
      return std::unexpected(fine.error());
    return identity_in(leaf);
  }
  for (std::size_t i = 1; i < chain->size(); ++i) {
    const std::span<const CertificateHandle> shown(&(*chain)[i], 1);
    const auto facts = facts_of(shown.front().get());
    if (!facts || facts->fingerprint != impl_->pinned) continue;
    const auto alone = trust_in(shown);
    if (!alone) return std::unexpected(alone.error());
    if (auto fine = check_signed(alone->get(), leaf, purpose); !fine) return std::unexpected(fine.error());
    auto identity = identity_in(leaf);
    if (!identity) return identity;
    if (auto fine = check_authorities(shown, identity->cluster); !fine) return std::unexpected(fine.error());
    return identity;
  }
  return fail(Code::unauthenticated, "it shows no authority with the fingerprint that the token pins");
}

}  // namespace nodedb::tls
