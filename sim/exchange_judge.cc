// SPDX-License-Identifier: Apache-2.0
#include "sim/exchange_judge.h"

#include <algorithm>
#include <utility>

#include "base/names.h"
#include "meta/codec.h"
#include "meta/rows.h"
#include "node/namespaces.h"
#include "sim/meta_rows.h"

namespace nodedb::sim {

namespace {

std::string named(const Digest& authority) {
  return "authority " + authority.text().substr(0, 8);
}

}  // namespace

void ExchangeJudge::certified(NodeId node, const CertificateFiles& files) {
  files_.insert_or_assign(node, files);
  judge_pairs();
}

void ExchangeJudge::applied(Index applied, const Rows& rows) {
  if (files_.empty() || applied <= newest_) return;
  newest_ = applied;
  const std::set<NodeId> before = members_;
  see_members(rows);
  const auto sole_before = sole_;
  see_authorities(rows);
  // Several entries may be applied at once: who was no member before may have become one after this.
  if (sole_ && sole_ != sole_before) judge_sole(*sole_, before);
  judge_pairs();
}

void ExchangeJudge::see_members(const Rows& rows) {
  const std::set<NodeId> before = std::exchange(members_, {});
  each_row(rows, meta::member_rows, [&](BytesView, const Bytes& value) {
    const auto member = meta::decode_member(value);
    if (!member || member->state == meta::MemberState::retired) return;
    members_.insert(member->id);
    if ((sole_ || staged_) && !before.contains(member->id)) newcomers_.insert(member->id);
  });
  reports_.clear();
  for (const NodeId member : members_) {
    const auto row = rows.find(node::machine_rows + meta::member_trust_key(member));
    if (row == rows.end()) continue;
    if (const auto report = meta::decode_member_trust(row->second)) reports_.emplace(member, *report);
  }
}

void ExchangeJudge::see_authorities(const Rows& rows) {
  sole_.reset();
  staged_.reset();
  each_row(rows, meta::authority_rows, [&](BytesView, const Bytes& value) {
    const auto authority = meta::decode_authority(value);
    if (!authority) return;
    if (authority->state == meta::AuthorityState::sole) sole_ = authority->fingerprint;
    if (authority->state == meta::AuthorityState::staged) staged_ = authority->fingerprint;
  });
  for (const auto& [node, report] : reports_) {
    const bool up_to_date = report.issuer == sole_ || report.issuer == staged_ || report.staged == staged_;
    if (up_to_date) newcomers_.erase(node);
  }
}

void ExchangeJudge::judge_sole(const Digest& sole, const std::set<NodeId>& members) const {
  for (const NodeId member : members) {
    if (!members_.contains(member)) continue;
    const auto report = reports_.find(member);
    const auto files = files_.find(member);
    const bool reported = report != reports_.end() && report->second.issuer == sole;
    if (reported && files != files_.end() && files->second.issuer == sole) continue;
    evidence_.complain("C4", named(sole) + " is the only one, and " + named(member) + " has " +
                                 (reported ? "no" : "reported no") + " certificate of it");
  }
}

void ExchangeJudge::judge_pairs() const {
  for (const auto& [one, files] : files_) {
    if (!counts(one)) continue;
    for (const auto& [other, theirs] : files_) {
      if (other <= one || !counts(other) || let_each_other_in(files, theirs)) continue;
      evidence_.complain("C4", named(one) + ", with a certificate of " + named(files.issuer) + ", and " +
                                   named(other) + ", with one of " + named(theirs.issuer) +
                                   ", do not let each other in");
    }
  }
}

std::string ExchangeJudge::unfinished(const std::function<bool(NodeId)>& lost) const {
  if (staged_) return std::ranges::any_of(members_, lost) ? std::string() : behind(*staged_);
  if (!sole_) return {};
  for (const NodeId member : members_) {
    if (lost(member)) continue;
    const CertificateFiles& files = files_.at(member);
    if (files.authorities != std::set{*sole_})
      return named(member) + " does not trust the sole authority alone";
    if (files.issuer != *sole_) return named(member) + " has no certificate of the sole authority";
  }
  return {};
}

/// Nobody is lost.
std::string ExchangeJudge::behind(const Digest& staged) const {
  for (const NodeId member : members_) {
    if (!files_.at(member).authorities.contains(staged))
      return named(member) + " does not trust the staged one";
  }
  const bool signed_for =
      std::ranges::any_of(members_, [&](NodeId member) { return files_.at(member).key == staged; });
  if (!signed_for) return {};
  for (const NodeId member : members_) {
    if (files_.at(member).issuer != staged)
      return named(member) + " has no certificate of the staged authority";
  }
  return "the staged authority is not finalised";
}

}  // namespace nodedb::sim
