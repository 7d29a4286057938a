// SPDX-License-Identifier: Apache-2.0
#include "app/recovery_apply.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/names.h"
#include "edge/base/clock.h"

namespace nodedb::app {

namespace {

constexpr std::int64_t look_again_ns = 200 * ns_per_ms;
/// Of an entry of group 0; an operator's request is one line of at most 64 KiB.
constexpr std::size_t recoveries_at_once = 128;

void pause() {
  std::this_thread::sleep_for(std::chrono::nanoseconds(look_again_ns));
}

Result<Survey> look_again(const Operator& from) {
  const auto answers = ask_everybody(from, {.groups = true});
  if (!answers) return std::unexpected(answers.error());
  return read_survey(survey_json(*answers, 0));
}

/// Until it is taken, refused for good, or too late.
Result<void> insist(const Operator& from, const OperatorRequest& request, Time until) {
  while (true) {
    const auto done = ask(from, request);
    if (done) return {};
    const Code code = done.error().code;
    const bool again = code == Code::timeout || (exit_of(code) == Exit::retry && code != Code::conflict);
    if (!again || edge::monotonic_time() >= until) return std::unexpected(done.error());
    pause();
  }
}

/// Is what is so now what the operator has seen and agreed to?
Result<void> agreed(const RecoveryPlan& seen, const RecoveryPlan& now) {
  for (const GroupPlan& one : now.groups) {
    const auto same = std::ranges::find(seen.groups, one.group, &GroupPlan::group);
    if (same != seen.groups.end() && same->survivor == one.survivor && same->last == one.last) continue;
    return fail(Code::invalid_state,
                named(one.group) +
                    " is not as the plan says any more: run recover collect and recover plan "
                    "again");
  }
  return {};
}

Result<void> recover_metadata(const Operator& from, const Survey& survey, const GroupPlan& plan, Time until) {
  Operator survivor = from;
  survivor.node = survey.members.at(plan.survivor).address;
  const auto forced = ask(survivor, AskRecoverMetadata{{plan.term, plan.last, plan.learners}});
  if (!forced) return std::unexpected(forced.error());
  while (edge::monotonic_time() < until) {
    const auto status = ask(survivor, AskStatus{});
    if (status && (*status)["drives"].boolean()) return {};
    pause();
  }
  return fail(Code::timeout, "the metadata group does not go on from node " +
                                 std::to_string(plan.survivor.value) + " yet: give the command again");
}

bool under_way(const Survey& survey, const GroupPlan& plan) {
  const auto known = survey.recoveries.find(plan.group);
  if (known == survey.recoveries.end()) return false;
  const meta::Recovery& recovery = known->second.recovery;
  return recovery.survivor == plan.survivor && recovery.last == plan.last.index &&
         recovery.last_term == plan.last.term;
}

/// The fence first: before a vShard goes on, nobody listens to the lost any more. Those whose migration ends
/// go alone: an entry of group 0 ends at most one.
std::vector<meta::MetaBatch> entries_of(const Survey& survey, const RecoveryPlan& plan) {
  std::vector<meta::MetaBatch> batches(1);
  for (const NodeId node : plan.lost)
    if (survey.members.at(node).state != "retired")
      batches.front().entries.push_back(meta::MemberLost{node, {}});
  std::size_t in_last = 0;
  for (const GroupPlan& one : plan.groups) {
    if (one.group == metadata_group || under_way(survey, one)) continue;
    const meta::RecoveryStart start{{vshard_of(one.group), one.epoch, one.survivor, one.learners, one.term,
                                     one.last.index, one.last.term},
                                    {}};
    if (one.moving || in_last == 0 || in_last == recoveries_at_once) {
      batches.emplace_back();
      in_last = 0;
    }
    batches.back().entries.push_back(start);
    in_last = one.moving ? recoveries_at_once : in_last + 1;
  }
  std::erase_if(batches, [](const meta::MetaBatch& batch) { return batch.entries.empty(); });
  return batches;
}

/// What is still to go on, and why the first of it does not.
Result<void> await_survivors(const Operator& from, const RecoveryPlan& plan, Time until) {
  while (true) {
    const auto survey = look_again(from);
    std::size_t left = 0;
    std::string why;
    if (survey) {
      for (const GroupPlan& one : plan.groups) {
        const auto waits = survey->recoveries.find(one.group);
        if (waits == survey->recoveries.end() && survey->leader(one.group) != nullptr) continue;
        ++left;
        if (why.empty() && waits != survey->recoveries.end() && !waits->second.waits_for.empty())
          why = "; " + named(one.group) + ": " + waits->second.waits_for;
      }
      if (left == 0) return {};
    }
    if (edge::monotonic_time() >= until)
      return fail(Code::timeout, std::to_string(left) + " groups do not go on yet" + why +
                                     ": give the command again, or see recover verify");
    pause();
  }
}

}  // namespace

Result<std::size_t> apply_recovery(const Operator& from, const RecoveryPlan& plan, std::int64_t patience_ns) {
  const Time until = edge::monotonic_time() + patience_ns;
  auto survey = look_again(from);
  if (!survey) return std::unexpected(survey.error());
  if (survey->cluster != plan.cluster)
    return fail(Code::wrong_cluster, "the plan is of cluster " + plan.cluster.text());
  const auto now = plan_recovery(*survey, plan.lost);
  if (!now) return std::unexpected(now.error());
  if (auto same = agreed(plan, *now); !same) return std::unexpected(same.error());
  const auto metadata = std::ranges::find(now->groups, metadata_group, &GroupPlan::group);
  if (metadata != now->groups.end()) {
    if (auto done = recover_metadata(from, *survey, *metadata, until); !done)
      return std::unexpected(done.error());
  }
  for (const meta::MetaBatch& batch : entries_of(*survey, *now)) {
    if (auto done = insist(from, AskAdminister{batch}, until); !done) return std::unexpected(done.error());
  }
  if (auto done = await_survivors(from, *now, until); !done) return std::unexpected(done.error());
  return now->groups.size();
}

}  // namespace nodedb::app
