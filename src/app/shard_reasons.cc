// SPDX-License-Identifier: Apache-2.0
#include "app/shard_reasons.h"

#include <algorithm>
#include <map>
#include <optional>

#include "app/cluster_picture.h"
#include "app/move_rows.h"
#include "app/output.h"
#include "app/table.h"
#include "base/names.h"

namespace nodedb::app {

namespace {

/// A follower that is less behind only has its next entries on their way.
constexpr std::int64_t lag_worth_a_word = 1'000;

using Ids = std::vector<std::int64_t>;

Ids ids_of(const Json& list) {
  Ids ids;
  for (const Json& one : list.items()) ids.push_back(one.number());
  return ids;
}

std::string names_of(const Ids& ids) {
  std::string text;
  for (const std::int64_t id : ids) text += (text.empty() ? "" : ", ") + node_name(id);
  return text;
}

/// One look at the vShard, from every side.
class Look {
 public:
  Look(std::span<const NodeAnswer> answers, VShardId vshard)
      : answers_(answers), cluster_(picture_of(answers)), vshard_(vshard), group_(group_of(vshard).value) {
    for (const NodeAnswer& answer : answers)
      if (answer.status) take(*answer.status);
    out_.voters = voters();
  }

  ShardPicture picture() {
    out_.lag = lag();
    Ids up;
    std::ranges::copy_if(out_.voters, std::back_inserter(up),
                         [&](std::int64_t id) { return rows_.contains(id); });
    out_.serves = out_.leader != 0 && 2 * up.size() > out_.voters.size();
    see_halts();
    see_majority(up);
    see_leader();
    see_replicas();
    see_disks();
    see_moves();
    see_group_0();
    return std::move(out_);
  }

 private:
  void take(const Json& status) {
    const std::int64_t id = status["id"].number();
    for (const Json& row : status["groups"].items()) {
      if (row["group"].number() != group_) continue;
      if (out_.wanted.empty()) out_.wanted = ids_of(row["wanted"]);
      if (!row["replica"].boolean()) continue;
      rows_.emplace(id, &row);
      const std::int64_t term = row["term"].number();
      if (row["role"].text() == "leader" && term > term_) {
        out_.leader = id;
        term_ = term;
      }
    }
  }

  /// The leader knows the config; without one, whoever has most of the log.
  Ids voters() const {
    const auto reach = [this](const auto& entry) {
      return std::pair(entry.first == out_.leader, (*entry.second)["last"]["index"].number());
    };
    const auto best = std::ranges::max_element(rows_, {}, reach);
    return best == rows_.end() ? Ids() : ids_of((*best->second)["config"]["voters"]);
  }

  const MemberPicture* member(std::int64_t id) const {
    for (const auto* list : {&cluster_.members, &cluster_.retired})
      for (const MemberPicture& one : *list)
        if (one.id == id) return &one;
    return nullptr;
  }
  bool up(std::int64_t id) const {
    const MemberPicture* const known = member(id);
    return known != nullptr && known->up;
  }
  std::int64_t down_for(const Ids& ids) const {
    std::int64_t longest = -1;
    for (const std::int64_t id : ids)
      if (const MemberPicture* const known = member(id)) longest = std::max(longest, known->standing_ms);
    return longest;
  }
  std::int64_t behind(const Json& follower) const {
    return (*rows_.at(out_.leader))["last"]["index"].number() - follower["match"].number();
  }
  std::int64_t lag() const {
    std::int64_t most = 0;
    if (out_.leader == 0) return most;
    for (const Json& follower : (*rows_.at(out_.leader))["followers"].items())
      most = std::max(most, behind(follower));
    return most;
  }
  void add(std::string what, std::int64_t since_ms = -1, std::string next = {}) {
    out_.reasons.push_back({std::move(what), since_ms, std::move(next)});
  }

  void see_halts() {
    for (const NodeAnswer& answer : answers_) {
      if (!answer.status) continue;
      for (const Json& one : (*answer.status)["halted"].items())
        if (one["group"].number() == group_)
          add(node_name((*answer.status)["id"].number()) +
                  " applies nothing of it any more: " + one["why"].text(),
              -1, "nodedb-cluster version, on each node: an older build cannot read it");
    }
  }

  void see_majority(const Ids& answering) {
    if (out_.voters.empty()) {
      add("no node that answers has a replica of it; it is wanted on " + names_of(out_.wanted),
          down_for(out_.wanted), "start them again, or nodedb-cluster recover collect");
      return;
    }
    if (2 * answering.size() > out_.voters.size()) return;
    Ids silent;
    std::ranges::copy_if(out_.voters, std::back_inserter(silent),
                         [&](std::int64_t id) { return !rows_.contains(id); });
    add("its majority is away: " + names_of(silent) + " of its " + std::to_string(out_.voters.size()) +
            " voters do not answer",
        down_for(silent), "start them again; if they are gone for good, nodedb-cluster recover collect");
  }

  void see_leader() {
    if (out_.leader != 0 || out_.voters.empty()) return;
    if (out_.reasons.empty())
      add("it has no leader; a majority of its voters answers, so one is being elected", -1,
          "nodedb-cluster shard show " + std::to_string(vshard_.value) + ", in a second");
  }

  void see_replicas() {
    for (const std::int64_t id : out_.wanted) {
      const MemberPicture* const known = member(id);
      if (!up(id) && !out_.voters.empty())
        add(node_name(id) + " has a replica and does not answer", known != nullptr ? known->standing_ms : -1,
            "nodedb-cluster node ls");
      else if (out_.leader != 0 && std::ranges::find(out_.voters, id) == out_.voters.end())
        add(node_name(id) + " is to have a replica, and does not vote yet: it is being caught up");
    }
    if (out_.leader == 0) return;
    for (const Json& follower : (*rows_.at(out_.leader))["followers"].items()) {
      const std::int64_t id = follower["node"].number();
      if (!up(id) || behind(follower) < lag_worth_a_word) continue;
      add(node_name(id) + " is " + std::to_string(behind(follower)) + " entries behind (" +
          follower["state"].text() + ")");
    }
  }

  void see_disks() {
    for (const auto& [id, row] : rows_) {
      const MemberPicture* const known = member(id);
      if (known == nullptr) continue;
      if (known->disk_full)
        add("the disk of " + node_name(id) + " is full" +
                (id == out_.leader ? ", and it leads: writes are refused" : ""),
            -1, "free space there; writes go on by themselves");
      if (known->draining && id == out_.leader)
        add(node_name(id) + " leads it and is stopping: it hands over");
    }
  }

  void see_moves() {
    const std::string shard = std::to_string(vshard_.value);
    for (const Json& one : cluster_.moves["migrations"].items()) {
      if (one["vshard"].number() != vshard_.value) continue;
      const std::string waits = one["waits_for"].text();
      add("it moves from " + node_name(one["source"].number()) + " to " + node_name(one["target"].number()) +
              ": " + one["phase"].text() + (one["aborting"].boolean() ? ", being undone" : "") +
              (waits.empty() ? "" : ", waits for " + waits),
          waits.empty() ? -1 : one["waits_ms"].number(-1),
          "nodedb-cluster migration show " + one["id"].text());
    }
    for (const Json& one : cluster_.moves["recoveries"].items()) {
      if (one["vshard"].number() != vshard_.value) continue;
      const std::string waits = one["waits_for"].text();
      add("it is being recovered from " + node_name(one["survivor"].number()) +
              (waits.empty() ? "" : ": waits for " + waits),
          -1, "nodedb-cluster recover verify");
    }
  }

  /// Whatever is to be mended is mended by the leader of group 0.
  void see_group_0() {
    if (out_.reasons.empty()) return;
    if (!cluster_.moves["drives"].boolean())
      add("no node leads the metadata group now: nothing moves and nothing is repaired", -1,
          "nodedb-cluster status");
    for (const Json& setting : cluster_.moves["settings"].items())
      if (setting["name"].text() == "rebalance.paused" && setting["value"].text() == "on")
        add("repair is paused (rebalance.paused)", -1, "nodedb-cluster rebalance resume");
  }

  std::span<const NodeAnswer> answers_;
  ClusterPicture cluster_;
  VShardId vshard_;
  std::int64_t group_;
  std::map<std::int64_t, const Json*> rows_;  ///< of the nodes that have a replica
  std::int64_t term_ = -1;
  ShardPicture out_;
};

Json numbers_json(const Ids& ids) {
  Json list = Json::array();
  for (const std::int64_t id : ids) list.push(Json(id));
  return list;
}

}  // namespace

node::StatusWish shard_wish(VShardId vshard) {
  return {.group = group_of(vshard), .admin = true};
}

ShardPicture picture_of_shard(std::span<const NodeAnswer> answers, VShardId vshard) {
  return Look(answers, vshard).picture();
}

Json shard_picture_json(const ShardPicture& picture, VShardId vshard) {
  Json reasons = Json::array();
  for (const ShardReason& one : picture.reasons) {
    reasons.push(Json::object().set("what", one.what).set("since_ms", one.since_ms).set("next", one.next));
  }
  Json body = Json::object();
  body.set("vshard", std::uint32_t{vshard.value})
      .set("serves", picture.serves)
      .set("leader", picture.leader)
      .set("wanted", numbers_json(picture.wanted))
      .set("voters", numbers_json(picture.voters))
      .set("lag_entries", picture.lag)
      .set("reasons", std::move(reasons));
  return body;
}

std::string shard_picture_text(const ShardPicture& picture, VShardId vshard) {
  std::string text = named(vshard) + (picture.serves ? " serves" : " does not serve") + ": " +
                     (picture.leader == 0 ? "no leader" : "led by " + node_name(picture.leader)) +
                     ", voters " + (picture.voters.empty() ? "not known" : names_of(picture.voters)) +
                     ", lag " + std::to_string(picture.lag) + " entries\n";
  if (picture.reasons.empty()) return text + "it waits for nothing\n";
  Table table({"SINCE", "WHAT", "NEXT"});
  for (const ShardReason& one : picture.reasons)
    table.add({one.since_ms < 0 ? "-" : age_text(one.since_ms), one.what,
               one.next.empty() ? "it mends itself" : one.next});
  return text + table.text();
}

}  // namespace nodedb::app
