// SPDX-License-Identifier: Apache-2.0
#include "app/certificate_renewal.h"

#include <algorithm>
#include <span>

#include "edge/base/log.h"
#include "edge/disk/files.h"
#include "edge/tls/credentials.h"
#include "edge/tls/expiry.h"
#include "edge/tls/files.h"
#include "wire/join_codec.h"

namespace nodedb::app {

namespace {

constexpr std::int64_t answer_patience_ns = 5 * ns_per_s;
constexpr std::int64_t pause_first_ns = 1 * ns_per_s;
constexpr std::int64_t pause_longest_ns = 60 * ns_per_s;
constexpr std::int64_t tell_again_ns = 600 * ns_per_s;

}  // namespace

CertificateRenewal::CertificateRenewal(std::string directory, quic::Transport& transport,
                                       const Signer& signer, Rng luck)
    : directory_(std::move(directory)),
      transport_(transport),
      signer_(signer),
      rng_(luck),
      luck_(rng_.next()),
      pause_ns_(pause_first_ns),
      told_ns_(long_ago.ns) {}

bool CertificateRenewal::due(const node::Trust& trust, std::int64_t now_s) {
  return node::wanted_issuer(trust, transport_.credentials().issuer()) != nullptr ||
         now_s >= tls::renew_at_s(transport_.credentials().own().validity, luck_);
}

bool CertificateRenewal::tend(const node::Trust& trust, std::int64_t now_ns, std::int64_t now_s) {
  if (!due(trust, now_s)) {
    tried_.clear();
    asked_.reset();
    next_ns_ = 0;
    pause_ns_ = pause_first_ns;
    return false;
  }
  if (now_ns < next_ns_) return false;
  if (asked_) last_refusal_ = "node " + asked_->text() + " does not answer";
  asked_.reset();
  return ask_next(trust, now_ns);
}

/// Ourselves first: a node that has the key needs nobody.
bool CertificateRenewal::ask_next(const node::Trust& trust, std::int64_t now_ns) {
  const Uuid self = transport_.self().node;
  auto wanted = request();
  if (!wanted) {
    last_refusal_ = wanted.error().detail;
    give_up_for_now(now_ns);
    return false;
  }
  if (signer_.authority() != nullptr && tried_.insert(self).second) {
    const auto made = signer_.sign(trust, wanted->signing_request, {self, {}, wanted->hosts, {}});
    if (taken(trust, made, "this node itself")) return true;
  }
  for (const Uuid& member : trust.members) {
    if (member == self || !transport_.connected(member) || !tried_.insert(member).second) continue;
    if (!transport_.send(member, *wanted)) continue;
    asked_ = member;
    next_ns_ = now_ns + answer_patience_ns;
    return false;
  }
  give_up_for_now(now_ns);
  return false;
}

void CertificateRenewal::give_up_for_now(std::int64_t now_ns) {
  tried_.clear();
  next_ns_ =
      now_ns + pause_ns_ / 2 + static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(pause_ns_)));
  pause_ns_ = std::min(2 * pause_ns_, pause_longest_ns);
  if (now_ns - told_ns_ < tell_again_ns) return;
  told_ns_ = now_ns;
  log::warn("nobody has renewed this node's certificate; it is asked for again and again",
            {{"latest", last_refusal_}, {"valid_until_s", transport_.credentials().own().validity.until_s}});
}

bool CertificateRenewal::given(const node::Trust& trust, const Uuid& peer,
                               const wire::CertificateGiven& given, std::int64_t now_ns) {
  if (asked_ != peer) return false;  // too late, or never asked
  asked_.reset();
  next_ns_ = now_ns;
  if (taken(trust, given.certificate, "node " + peer.text())) return true;
  return ask_next(trust, now_ns);
}

bool CertificateRenewal::taken(const node::Trust& trust, const Result<Bytes>& certificate,
                               const std::string& from) {
  auto done = certificate ? take(trust, *certificate) : std::unexpected(certificate.error());
  if (!done) {
    last_refusal_ = from + ": " + done.error().detail;
    return false;
  }
  log::info("this node has a new certificate", {{"from", from}});
  luck_ = rng_.next();
  return true;
}

Result<wire::CertificateWanted> CertificateRenewal::request() const {
  const auto key = tls::read_secret(directory_ + "/node.key");
  if (!key) return std::unexpected(key.error());
  auto made = tls::make_signing_request(*key, transport_.self().node);
  if (!made) return std::unexpected(made.error());
  const auto now = tls::show(directory_ + "/node.crt");
  if (!now) return std::unexpected(now.error());
  std::vector<std::string> hosts = now->hosts;
  hosts.resize(std::min(hosts.size(), wire::join_hosts_max));
  return wire::CertificateWanted{std::move(made->der), std::move(hosts)};
}

/// Nothing is kept that would not be accepted at the next start, or that is no step forward.
Result<void> CertificateRenewal::take(const node::Trust& trust, const Bytes& certificate) {
  const tls::Credentials& used = transport_.credentials();
  const auto text = tls::pem_of(std::span(&certificate, 1));
  if (!text) return std::unexpected(text.error());
  const auto authorities = tls::read_file(directory_ + "/ca.crt");
  if (!authorities) return std::unexpected(authorities.error());
  const auto key = tls::read_secret(directory_ + "/node.key");
  if (!key) return std::unexpected(key.error());
  const auto next = tls::Credentials::make({*authorities, *text, *key}, tls::Holder::node, directory_);
  if (!next) return std::unexpected(next.error());
  if (auto fine = used.accepts(*next); !fine) return fine;
  if (const auto* issuer = node::wanted_issuer(trust, used.issuer())) {
    if (next->issuer() != issuer->fingerprint)
      return fail(Code::invalid_state, "it is not of the new authority");
  } else if (next->own().validity.until_s <= used.own().validity.until_s) {
    return fail(Code::invalid_state, "it ends no later than the one there is");
  }
  return edge::write_file_durably(directory_, "node.crt", *text);
}

}  // namespace nodedb::app
