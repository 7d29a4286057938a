// SPDX-License-Identifier: Apache-2.0
#include "app/member_watch.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "app/move_rows.h"
#include "edge/base/clock.h"

namespace nodedb::app {

namespace {

constexpr std::int64_t member_poll_ns = 300 * ns_per_ms;
/// The planner is asked less often: it takes its time.
constexpr std::int64_t reasons_ns = 5 * ns_per_s;
constexpr std::int64_t silence_max_ns = 30 * ns_per_s;

const Json& member_of(const Json& status, std::int64_t node) {
  static const Json nobody;
  for (const Json& member : status["members"].items())
    if (member["id"].number() == node) return member;
  return nobody;
}

/// Of all of them: replicas that are left, or leaderships.
std::int64_t left(const Json& status, const MemberGoal& goal) {
  std::int64_t sum = 0;
  for (const std::int64_t node : goal.nodes)
    sum += member_of(status, node)[goal.wanted == meta::MemberState::leaving ? "wanted" : "leads"].number();
  return sum;
}

Result<bool> reached(const Json& status, const MemberGoal& goal) {
  bool all = true;
  for (const std::int64_t node : goal.nodes) {
    const Json& member = member_of(status, node);
    const std::string state = member["state"].text();
    if (state == meta::name(meta::MemberState::retired)) continue;
    // Its change may not have been applied by the node that answers.
    if (state != meta::name(goal.wanted) && status["drives"].boolean())
      return fail(Code::invalid_state,
                  "node " + std::to_string(node) + " is " + state + " now: somebody has wanted it otherwise");
    if (goal.wanted == meta::MemberState::leaving || member["leads"].number() > 0) all = false;
  }
  return all;
}

std::vector<Json> moves_of(const Json& status, const MemberGoal& goal) {
  std::vector<Json> rows;
  for (const Json& row : status["migrations"].items()) {
    const bool ours = std::ranges::any_of(goal.nodes, [&](std::int64_t node) {
      return row["source"].number() == node || row["target"].number() == node;
    });
    if (ours) rows.push_back(row);
  }
  return rows;
}

/// How long it takes at the rate so far, over the whole of it.
class Estimate {
 public:
  std::string text(Time now, std::int64_t left) {
    if (began_ == never || left > first_) {
      began_ = now;
      first_ = left;
    }
    if (left == 0 || left == first_) return "";
    const auto spent_ms = static_cast<double>((now - began_) / ns_per_ms);
    return ", about " +
           age_text(static_cast<std::int64_t>(spent_ms * static_cast<double>(left) /
                                              static_cast<double>(first_ - left)) +
                    1000) +
           " left";
  }

 private:
  Time began_ = never;
  std::int64_t first_ = 0;
};

}  // namespace

std::string progress_text(const Json& status, const Json& balance, const MemberGoal& goal) {
  std::string text;
  for (const std::int64_t node : goal.nodes) {
    const Json& member = member_of(status, node);
    text += (text.empty() ? "" : "; ") + ("node " + std::to_string(node)) + " " + member["state"].text("?");
    if (member["state"].text() == meta::name(meta::MemberState::retired)) continue;
    if (goal.wanted == meta::MemberState::leaving)
      text += ", " + std::to_string(member["wanted"].number()) + " replicas left";
    text += ", leads " + std::to_string(member["leads"].number());
  }
  if (const auto moving = moves_of(status, goal).size(); moving > 0)
    text += "; " + std::to_string(moving) + " moves under way";
  if (balance["paused"].boolean())
    text += "; waiting: rebalance.paused is on: nodedb-cluster rebalance resume";
  for (const Json& complaint : balance["complaints"].items()) {
    if (complaint["constraint"].text() == "zone") continue;  // soft
    text += "; waiting: " + complaint["constraint"].text() + ": " + complaint["text"].text();
  }
  return text;
}

Result<void> await_members(MoveSource& source, const MemberGoal& goal) {
  MoveProgress progress(::isatty(STDERR_FILENO) == 1);
  Estimate estimate;
  const Time began = edge::monotonic_time();
  Time heard = began;
  Time reasons_at = began;
  Json balance;
  std::string heading;
  while (true) {
    const bool reasons = edge::monotonic_time() - reasons_at >= reasons_ns;
    const auto status = source.look({.plan = reasons});
    const Time now = edge::monotonic_time();
    if (status) {
      heard = now;
      const auto done = reached(*status, goal);
      if (!done || *done) {
        progress.clear();
        if (!done) return std::unexpected(done.error());
        return {};
      }
      if (reasons) {
        reasons_at = now;
        balance = (*status)["balance"];
      }
      heading = progress_text(*status, balance, goal) + estimate.text(now, left(*status, goal));
      progress.show(now, moves_of(*status, goal), heading);
    } else if (now - heard > silence_max_ns) {
      return std::unexpected(status.error());
    }
    if (goal.timeout_ns > 0 && now - began > goal.timeout_ns) {
      progress.clear();
      return fail(Code::busy, "not yet: " + heading + "; it goes on by itself: nodedb-cluster node ls");
    }
    std::this_thread::sleep_for(std::chrono::nanoseconds(member_poll_ns));
  }
}

}  // namespace nodedb::app
