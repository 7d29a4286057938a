// SPDX-License-Identifier: Apache-2.0
#include "app/cluster_changes.h"

#include <algorithm>

#include "app/output.h"

namespace nodedb::app {

namespace {

std::string move_name(const Json& move) {
  return "vShard " + std::to_string(move["vshard"].number()) + " from " + node_name(move["source"].number()) +
         " to " + node_name(move["target"].number());
}

std::string ending_text(const Json& ended) {
  const std::string reason = ended["reason"].text();
  const std::int64_t pause_us = ended["pause_us"].number();
  return move_name(ended) + ": " + ended["outcome"].text() + (reason.empty() ? "" : " (" + reason + ")") +
         (pause_us > 0 ? ", writes waited " + std::to_string(pause_us / 1'000) + " ms" : "");
}

std::string state_of(const MemberPicture& member) {
  std::string text = member.state + ", " + (member.up ? "answers" : "does not answer");
  if (!member.standing.empty()) text += ", seems " + member.standing;
  if (member.disk_full) text += ", its disk is full";
  if (member.draining) text += ", is stopping";
  return text;
}

/// Collects what differs.
class Changes {
 public:
  explicit Changes(std::int64_t wall_ms) : wall_ms_(wall_ms) {}

  void members(const std::vector<MemberPicture>& before, const std::vector<MemberPicture>& after) {
    for (const MemberPicture& now : after) {
      const auto was = std::ranges::find(before, now.id, &MemberPicture::id);
      const std::string state = state_of(now);
      if (was == before.end())
        add("member", node_name(now.id) + " is new: " + state);
      else if (state_of(*was) != state)
        add("member", node_name(now.id) + ": " + state);
    }
    for (const MemberPicture& was : before)
      if (std::ranges::find(after, was.id, &MemberPicture::id) == after.end())
        add("member", node_name(was.id) + " is no member any more");
  }

  void leaders(const ClusterPicture& before, const ClusterPicture& after) {
    if (before.groups_without_leader != after.groups_without_leader)
      add("leaders", std::to_string(after.groups_without_leader) + " groups without leader, after " +
                         std::to_string(before.groups_without_leader));
    for (const MemberPicture& now : after.members) {
      const auto was = std::ranges::find(before.members, now.id, &MemberPicture::id);
      if (was != before.members.end() && was->leads != now.leads)
        add("leaders", node_name(now.id) + " leads " + std::to_string(now.leads) + " groups, after " +
                           std::to_string(was->leads));
    }
  }

  void moves(const Json& before, const Json& after) {
    for (const Json& now : after["migrations"].items()) {
      const Json* const was = find(before["migrations"], now["id"].text());
      const auto step = [](const Json& move) {
        const std::string waits = move["waits_for"].text();
        return move["phase"].text() +
               (move["aborting"].boolean() ? ", being undone: " + move["reason"].text() : "") +
               (waits.empty() ? "" : ", waits for " + waits);
      };
      if (was == nullptr || step(*was) != step(now)) add("migration", move_name(now) + ": " + step(now));
    }
    for (const Json& ended : after["history"].items())
      if (find(before["history"], ended["id"].text()) == nullptr) add("migration", ending_text(ended));
  }

  void lines(const char* kind, const std::vector<std::string>& before,
             const std::vector<std::string>& after) {
    const auto in = [](const std::vector<std::string>& list, const std::string& line) {
      return std::ranges::find(list, line) != list.end();
    };
    for (const std::string& line : after)
      if (!in(before, line)) add(kind, line);
    for (const std::string& line : before)
      if (!in(after, line)) add(kind, "no more: " + line);
  }

  std::vector<Happening> take() { return std::move(out_); }

 private:
  static const Json* find(const Json& rows, const std::string& id) {
    for (const Json& row : rows.items())
      if (row["id"].text() == id) return &row;
    return nullptr;
  }
  void add(const char* kind, std::string text) { out_.push_back({wall_ms_, kind, std::move(text)}); }

  std::int64_t wall_ms_;
  std::vector<Happening> out_;
};

}  // namespace

std::vector<Happening> past_of(const Json& status) {
  std::vector<Happening> past;
  for (const Json& line : status["audit"].items())
    past.push_back({line["ts_ms"].number(), "audit", line["actor"].text() + ": " + line["what"].text()});
  for (const Json& ended : status["history"].items())
    past.push_back({ended["ended_ms"].number(), "migration", ending_text(ended)});
  std::ranges::stable_sort(past, {}, &Happening::wall_ms);
  return past;
}

std::vector<Happening> changes_between(const ClusterPicture& before, const ClusterPicture& after,
                                       std::int64_t wall_ms) {
  Changes changes(wall_ms);
  changes.members(before.members, after.members);
  changes.leaders(before, after);
  changes.moves(before.moves, after.moves);
  changes.lines("halted", before.halted, after.halted);
  changes.lines("quarantined", before.quarantined, after.quarantined);
  changes.lines("certificate", before.endings, after.endings);
  return changes.take();
}

std::string happening_text(const Happening& happening) {
  std::string kind = happening.kind;
  kind.resize(std::max<std::size_t>(kind.size(), 11), ' ');
  return time_text(happening.wall_ms) + "  " + kind + "  " + happening.text + "\n";
}

Json happening_json(const Happening& happening) {
  return Json::object()
      .set("ts_ms", happening.wall_ms)
      .set("kind", happening.kind)
      .set("text", happening.text);
}

}  // namespace nodedb::app
