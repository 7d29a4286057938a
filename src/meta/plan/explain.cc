// SPDX-License-Identifier: Apache-2.0
#include "meta/plan/explain.h"
#include "base/names.h"

#include <cstdio>
#include <map>

namespace nodedb::meta {

namespace {

// Whole numbers without a fraction, others with one digit.
std::string figure(double value) {
  std::string text(32, '\0');
  const bool whole = value == static_cast<double>(static_cast<std::int64_t>(value));
  const int size = std::snprintf(text.data(), text.size(), whole ? "%.0f" : "%.1f", value);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string deed(const PlanStep& step) {
  switch (step.kind) {
    case StepKind::move:
      return named(step.from) + " -> " + named(step.to);
    case StepKind::repair:
      return named(step.from) + " (dead) -> " + named(step.to);
    case StepKind::add:
      return "one more on " + named(step.to);
    case StepKind::remove:
      return "one less, on " + named(step.from);
    case StepKind::transfer:
      return "leader " + named(step.from) + " -> " + named(step.to);
  }
  return {};
}

std::string change(const PlanStep& step) {
  return figure(step.before) + ", then " + figure(step.after);
}

std::string of_share(const PlanStep& step, const std::string& things) {
  return named(step.about) + " has " + figure(step.before) + " " + things + " of its share of " +
         figure(step.wanted) + ", then " + figure(step.after);
}

std::string reason(const PlanStep& step) {
  switch (step.why) {
    case Why::dead:
      return named(step.about) + " is dead; " + change(step) + " of " + figure(step.wanted) + " voters live";
    case Why::missing:
      return "a replica is missing; " + change(step) + " of " + figure(step.wanted) + " voters live";
    case Why::surplus:
      return "there is one too many; " + change(step) + " voters live, " + figure(step.wanted) +
             " are wanted";
    case Why::leaving:
      return named(step.about) + " leaves and has " + figure(step.before) + " replicas, then " +
             figure(step.after);
    case Why::zone:
      return "voters share zones; pairs that do: " + change(step);
    case Why::count:
      return of_share(step, "replicas");
    case Why::bytes:
      return of_share(step, "bytes");
    case Why::writes:
      return of_share(step, "writes/s");
    case Why::leader_leaves:
      return named(step.about) + " is to lead nothing; it leads " + change(step);
    case Why::leader_count:
      return of_share(step, "leaderships");
    case Why::reads:
      return of_share(step, "reads/s");
    case Why::cpu:
      return of_share(step, "us/s of CPU");
  }
  return {};
}

}  // namespace

std::string_view name(Standing standing) {
  switch (standing) {
    case Standing::active:
      return "active";
    case Standing::draining:
      return "draining";
    case Standing::leaving:
      return "leaving";
    case Standing::silent:
      return "silent";
    case Standing::dead:
      return "dead";
  }
  return "unknown";
}

std::string_view name(StepKind kind) {
  switch (kind) {
    case StepKind::move:
      return "move";
    case StepKind::repair:
      return "repair";
    case StepKind::add:
      return "add";
    case StepKind::remove:
      return "remove";
    case StepKind::transfer:
      return "transfer";
  }
  return "unknown";
}

std::string_view name(Why why) {
  switch (why) {
    case Why::dead:
      return "dead";
    case Why::missing:
      return "missing";
    case Why::surplus:
      return "surplus";
    case Why::leaving:
      return "leaving";
    case Why::zone:
      return "zone";
    case Why::count:
      return "count";
    case Why::bytes:
      return "bytes";
    case Why::writes:
      return "writes";
    case Why::leader_leaves:
      return "leader_leaves";
    case Why::leader_count:
      return "leader_count";
    case Why::reads:
      return "reads";
    case Why::cpu:
      return "cpu";
  }
  return "unknown";
}

std::string_view name(Constraint constraint) {
  switch (constraint) {
    case Constraint::replication:
      return "replication";
    case Constraint::majority:
      return "majority";
    case Constraint::space:
      return "space";
    case Constraint::zone:
      return "zone";
  }
  return "unknown";
}

std::string explain(const PlanStep& step) {
  return named(step.vshard) + ": " + deed(step) + ", because " + reason(step);
}

std::string explain(const Complaint& complaint) {
  return std::string(name(complaint.constraint)) + ": " + complaint.text + " (" +
         std::to_string(complaint.vshards) + " vShards, the first is " +
         std::to_string(complaint.first.value) + ")";
}

std::string explain(const Plan& plan) {
  std::string text;
  std::map<Why, std::size_t> counts;
  for (const PlanStep& step : plan.steps) ++counts[step.why];
  text += std::to_string(plan.steps.size()) + (plan.complete ? " steps" : " steps, the first of more");
  for (const auto& [why, count] : counts) text += ", " + std::string(name(why)) + " " + std::to_string(count);
  text += "\n";
  for (const PlanStep& step : plan.steps) text += explain(step) + "\n";
  for (const Complaint& complaint : plan.complaints) text += "not met: " + explain(complaint) + "\n";
  return text;
}

}  // namespace nodedb::meta
