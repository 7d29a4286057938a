// SPDX-License-Identifier: Apache-2.0
#include "sim/certificates.h"

#include <algorithm>
#include <utility>

namespace nodedb::sim {

namespace {

constexpr std::int64_t answer_patience_ns = 5 * ns_per_s;
constexpr std::int64_t pause_longest_ns = 60 * ns_per_s;

Bytes bytes_of(const Digest& digest) {
  return {digest.bytes.begin(), digest.bytes.end()};
}

Digest digest_of(BytesView bytes) {
  Digest digest;
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.bytes.size()), digest.bytes.begin());
  return digest;
}

}  // namespace

bool let_each_other_in(const CertificateFiles& a, const CertificateFiles& b) {
  return a.authorities.contains(b.issuer) && b.authorities.contains(a.issuer);
}

void CertificateKeeper::use(const CertificateFiles& files) {
  used_ = files;
}

std::optional<CertificateKeeper::Step> CertificateKeeper::next(std::int64_t now_ns) {
  if (!trust_ || !trust_->current) return std::nullopt;
  if (used_.key && used_.authorities.contains(*used_.key)) signs_by_ = used_.key;
  const bool forgets = forgets_at_stage_ && trust_->find(meta::AuthorityState::staged) != nullptr;
  const std::set<Digest> wanted =
      node::wanted_authorities(*trust_, forgets ? std::set{used_.issuer} : used_.authorities);
  // Who would not be trusted by itself could not start again.
  if (wanted != used_.authorities && wanted.contains(used_.issuer))
    return Step{CertificateFiles{wanted, used_.issuer, used_.key}, {}};
  if (node::wanted_issuer(*trust_, used_.issuer) == nullptr) {
    tried_.clear();
    asked_.reset();
    next_ns_ = 0;
    pause_ns_ = ns_per_s;
    return std::nullopt;
  }
  if (now_ns < next_ns_) return std::nullopt;
  asked_.reset();
  return ask_next(now_ns);
}

std::optional<CertificateKeeper::Step> CertificateKeeper::ask_next(std::int64_t now_ns) {
  if (signs_by_ && tried_.insert(self_).second && node::may_sign(*trust_, *signs_by_)) {
    if (auto step = take(*signs_by_)) return step;
  }
  for (const Uuid& member : trust_->members) {
    if (member == self_ || !connected_.contains(member) || !tried_.insert(member).second) continue;
    asked_ = member;
    next_ns_ = now_ns + answer_patience_ns;
    return Step{{}, wire::Outbound{member, wire::CertificateWanted{"request", {}}}};
  }
  tried_.clear();
  next_ns_ = now_ns + pause_ns_ / 2 + rng_.between(0, pause_ns_ - 1);
  pause_ns_ = std::min(2 * pause_ns_, pause_longest_ns);
  return std::nullopt;
}

std::optional<CertificateKeeper::Step> CertificateKeeper::take(const Digest& issuer) const {
  const meta::Authority* const wanted = node::wanted_issuer(*trust_, used_.issuer);
  if (wanted == nullptr || issuer != wanted->fingerprint || !used_.authorities.contains(issuer))
    return std::nullopt;
  return Step{CertificateFiles{used_.authorities, issuer, used_.key}, {}};
}

std::optional<CertificateKeeper::Step> CertificateKeeper::given(const Uuid& peer,
                                                                const wire::CertificateGiven& given) {
  if (asked_ != peer || !trust_ || !trust_->current) return std::nullopt;
  asked_.reset();
  next_ns_ = 0;  // nobody is waited for: the next one is asked
  return given.certificate ? take(digest_of(*given.certificate)) : std::nullopt;
}

wire::CertificateGiven CertificateKeeper::answer(const Uuid& peer) const {
  if (trust_ && !trust_->members.contains(peer)) return {fail(Code::forbidden, "it is no member")};
  if (!trust_ || !signs_by_) return {fail(Code::not_found, "it does not have the authority's key")};
  if (auto may = node::may_sign(*trust_, *signs_by_); !may) return {std::unexpected(may.error())};
  return {bytes_of(*signs_by_)};
}

std::optional<node::CertificateInUse> CertificateKeeper::news() {
  if (!trust_ || !trust_->current) return std::nullopt;
  const node::CertificateInUse now = node::certificate_in_use(*trust_, used_.issuer, used_.authorities);
  if (told_ == now) return std::nullopt;
  return told_ = now;
}

}  // namespace nodedb::sim
