// SPDX-License-Identifier: Apache-2.0
#pragma once

// One group under test, moved by hand: node 1 of a few voters, booted at 0, with T of one second, its local
// rules checked after every event. The test plays the peers and the disk.

#include <gtest/gtest.h>

#include "raft/group.h"
#include "tests/unit/raft/harness.h"

namespace nodedb::raft::test {

inline constexpr GroupId id{7};
inline constexpr NodeId a{1};
inline constexpr NodeId b{2};
inline constexpr NodeId c{3};

inline Time ms(std::int64_t n) {
  return Time{n * ns_per_ms};
}

inline Entry entry(std::uint64_t index, std::uint64_t term) {
  return Entry{Index(index), Term(term), EntryKind::command, Blob(Bytes("x"))};
}

/// A group under test, node 1, booted at 0; T is one second.
struct Solo {
  explicit Solo(Restored restored, const Options& given = {}, PlantedBugs bugs = {})
      : options(checked(given)), group(id, a, options, std::move(restored), Rng(1), Now{ms(0), {}}, bugs) {}

  static Options checked(Options options) {
    options.check_rules = true;
    return options;
  }
  static Restored fresh(std::uint32_t n, std::vector<Entry> log = {}, Term term = Term(1)) {
    return Restored{HardState{term, NodeId(), Index(1)}, Position{Index(1), Term(1)}, voters(n),
                    std::move(log), Index(1)};
  }

  /// Takes the work and makes it durable at once.
  Work settle(Time now) {
    Work all = group.take_work();
    while (true) {
      if (all.must_persist()) group.persisted(now, group.last());
      if (!group.has_work()) return all;
      Work more = group.take_work();
      const bool persist = more.must_persist();
      for (auto& each : more.send_now) all.send_now.push_back(std::move(each));
      for (auto& each : more.send_after) all.send_after.push_back(std::move(each));
      for (auto& each : more.apply) all.apply.push_back(std::move(each));
      for (auto& each : more.reads) all.reads.push_back(each);
      for (auto& each : more.lost) all.lost.push_back(each);
      all.wants_round = all.wants_round || more.wants_round;
      all.commit_rose = all.commit_rose || more.commit_rose;
      if (persist) group.persisted(now, group.last());
      if (!persist && !group.has_work()) return all;
      all.hard_state.reset();
      all.append.clear();
      all.truncate_from.reset();
      all.compact_to.reset();
    }
  }

  /// Wins an election of three at `at` (past the boot fence).
  void lead(Time at) {
    group.campaign(at);
    (void)settle(at);
    group.receive(at, b, VoteReply{group.term() + 1, true, true}, live);
    (void)settle(at);
    group.receive(at, b, VoteReply{group.term(), true, false}, live);
    (void)settle(at);
    ASSERT_EQ(group.role(), Role::leader);
  }
  void acknowledge(Time at, NodeId from) {
    group.receive(at, from, AppendReply{.term = group.term(), .success = true, .match = group.last().index},
                  live);
    (void)settle(at);
  }

  /// `peer` answers a pulse at once.
  void exchange_pulses(Time at, NodeId peer) {
    const Pulse sent = live.make_pulse(peer, at, false, {}, [](GroupId) { return Index(); });
    Pulse answer;
    answer.incarnation = Incarnation(1);
    answer.sent = at;
    answer.echo_incarnation = sent.incarnation;
    answer.echo_sent = sent.sent;
    answer.echo_version = sent.version;
    ASSERT_TRUE(live.receive(peer, answer, at).echoed);
  }

  Liveness live{Incarnation(1)};
  Options options;
  Group group;
};

template <class Kind>
const Kind* only(const std::vector<Envelope>& envelopes) {
  const Kind* found = nullptr;
  for (const Envelope& each : envelopes) {
    if (const auto* kind = std::get_if<Kind>(&each.message)) found = kind;
  }
  return found;
}

}  // namespace nodedb::raft::test
