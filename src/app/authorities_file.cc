// SPDX-License-Identifier: Apache-2.0
#include "app/authorities_file.h"

#include <algorithm>
#include <span>

#include "edge/disk/files.h"
#include "edge/tls/certificates.h"
#include "edge/tls/digest.h"
#include "edge/tls/files.h"

namespace nodedb::app {

namespace {

std::vector<Bytes> wanted_authorities(const tls::Credentials& used, const node::Trust& trust) {
  std::vector<Bytes> wanted;
  const auto add = [&](const Bytes& der) {
    if (std::ranges::find(wanted, der) == wanted.end()) wanted.push_back(der);
  };
  if (const auto* sole = trust.find(meta::AuthorityState::sole))
    add(sole->certificate);
  else
    for (const tls::CertificateFacts& one : used.authorities()) add(one.der);
  for (const meta::Authority& one : trust.authorities) add(one.certificate);
  return wanted;
}

bool same(const std::vector<Bytes>& wanted, const std::vector<tls::CertificateFacts>& used) {
  return wanted.size() == used.size() && std::ranges::all_of(used, [&](const tls::CertificateFacts& one) {
           return std::ranges::find(wanted, one.der) != wanted.end();
         });
}

}  // namespace

Result<void> check_authority(BytesView certificate, const Digest& fingerprint, const Uuid& cluster) {
  const auto identity = tls::identity_of_der(certificate);
  if (!identity) return std::unexpected(identity.error());
  if (identity->role != tls::Role::authority)
    return fail(Code::malformed, "it is no authority's certificate, but " + tls::uri(*identity));
  if (identity->cluster != cluster)
    return fail(Code::wrong_cluster, "the authority is of cluster " + identity->cluster.text() + ", not of " +
                                         cluster.text() + ": make one by cert ca --cluster " +
                                         cluster.text());
  if (tls::sha256(certificate) != fingerprint)
    return fail(Code::malformed, "the authority's fingerprint is another");
  return {};
}

Result<bool> keep_authorities(const std::string& directory, const tls::Credentials& used,
                              const node::Trust& trust) {
  if (trust.authorities.empty()) return false;
  const std::vector<Bytes> wanted = wanted_authorities(used, trust);
  if (same(wanted, used.authorities())) return false;
  for (const meta::Authority& one : trust.authorities)
    if (auto fine = check_authority(one.certificate, one.fingerprint, used.self().cluster); !fine)
      return std::unexpected(fine.error());
  const auto text = tls::pem_of(wanted);
  if (!text) return std::unexpected(text.error());
  if (auto fits = tls::Credentials::load(directory, tls::Holder::node, wanted); !fits)
    return std::unexpected(fits.error());
  if (auto written = edge::write_file_durably(directory, "ca.crt", *text); !written)
    return std::unexpected(written.error());
  return true;
}

Result<void> add_authority(const std::string& directory, BytesView certificate) {
  const auto text = tls::read_file(directory + "/ca.crt");
  if (!text) return std::unexpected(text.error());
  auto known = tls::ders_of(*text, directory + "/ca.crt");
  if (!known) return std::unexpected(known.error());
  if (std::ranges::find(*known, certificate) != known->end()) return {};
  const Bytes added(certificate);
  const auto more = tls::pem_of(std::span(&added, 1));
  if (!more) return std::unexpected(more.error());
  return edge::write_file_durably(directory, "ca.crt", *text + *more);
}

}  // namespace nodedb::app
