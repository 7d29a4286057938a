// SPDX-License-Identifier: Apache-2.0
#pragma once

// One Swim, node 1 of so many, among puppets: the test says what they say and sees what they are told.

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "swim/swim.h"

namespace nodedb::swim::test {

inline Options strict(Options options = {}) {
  options.check_rules = true;
  return options;
}

class Solo {
 public:
  explicit Solo(std::uint32_t members, PlantedBugs bugs = {}, const Options& given = strict())
      : options(given), swim(NodeId(1), Incarnation(7), given, Rng(5), now, bugs) {
    std::vector<NodeId> all;
    for (std::uint32_t id = 1; id <= members; ++id) all.push_back(NodeId(id));
    swim.set_members(now, all);
    // All have been heard, and the news of this node's own coming is old.
    for (std::uint32_t id = 2; id <= members; ++id) {
      swim.receive(now, NodeId(id), Gossip{{{NodeId(id), {Incarnation(3), 0}, Standing::alive, NodeId(id)}}});
    }
    pass(10 * ns_per_s, true);
    sent.clear();
    changes.clear();
  }

  /// Lets time pass, waking it whenever it asks. With `answering`, every ping is answered at once.
  void pass(std::int64_t ns, bool answering = false) {
    const Time end = now + ns;
    collect(answering);
    while (swim.deadline() <= end) {
      now = std::max(now, swim.deadline());
      swim.wake(now);
      collect(answering);
    }
    now = end;
  }
  /// Goes on until it has just pinged somebody.
  std::pair<NodeId, Ping> next_ping() {
    sent.clear();
    while (!last<Ping>()) {
      now = std::max(now, swim.deadline());
      swim.wake(now);
      collect(false);
    }
    return *last<Ping>();
  }
  void hear(std::uint32_t from, const Message& message) {
    swim.receive(now, NodeId(from), message);
    collect(false);
  }
  void told(std::uint32_t from, const Rumour& rumour) { hear(from, Gossip{{rumour}}); }
  /// The latest message of a kind, to anybody or to `to`.
  template <class Kind>
  std::optional<std::pair<NodeId, Kind>> last(std::uint32_t to = 0) const {
    for (auto at = sent.rbegin(); at != sent.rend(); ++at) {
      const auto* message = std::get_if<Kind>(&at->message);
      if (message != nullptr && (to == 0 || at->to == NodeId(to))) return std::pair(at->to, *message);
    }
    return std::nullopt;
  }
  template <class Kind>
  std::size_t count() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        sent, [](const Outgoing& one) { return std::holds_alternative<Kind>(one.message); }));
  }
  Standing standing(std::uint32_t node) const { return swim.verdict(NodeId(node))->standing; }
  void collect(bool answering) {
    Output out = swim.take_output();
    for (Outgoing& one : out.send) {
      if (const auto* ping = std::get_if<Ping>(&one.message); ping != nullptr && answering)
        swim.receive(now, one.to, Ack{ping->sequence, {}});
      sent.push_back(std::move(one));
    }
    changes.insert(changes.end(), out.changes.begin(), out.changes.end());
  }

  Time now{100 * ns_per_s};
  Options options;
  Swim swim;
  std::vector<Outgoing> sent;
  std::vector<Change> changes;
};

inline bool speaks_of(const std::vector<Rumour>& rumours, const Rumour& word) {
  return std::ranges::find(rumours, word) != rumours.end();
}

inline Rumour say(std::uint32_t node, Standing standing, std::uint32_t by, std::uint64_t boot = 3,
                  std::uint32_t refutation = 0) {
  return {NodeId(node), {Incarnation(boot), refutation}, standing, NodeId(by)};
}

}  // namespace nodedb::swim::test
