// SPDX-License-Identifier: Apache-2.0
#pragma once

// Private to meta/'s machine: what the entries of meta/admin.h and those about members do to the rows.

#include "meta/draft.h"
#include "meta/entries.h"

namespace nodedb::meta {

// --- membership.cc ---
Step up(Draft& draft, const MemberUp& entry);
/// Consumes the token that the node has claimed, if there is one. Refusals: too_large (nodes_max),
/// invalid_state.
Step join(Draft& draft, const MemberJoin& entry);
/// Refusals: invalid_state, with the constraint that would be broken: the members that stay must be enough
/// for the replication factor, a successor must be an active member that is none of those that leave, and
/// only a member without replicas and moves can be retired, for ever.
Step change(Draft& draft, const MemberChange& entry);

// --- tokens.cc ---
Step create(Draft& draft, const TokenCreate& entry);
/// Refusals: forbidden (unknown, wrong secret, expired, revoked, consumed, another's, of another name), with
/// the same words for an unknown token and a wrong secret.
Step claim(Draft& draft, const TokenClaim& entry);
Step revoke(Draft& draft, const TokenRevoke& entry);
/// Halts if a token's row cannot be read.
Step consume(Draft& draft, const Uuid& node);

// --- trust.cc ---
/// Takes the place of a staged one by which nobody has a certificate yet. Refusals: malformed; invalid_state
/// (it is the sole one), conflict (members have certificates of another staged one, with their numbers).
Step stage(Draft& draft, const AuthorityStage& entry);
/// Refusals: not_found; invalid_state, with the members that have no certificate of it yet.
Step finalise(Draft& draft, const AuthorityFinalise& entry);
Step report(Draft& draft, const MemberTrust& entry);

// --- administer.cc ---
/// Refusals: not_found, and those of meta/settings.h.
Step set(Draft& draft, const SettingChange& entry);

// --- audit.cc ---
/// The line that an entry leaves, if it is one that does: what was asked for, and by whom. Of a batch, one
/// for each of its entries.
struct Audited {
  Stamp by;
  std::string what;
};
std::vector<Audited> audited(const MetaEntry& entry);
/// Writes them, and drops the oldest above limits::audit_lines_max.
void write_audit(Draft& draft, Index index, const std::vector<Audited>& lines);

}  // namespace nodedb::meta
