// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who is alive, as one node sees it: SWIM (Das, Gupta, Motivala, 2002) with Lifeguard (Dadgar, Phillips,
// Currey, 2018), pure: events in, messages and changed verdicts out, `now` given, luck from a given Rng. No
// ticks: it answers with its next deadline. Owned by the core thread.
//
// Its verdicts are hints. Who is a member is not for SWIM to say: it is told (`set_members`), and what it
// hears of anybody else is nothing to it.
//
//              no ack, direct or by others          no refutation in time
//      alive ──────────────────────────────▶ suspect ───────────────────▶ dead
//        ▲  ▲            refutation             │                           │
//        │  └───────────────────────────────────┘                           │
//        └──────────────── refutation, or a new life ───────────────────────┘        any ── goodbye ──▶ left
//
// In each period one member is probed: by a ping, then through helpers, which say so if they get no answer
// either (a nack: the fault may be this node's own). A member that has just answered by other means (`vouch`)
// needs no ping; so an idle cluster, whose nodes hear each other's pulses, says nothing for SWIM's sake.
// News rides along on pings and acks and, while there is some, is told to a few members every gossip_ns.
// Messages travel in datagrams; any may be lost.
//
// One thing is beyond the papers: a node that has stood still notices, because it is woken long after the
// deadline that it gave. What it was waiting for then is waited for anew.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "swim/options.h"
#include "swim/types.h"

namespace nodedb::swim {

/// What it has to say since the last time.
struct Output {
  std::vector<Outgoing> send;
  std::vector<Change> changes;
};

struct Counts {
  std::uint64_t probes = 0;   ///< members whose turn came
  std::uint64_t vouched = 0;  ///< of these: needed no ping
  std::uint64_t failed = 0;   ///< of these: no answer at all
  std::uint64_t refuted = 0;  ///< what was said of this node
  std::uint64_t stalls = 0;   ///< times that this node stood still
  std::uint64_t ignored = 0;  ///< rumours and answers that mean nothing: unknown member, impossible life
};

class Swim {
 public:
  /// Pre: options.validate() is empty; `self` is not 0.
  Swim(NodeId self, Incarnation boot, const Options& options, Rng rng, Time now, PlantedBugs bugs = {});
  ~Swim();
  Swim(Swim&&) noexcept;
  Swim& operator=(Swim&&) noexcept;

  // --- events ---

  /// The members as group 0 has them, this node among them or not. At most limits::swim_members_max. Those
  /// that are new are taken to be alive, those that are not in it are forgotten.
  void set_members(Time now, const std::vector<NodeId>& members);
  /// A message from a member, whose name its connection has proved. From anybody else: nothing.
  void receive(Time now, NodeId from, const Message& message);
  /// `peer` has answered something that this node sent at `sent`: as good as an ack.
  void vouch(Time now, NodeId peer, Time sent);
  /// A connection to `peer` stands: all that is known is exchanged.
  void connected(Time now, NodeId peer);
  /// Says goodbye. Nobody is probed from then on; `gone()` tells when enough have heard it.
  void leave(Time now);
  /// Call when `deadline()` has come.
  void wake(Time now);

  Output take_output();
  /// The next instant at which `wake` has something to do.
  Time deadline() const;

  // --- facts ---

  NodeId self() const;
  Life life() const;
  /// Ordered by node. This node is among them if it is a member.
  std::vector<Verdict> verdicts() const;
  std::optional<Verdict> verdict(NodeId node) const;
  /// 0: well; each step adds one base wait to the waits of this node.
  std::uint32_t ill() const;
  /// The goodbye has been sent often enough, or there is nobody to hear it.
  bool gone() const;
  const Counts& counts() const;
  /// The first rule that the state breaks; nothing when all hold.
  std::optional<std::string> broken_rule() const;

 private:
  struct State;
  template <class Event>
  void step(Time now, Event event);

  std::unique_ptr<State> state_;
};

}  // namespace nodedb::swim
