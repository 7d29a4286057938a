// SPDX-License-Identifier: Apache-2.0
// Group 0's word about certificates on its way to the net thread, and the net thread's on its way to group 0.
#include "node/trust.h"

#include <algorithm>

#include "base/limits.h"
#include "meta/codec.h"
#include "node/state.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t trust_patience_ns = 5 * ns_per_s;

}  // namespace

Result<void> may_sign(const Trust& trust, const Digest& authority) {
  if (!trust.current)
    return fail(Code::not_initialised, "this node does not know yet what the cluster trusts");
  const meta::Authority* const staged = trust.find(meta::AuthorityState::staged);
  const meta::Authority* const sole = trust.find(meta::AuthorityState::sole);
  if (staged != nullptr && staged->fingerprint == authority) {
    if (trust.staged_everywhere) return {};
    return fail(Code::invalid_state, "not every member trusts the new authority yet");
  }
  if (staged != nullptr && trust.staged_everywhere)
    return fail(Code::invalid_state,
                "its key is the old authority's: put the new one's in the place of ca_key");
  if (sole != nullptr && sole->fingerprint != authority)
    return fail(Code::invalid_state, "its key is of an authority that is not trusted any more");
  return {};
}

std::set<Digest> wanted_authorities(const Trust& trust, std::set<Digest> now) {
  if (const auto* sole = trust.find(meta::AuthorityState::sole)) now = {sole->fingerprint};
  for (const meta::Authority& one : trust.authorities) now.insert(one.fingerprint);
  return now;
}

const meta::Authority* wanted_issuer(const Trust& trust, const Digest& issuer) {
  const meta::Authority* const staged = trust.find(meta::AuthorityState::staged);
  const bool wanted = staged != nullptr && trust.staged_everywhere && staged->fingerprint != issuer;
  return wanted ? staged : nullptr;
}

CertificateInUse certificate_in_use(const Trust& trust, const Digest& issuer,
                                    const std::set<Digest>& trusted) {
  CertificateInUse now{issuer, {}};
  if (const auto* staged = trust.find(meta::AuthorityState::staged);
      staged != nullptr && trusted.contains(staged->fingerprint))
    now.staged = staged->fingerprint;
  return now;
}

void Node::State::publish_trust() {
  Trust made;
  for (const auto& [id, member] : tables.members) {
    if (member.state != meta::MemberState::retired) made.members.insert(member.uuid);
    if (is_refused(id)) made.refused.insert(member.uuid);
  }
  made.current = metadata_current();
  made.certificate_lifetime_ns = tables.settings.certificate_lifetime_ns;
  for (const auto& [fingerprint, authority] : tables.authorities) made.authorities.push_back(authority);
  if (const auto* incoming = made.find(meta::AuthorityState::staged)) {
    made.staged_everywhere = std::ranges::all_of(tables.members, [&](const auto& member) {
      const auto row = tables.trusts.find(member.first);
      return options.bugs.moves.renewed_early || member.second.state == meta::MemberState::retired ||
             (row != tables.trusts.end() && row->second.staged == incoming->fingerprint);
    });
  }
  if (made == trust) return;
  trust = made;
  turn.trust = std::move(made);
}

void Node::State::handle(CertificateInUse event) {
  in_use = event;
  tell_trust_at = long_ago;
  tell_trust();
}

/// Until group 0's row says so.
void Node::State::tell_trust() {
  if (!trust.current && metadata_current()) publish_trust();
  const auto me = tables.members.find(self);
  if (!in_use || me == tables.members.end() || tell_trust_at > now.mono || !founding_durable()) return;
  if (me->second.state == meta::MemberState::retired) return;
  const meta::MemberTrust wanted{self, in_use->issuer, in_use->staged.value_or(Digest())};
  const auto row = tables.trusts.find(self);
  if (row != tables.trusts.end() && row->second == wanted) return;
  tell_trust_at = now.mono + trust_patience_ns;
  write_metadata(std::nullopt, wanted);
}

/// Its certificate says which member it is; nothing that it says can make it another.
bool Node::State::claims_another_id(const Uuid& peer, NodeId claimed) {
  const auto id = ids.find(peer);
  if (id == ids.end() || claimed == NodeId() || claimed == id->second) return false;
  note_forgery(id->second, "claims to be node " + std::to_string(claimed.value));
  return true;
}

void Node::State::note_forgery(NodeId by, const std::string& what) {
  handle(DoorNote{uuids.at(by).text(), "refused: node " + std::to_string(by.value) + " " + what});
}

void Node::State::handle(DoorNote event) {
  if (!founding_durable() || !tables.members.contains(self)) return;
  if (!door_notes.pass(event, now.mono)) return;
  event.what.resize(std::min(event.what.size(), limits::audit_text_bytes_max));
  write_metadata(std::nullopt, meta::AuditNote{std::move(event.what), own_stamp()});
}

}  // namespace nodedb::node
