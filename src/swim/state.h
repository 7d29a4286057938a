// SPDX-License-Identifier: Apache-2.0
#pragma once

// SWIM's inside: private to src/swim. One struct; its deeds by what they are about:
//
//   swim.cc      the door, stalls, deadlines      probing.cc   pings, helpers, nacks
//   verdicts.cc  what is believed of whom         spreading.cc gossip, exchanges, the goodbye
//   invariants.cc rules that always hold

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "swim/health.h"
#include "swim/round.h"
#include "swim/rumours.h"
#include "swim/suspicion.h"
#include "swim/swim.h"

namespace nodedb::swim {

struct Member {
  Life life;
  Standing standing = Standing::alive;
  Time since = long_ago;
  NodeId by;
  Time answered = long_ago;  ///< when this node sent what it answered last by other means
  Time told = long_ago;      ///< that it is accused, though it answers
  std::optional<Suspicion> suspicion;

  bool reachable() const { return standing == Standing::alive || standing == Standing::suspect; }
};

/// The probe of this period.
struct Probe {
  NodeId target;
  std::uint64_t sequence = 0;
  Time ask_at = never;       ///< when others are asked; `never`: they have been, or it is answered
  std::set<NodeId> helpers;  ///< those that were asked
  std::set<NodeId> nacked;   ///< those of them that get no answer either
  bool answered = false;
};

/// A ping on behalf of another node.
struct Errand {
  NodeId asker;
  std::uint64_t sequence = 0;  ///< the asker's
  NodeId target;
  Time nack_at = never;  ///< `never`: said
  Time ends;
};

struct Swim::State {
  State(NodeId self, Incarnation boot, const Options& given, Rng luck, Time now, PlantedBugs planted);

  Options options;
  PlantedBugs bugs;
  Rng rng;
  NodeId self;
  Life life;

  std::map<NodeId, Member> members;  ///< all but this node
  bool is_member = false;
  Time member_since = long_ago;
  Round round;
  Health health;
  std::optional<Probe> probe;
  Time period_ends;
  std::uint64_t last_sequence = 0;
  std::map<std::uint64_t, Errand> errands;  ///< by this node's own sequence

  Rumours rumours;
  Time gossip_at = never;
  Time sync_at = never;

  bool leaving = false;
  std::size_t goodbyes = 0;  ///< still to be said

  Output output;
  Counts counts;

  // swim.cc
  void notice_stall(Time now);
  void wake(Time now);
  Time deadline() const;
  void set_members(Time now, const std::vector<NodeId>& list);
  /// Members that are not dead, this node included.
  std::size_t group_size() const;
  Member* find(NodeId node);
  /// Up to `count` different members that `wanted` accepts, drawn.
  template <class Wanted>
  std::vector<NodeId> draw(std::size_t count, Wanted wanted) {
    std::vector<NodeId> from;
    for (const auto& [node, member] : members) {
      if (wanted(node, member)) from.push_back(node);
    }
    for (std::size_t at = 0; at < from.size() && at < count; ++at)
      std::swap(from[at], from[at + rng.below(from.size() - at)]);
    if (from.size() > count) from.resize(count);
    return from;
  }

  // probing.cc
  void begin_period(Time now);
  void end_period(Time now);
  void ask_helpers();
  void run_errands(Time now);
  void receive(Time now, NodeId from, const Ping& ping);
  void receive(Time now, NodeId from, const Ack& ack);
  void receive(Time now, NodeId from, const PingRequest& request);
  void receive(Time now, NodeId from, const Nack& nack);

  // verdicts.cc
  void hear(Time now, const std::vector<Rumour>& heard);
  void hear(Time now, const Rumour& rumour);
  void hear_of_self(Time now, const Rumour& rumour);
  void believe(Time now, Member& member, const Rumour& rumour);
  void confirm(Time now, Member& member, const Rumour& rumour);
  void end_suspicions(Time now);
  Verdict verdict_of(NodeId node, const Member& member) const;
  Rumour own_word() const;

  // spreading.cc
  void receive(Time now, NodeId from, const Gossip& gossip);
  void receive(Time now, NodeId from, const Sync& sync);
  void vouch(Time now, NodeId peer, Time sent);
  /// What rides along to `to`: first what it must know of itself, then the news.
  std::vector<Rumour> riders(NodeId to);
  void spread(Time now, const Rumour& rumour);
  void gossip(Time now);
  void exchange(Time now);
  void sync_with(NodeId peer);
  void send_all(NodeId to, bool answer, const std::vector<Rumour>& all);
  void leave(Time now);
  bool gone() const;
  void send(NodeId to, Message message) { output.send.push_back({to, std::move(message)}); }

  // invariants.cc
  std::optional<std::string> broken_rule() const;
};

}  // namespace nodedb::swim
