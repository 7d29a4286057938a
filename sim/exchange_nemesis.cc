// SPDX-License-Identifier: Apache-2.0
#include "sim/exchange_nemesis.h"

#include <algorithm>
#include <utility>

namespace nodedb::sim {

Digest authority_numbered(std::uint64_t number) {
  Digest digest;
  digest.bytes.front() = static_cast<std::uint8_t>(number + 1);
  digest.bytes.back() = 1;
  return digest;
}

ExchangeNemesis::ExchangeNemesis(const Climate& climate, Schedule& schedule, MembershipNemesis::Power& power,
                                 Oracle& oracle, Rng rng)
    : climate_(climate),
      schedule_(schedule),
      power_(power),
      oracle_(oracle),
      rng_(rng),
      keys_come_(rng_.chance(0.8)),
      equipped_(climate.machines()) {
  for (std::size_t node = 0; node < climate.machines(); ++node)
    signs_.push_back(node == 0 || rng_.chance(0.4));
}

void ExchangeNemesis::equip(std::size_t node) {
  if (equipped_[node]) return;
  equipped_[node] = true;
  power_.host(node).give_certificates(files_for(node));
}

/// As whoever signs would make them: by a member that is up.
CertificateFiles ExchangeNemesis::files_for(std::size_t node) {
  CertificateFiles files{{authority_numbered(0)}, authority_numbered(0), {}};
  const auto member = anybody();
  if (member && *member != node && power_.host(*member).trust()) {
    const node::Trust& trust = *power_.host(*member).trust();
    files = power_.host(*member).certificates();
    const auto may = std::ranges::find_if(
        files.authorities, [&](const Digest& one) { return node::may_sign(trust, one).has_value(); });
    if (may != files.authorities.end()) files.issuer = *may;
  }
  files.key = signs_[node] ? std::optional(files.issuer) : std::nullopt;
  return files;
}

std::optional<std::size_t> ExchangeNemesis::anybody() {
  std::vector<std::size_t> up;
  for (std::size_t node = 0; node < climate_.machines(); ++node) {
    const node::Node* core = power_.host(node).core();
    if (core != nullptr && core->initialised() && !power_.gone(node)) up.push_back(node);
  }
  return up.empty() ? std::nullopt : std::optional(up[rng_.below(up.size())]);
}

std::optional<Digest> ExchangeNemesis::staged() {
  const auto member = anybody();
  if (!member || !power_.host(*member).trust()) return std::nullopt;
  const auto* one = power_.host(*member).trust()->find(meta::AuthorityState::staged);
  return one == nullptr ? std::nullopt : std::optional(one->fingerprint);
}

void ExchangeNemesis::ask(meta::MetaEntry entry) {
  if (const auto member = anybody())
    power_.host(*member).happened(
        node::Administer{exchange_tag, "operator of authorities", std::move(entry)});
}

// --- trouble ---

void ExchangeNemesis::start() {
  next();
}

void ExchangeNemesis::next() {
  schedule_.after(lasting(), [this] {
    if (stopped_) return;
    strike();
    next();
  });
}

void ExchangeNemesis::strike() {
  schedule_.mark(name(Fault::authority));
  const auto now = staged();
  switch (rng_.below(8)) {
    case 0:
      return now ? stage(*now) : stage(authority_numbered(++last_authority_));
    case 1:
      if (now && rng_.chance(0.5)) return;
      return stage(authority_numbered(++last_authority_));
    case 2:
    case 3:
      for (std::size_t node = 0; node < climate_.machines() && now; ++node)
        if (signs_[node] && rng_.chance(0.6)) put_key(node, *now);
      return change_mind();
    case 4:
      return ask(meta::AuthorityFinalise{authority_numbered(last_authority_), {}});
    case 5:
      return help_newcomers();
    default:
      return finalise();
  }
}

void ExchangeNemesis::stage(const Digest& authority) {
  ask(meta::AuthorityStage{authority, "certificate", {}});
}

void ExchangeNemesis::put_key(std::size_t node, const std::optional<Digest>& authority) {
  if (!equipped_[node] || power_.host(node).certificates().key == authority) return;
  CertificateFiles files = power_.host(node).certificates();
  files.key = authority;
  power_.host(node).give_certificates(files);
}

/// Right when others begin to be renewed.
void ExchangeNemesis::change_mind() {
  if (!rng_.chance(0.3)) return;
  schedule_.after(rng_.between(0, 2 * ns_per_s), [this] {
    if (!stopped_) stage(authority_numbered(++last_authority_));
  });
}

void ExchangeNemesis::finalise() {
  if (const auto now = staged()) ask(meta::AuthorityFinalise{*now, {}});
}

void ExchangeNemesis::help_newcomers() {
  for (std::size_t node = 0; node < climate_.machines(); ++node) {
    if (!equipped_[node] || power_.gone(node) || oracle_.exchange().counts(id_of(node))) continue;
    const auto member = anybody();
    if (!member || *member == node || !power_.host(*member).trust()) continue;
    if (let_each_other_in(power_.host(*member).certificates(), power_.host(node).certificates())) continue;
    schedule_.mark("certificate-by-hand");
    power_.host(node).give_certificates(files_for(node));
  }
}

// --- calm ---

void ExchangeNemesis::stop() {
  stopped_ = true;
}

void ExchangeNemesis::put_right() {
  help_newcomers();
  const auto now = staged();
  if (!now) return;
  for (std::size_t node = 0; node < climate_.machines() && keys_come_; ++node)
    if (signs_[node]) put_key(node, *now);
  finalise();
}

}  // namespace nodedb::sim
