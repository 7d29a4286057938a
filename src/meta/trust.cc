// SPDX-License-Identifier: Apache-2.0
// The exchange of the cluster's authority: two steps, each of which may be asked for again at any time.
#include "meta/trust.h"

#include "meta/administer.h"
#include "meta/rows.h"

namespace nodedb::meta {

std::string_view name(AuthorityState state) {
  switch (state) {
    case AuthorityState::staged:
      return "staged";
    case AuthorityState::sole:
      return "sole";
    case AuthorityState::withdrawn:
      return "withdrawn";
  }
  return "?";
}

namespace {

std::string named_authority(const Digest& fingerprint) {
  return "authority " + fingerprint.text();
}

// The members whose certificates are (or are not) by that authority, as text; empty if there are none.
std::expected<std::string, Refusal> members_by(const Draft& draft, const Digest& authority, bool by_it) {
  const auto members = draft.all(member_rows, decode_member, "a member");
  if (!members) return std::unexpected(members.error());
  std::string text;
  for (const Member& member : *members) {
    if (member.state == MemberState::retired) continue;
    const Bytes trust_key = member_trust_key(member.id);
    Digest issuer;
    if (draft.has(trust_key)) {
      const auto trust = draft.get(trust_key, decode_member_trust, "what " + named(member.id) + " trusts");
      if (!trust) return std::unexpected(trust.error());
      issuer = trust->issuer;
    }
    if ((issuer == authority) == by_it) text += (text.empty() ? "" : ", ") + named(member.id);
  }
  return text;
}

}  // namespace

Step stage(Draft& draft, const AuthorityStage& entry) {
  if (entry.certificate.empty() || entry.authority == Digest())
    return refuse(Code::malformed, "an authority needs a certificate and its fingerprint");
  const auto authorities = draft.all(authority_rows, decode_authority, "an authority");
  if (!authorities) return std::unexpected(authorities.error());
  std::size_t withdrawn = 0;
  for (const Authority& there : *authorities) {
    if (there.fingerprint == entry.authority && there.state != AuthorityState::withdrawn) {
      if (there.state == AuthorityState::staged) return {};
      return refuse(Code::invalid_state,
                    named_authority(entry.authority) + " is the cluster's only one already");
    }
    if (there.fingerprint != entry.authority && there.state != AuthorityState::sole) ++withdrawn;
    if (there.state != AuthorityState::staged) continue;
    const auto renewed = members_by(draft, there.fingerprint, true);
    if (!renewed) return std::unexpected(renewed.error());
    if (!renewed->empty())
      return refuse(Code::conflict, named_authority(there.fingerprint) + " is being brought in, and " +
                                        *renewed + " has certificates of it: finalize that first");
  }
  if (withdrawn > withdrawn_authorities_max)
    return refuse(Code::conflict,
                  "too many authorities were staged and never finalized: finalize one of them");
  for (Authority there : *authorities) {
    if (there.state != AuthorityState::staged) continue;
    there.state = AuthorityState::withdrawn;
    draft.put(authority_key(there.fingerprint), there);
  }
  draft.put(authority_key(entry.authority),
            Authority{entry.authority, AuthorityState::staged, entry.certificate, entry.by});
  return {};
}

Step finalise(Draft& draft, const AuthorityFinalise& entry) {
  auto authority =
      draft.get(authority_key(entry.authority), decode_authority, named_authority(entry.authority));
  if (!authority) return std::unexpected(authority.error());
  if (authority->state == AuthorityState::sole) return {};
  const auto behind = members_by(draft, entry.authority, false);
  if (!behind) return std::unexpected(behind.error());
  if (!behind->empty() && !draft.bugs().finalised_early)
    return refuse(Code::invalid_state, "still without a certificate of the new authority: " + *behind +
                                           "; nodedb-cluster cert rotate-ca --status shows why, a node that "
                                           "is lost is to be decommissioned");
  const auto authorities = draft.all(authority_rows, decode_authority, "an authority");
  if (!authorities) return std::unexpected(authorities.error());
  for (const Authority& other : *authorities) draft.erase(authority_key(other.fingerprint));
  authority->state = AuthorityState::sole;
  authority->by = entry.by;
  draft.put(authority_key(entry.authority), *authority);
  return {};
}

Step report(Draft& draft, const MemberTrust& entry) {
  const auto member = draft.get(member_key(entry.node), decode_member, named(entry.node));
  if (!member) return std::unexpected(member.error());
  if (member->state == MemberState::retired)
    return refuse(Code::not_member, named(entry.node) + " has been retired for ever");
  draft.put(member_trust_key(entry.node), entry);
  return {};
}

}  // namespace nodedb::meta
