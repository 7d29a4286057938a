// SPDX-License-Identifier: Apache-2.0
#include "tests/edge/log/crash_states.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "edge/log/log_store.h"
#include "tests/edge/log/forgetful_files.h"
#include "tests/edge/log/log_model.h"

namespace nodedb::edge {

namespace {

constexpr int writes = 90;
constexpr int writes_after = 12;
/// Small, so that segments change hands every few writes.
constexpr std::uint64_t segment_bytes = header_bytes + 12 * sector_bytes;
/// Of so many sectors every subset is tried.
constexpr std::size_t sectors_all_subsets = 6;
constexpr int random_subsets = 12;

Result<std::unique_ptr<SegmentLogStore>> open(Disk& disk, std::uint64_t seed, const LogBugs& bugs) {
  LogStoreOptions options;
  options.free_bytes_min = 0;
  options.segment_bytes = segment_bytes;
  options.nonce = [rng = std::make_shared<Rng>(seed)] { return rng->next(); };
  options.bugs = bugs;
  return open_log_store(options, std::make_unique<ForgetfulFiles>(disk));
}

/// One group that is written and compacted all the time; the others mostly sleep, and would pin segments.
node::LogBatch busy_batch(const LogModel& model, Rng& rng) {
  node::GroupLogUpdate update;
  update.group = GroupId(800);
  const auto [base, last] = model.extent(update.group);
  if (last == Index()) {
    update.base = node::LogBase{{Index(1), Term(1)}, {}};
    update.base->config.voters = {NodeId(1)};
  } else if (last.value > base.value + 4) {
    update.base = node::LogBase{{last - 2, Term(1)}, {}};
    update.base->config.voters = {NodeId(1)};
  }
  Index next = last == Index() ? Index(2) : last + 1;
  for (std::uint64_t i = 1 + rng.below(3); i > 0; --i, ++next) {
    update.append.push_back({next, Term(1), raft::EntryKind::command, Blob(Bytes(rng.below(500), 'b'))});
  }
  return {{update}, std::nullopt};
}

/// The batches of a life, and what is stored after so many of them.
struct Life {
  std::vector<node::LogBatch> batches;
  std::vector<node::StoredLog> stored;
};

Life draw_life(std::uint64_t seed) {
  Life life;
  Rng rng(seed);
  LogModel model;
  life.stored.push_back(model.stored());
  for (int i = 0; i < writes + writes_after + 1; ++i) {
    const bool wild = i % 30 < 8;
    life.batches.push_back(wild ? model.random_batch(rng, 150) : busy_batch(model, rng));
    model.apply(life.batches.back());
    life.stored.push_back(model.stored());
  }
  return life;
}

/// Writes until the power goes. How many writes were acknowledged; or a failure.
struct Lived {
  std::size_t acknowledged = 0;
  bool whole = false;
  std::string failure;
};
Lived live(const Life& life, Disk& disk, std::uint64_t seed, const LogBugs& bugs) {
  Lived lived;
  try {
    auto store = open(disk, seed + 1, bugs);
    if (!store) return {0, false, store.error().detail};
    for (int i = 0; i < writes; ++i) {
      const node::LogBatch& batch = life.batches[lived.acknowledged];
      if (auto done = (*store)->write(std::span(&batch, 1)); !done) return {0, false, done.error().detail};
      ++lived.acknowledged;
    }
    lived.whole = true;
  } catch (const PowerCut&) {
  }
  return lived;
}

/// What is left of `disk` by a crash that takes all that is not durable is `stored`.
std::string judge_durable(const Disk& disk, const node::StoredLog& stored, std::uint64_t seed,
                          const LogBugs& bugs) {
  Disk left = disk.after_power_cut(std::vector<bool>(disk.open_sectors().size(), false), false);
  auto store = open(left, seed, bugs);
  if (!store) return store.error().detail;
  const auto log = (*store)->load();
  if (!log) return log.error().detail;
  return same(*log, stored) ? "" : "something is missing";
}

/// What is on `disk` is the life after `acknowledged` writes or one more, and can be lived on.
std::string judge(const Life& life, Disk disk, std::uint64_t seed, std::size_t acknowledged,
                  const LogBugs& bugs) {
  auto store = open(disk, seed + 2, bugs);
  if (!store) return store.error().detail;
  const auto log = (*store)->load();
  if (!log) return log.error().detail;
  std::size_t at = acknowledged;
  if (!same(*log, life.stored[at]) && !same(*log, life.stored[++at])) {
    return "what is there is neither what was acknowledged nor one write more";
  }
  // A kill leaves what is not durable: once it has been read back, it has to be.
  const std::string again = judge_durable(disk, life.stored[at], seed + 3, bugs);
  if (!again.empty()) return "after a second crash: " + again;
  for (int i = 0; i < writes_after; ++i, ++at) {
    if (auto done = (*store)->write(std::span(&life.batches[at], 1)); !done)
      return "later: " + done.error().detail;
  }
  const std::string later = judge_durable(disk, life.stored[at], seed + 4, bugs);
  return later.empty() ? "" : "after later writes: " + later;
}

/// Which of so many sectors reach the disk.
std::vector<std::vector<bool>> subsets_of(std::size_t sectors, Rng& rng) {
  std::vector<std::vector<bool>> subsets;
  if (sectors <= sectors_all_subsets) {
    for (std::size_t bits = 0; bits < (std::size_t{1} << sectors); ++bits) {
      std::vector<bool> subset(sectors);
      for (std::size_t i = 0; i < sectors; ++i) subset[i] = (bits >> i & 1) != 0;
      subsets.push_back(std::move(subset));
    }
    return subsets;
  }
  for (std::size_t i = 0; i <= sectors; ++i) {
    std::vector<bool> prefix(sectors);
    std::fill_n(prefix.begin(), i, true);
    subsets.push_back(std::move(prefix));
  }
  for (std::size_t i = 0; i < sectors; ++i) {
    for (const bool only : {true, false}) {
      std::vector<bool> subset(sectors, !only);
      subset[i] = only;
      subsets.push_back(std::move(subset));
    }
  }
  for (int i = 0; i < random_subsets; ++i) {
    std::vector<bool> subset(sectors);
    for (std::size_t at = 0; at < sectors; ++at) subset[at] = rng.chance(0.5);
    subsets.push_back(std::move(subset));
  }
  return subsets;
}

}  // namespace

CrashStates try_crash_states(std::uint64_t seed, const LogBugs& bugs) {
  CrashStates result;
  const Life life = draw_life(seed);
  Rng rng(seed);
  for (std::uint64_t cut = 1; result.failure.empty(); ++cut) {
    Disk disk;
    disk.cut_before = cut;
    const Lived lived = live(life, disk, seed, bugs);
    const auto judged = [&](const Disk& left, const std::string& how) {
      ++result.states;
      const std::string failure = judge(life, left, seed, lived.acknowledged, bugs);
      if (!failure.empty()) result.failure = "cut " + std::to_string(cut) + ", " + how + ": " + failure;
      return failure.empty();
    };
    if (!lived.failure.empty()) {
      result.failure = lived.failure;
      return result;
    }
    if (!judged(disk.after_kill(), "killed")) return result;
    const std::size_t sectors = disk.open_sectors().size();
    for (const std::vector<bool>& kept : subsets_of(sectors, rng)) {
      std::string how = "of " + std::to_string(sectors) + " sectors ";
      for (const bool one : kept) how += one ? '1' : '0';
      if (!judged(disk.after_power_cut(kept, rng.chance(0.5)), how)) return result;
    }
    if (lived.whole) return result;
  }
  return result;
}

}  // namespace nodedb::edge
