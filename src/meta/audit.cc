// SPDX-License-Identifier: Apache-2.0
// What is remembered of who did what. A line is written whether the entry took effect or was refused.
#include "base/limits.h"
#include "meta/administer.h"
#include "meta/rows.h"

namespace nodedb::meta {

namespace {

struct Describe {
  std::vector<Audited>& lines;

  void say(const Stamp& by, std::string what) const { lines.push_back({by, std::move(what)}); }

  void operator()(const MemberJoin& entry) const {
    say(entry.by, "node " + entry.uuid.text() + " at " + entry.address + " joins");
  }
  void operator()(const MemberChange& entry) const {
    std::string what = named(entry.node) + " is to be " + std::string(name(entry.wanted));
    if (entry.successor != NodeId()) what += ", replaced by " + named(entry.successor);
    say(entry.by, std::move(what));
  }
  void operator()(const SettingChange& entry) const {
    say(entry.by, entry.value.empty() ? "setting " + entry.name + " back to its default"
                                      : "setting " + entry.name + " to " + entry.value);
  }
  void operator()(const TokenCreate& entry) const {
    say(entry.by, named(entry.id) + " issued" +
                      (entry.node_name.empty() ? "" : " for a node named " + entry.node_name));
  }
  void operator()(const TokenClaim& entry) const {
    say(entry.by, named(entry.id) + " shown by " + entry.node.text() +
                      (entry.node_name.empty() ? "" : " named " + entry.node_name));
  }
  void operator()(const TokenRevoke& entry) const { say(entry.by, named(entry.id) + " revoked"); }
  void operator()(const AuditNote& entry) const { say(entry.by, entry.what); }
  void operator()(const MemberLost& entry) const {
    say(entry.by, named(entry.node) + " is lost for good: retired, refused for ever");
  }
  void operator()(const RecoveryStart& entry) const {
    const Recovery& it = entry.recovery;
    say(entry.by, named(it.vshard) + " goes on from " + named(it.survivor) +
                      " alone, which holds it up to index " + std::to_string(it.last.value) + " of term " +
                      std::to_string(it.last_term.value));
  }
  void operator()(const AuthorityStage& entry) const {
    say(entry.by, "authority " + entry.authority.text() + " is to be trusted beside the others");
  }
  void operator()(const AuthorityFinalise& entry) const {
    say(entry.by, "authority " + entry.authority.text() + " is to be the only one");
  }
  // What nodes report and what follows from the cluster's own decisions.
  void operator()(const MemberUp&) const {}
  void operator()(const MemberTrust&) const {}
  void operator()(const PlacementChange&) const {}
  void operator()(const ClusterVersion&) const {}
  void operator()(const MigrationCheckpoint&) const {}
  void operator()(const MigrationAbort&) const {}
  void operator()(const MigrationEnd&) const {}
  void operator()(const GhostPurge&) const {}
  void operator()(const RecoveryEnd&) const {}
  void operator()(const MetaBatch& batch) const {
    for (const SingleEntry& entry : batch.entries) std::visit(*this, entry);
  }
};

struct Sign {
  const Stamp& by;

  template <class Entry>
  void operator()(Entry& entry) const {
    if constexpr (requires { entry.by; }) entry.by = by;
  }
  void operator()(MetaBatch& batch) const {
    for (SingleEntry& entry : batch.entries) std::visit(*this, entry);
  }
};

}  // namespace

void stamp(MetaEntry& entry, const Stamp& by) {
  std::visit(Sign{by}, entry);
}

std::vector<Audited> audited(const MetaEntry& entry) {
  std::vector<Audited> lines;
  std::visit(Describe{lines}, entry);
  return lines;
}

void write_audit(Draft& draft, Index index, const std::vector<Audited>& lines) {
  std::uint16_t nth = 0;
  for (const Audited& line : lines) {
    draft.put(audit_key(index.value, nth), AuditLine{index.value, nth, line.by, line.what});
    ++nth;
  }
  if (lines.empty()) return;
  const auto kept = draft.rows(audit_rows);
  auto oldest = kept.begin();
  for (std::size_t left = kept.size(); left > limits::audit_lines_max; --left) draft.erase((oldest++)->first);
}

}  // namespace nodedb::meta
