// SPDX-License-Identifier: Apache-2.0
#include "app/authorities_file.h"

#include <algorithm>
#include <map>
#include <span>

#include "edge/disk/files.h"
#include "edge/tls/certificates.h"
#include "edge/tls/digest.h"
#include "edge/tls/files.h"

namespace nodedb::app {

namespace {

/// The certificates themselves.
std::vector<Bytes> ders_of(const std::set<Digest>& wanted, const tls::Credentials& used,
                           const node::Trust& trust) {
  std::map<Digest, Bytes> ders;
  for (const tls::CertificateFacts& one : used.authorities()) ders.emplace(one.fingerprint, one.der);
  for (const meta::Authority& one : trust.authorities) ders.emplace(one.fingerprint, one.certificate);
  std::vector<Bytes> texts;
  for (const Digest& fingerprint : wanted) texts.push_back(ders.at(fingerprint));
  return texts;
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

std::set<Digest> trusted_by(const tls::Credentials& used) {
  std::set<Digest> trusted;
  for (const tls::CertificateFacts& one : used.authorities()) trusted.insert(one.fingerprint);
  return trusted;
}

Result<bool> keep_authorities(const std::string& directory, const tls::Credentials& used,
                              const node::Trust& trust) {
  const std::set<Digest> now = trusted_by(used);
  const std::set<Digest> fingerprints = node::wanted_authorities(trust, now);
  if (fingerprints == now) return false;
  for (const meta::Authority& one : trust.authorities)
    if (auto fine = check_authority(one.certificate, one.fingerprint, used.self().cluster); !fine)
      return std::unexpected(fine.error());
  const std::vector<Bytes> wanted = ders_of(fingerprints, used, trust);
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
