// SPDX-License-Identifier: Apache-2.0
#pragma once

// Many members of SWIM alone on a network that delays and loses, under one seed: for studies and for what a
// whole cluster is too dear to show. Members crash, come back, leave, are cut off, and are slow in the way of
// the Lifeguard paper's experiments: for a while what they send and what they are sent waits, while their own
// clock goes on; or they stand still altogether.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/rng.h"
#include "swim/swim.h"

namespace nodedb::sim {

/// Spells in which a slow member is blocked, and between them.
struct Slowness {
  std::int64_t blocked_min_ns = 1 * ns_per_s;
  std::int64_t blocked_max_ns = 16 * ns_per_s;
  std::int64_t free_min_ns = 10 * ns_per_ms;
  std::int64_t free_max_ns = 4 * ns_per_s;
  bool stands_still = false;  ///< its deadlines wait, too, not only its messages
};

struct PondPlan {
  std::uint32_t nodes = 8;
  swim::Options options{};
  swim::PlantedBugs bugs{};
  double loss = 0;
  std::int64_t delay_min_ns = 200 * ns_per_us;
  std::int64_t delay_max_ns = 2 * ns_per_ms;
  std::uint32_t slow = 0;  ///< the last so many members are
  Slowness slowness{};
};

class Pond {
 public:
  struct Seen {
    Time at;
    NodeId by;
    swim::Change change;
  };

  Pond(std::uint64_t seed, const PondPlan& plan);

  Time now() const { return now_; }
  /// Runs for so long, or until `until` holds, asked after every event. True if it does.
  bool run(std::int64_t for_ns, const std::function<bool()>& until = {});

  void crash(std::uint32_t node);
  /// Pre: it is down. Its boot counter rises.
  void restart(std::uint32_t node);
  void leave(std::uint32_t node);
  void block(std::uint32_t node, bool blocked);
  /// Nothing passes between the two sides.
  void split(std::set<std::uint32_t> side) { side_ = std::move(side); }
  void heal() { side_.clear(); }
  void set_loss(double loss) { plan_.loss = loss; }

  bool up(std::uint32_t node) const { return nodes_.at(node).swim != nullptr; }
  bool slow(std::uint32_t node) const { return node > plan_.nodes - plan_.slow; }
  const swim::Swim& swim(std::uint32_t node) const { return *nodes_.at(node).swim; }
  swim::Standing standing(std::uint32_t by, std::uint32_t of) const;
  /// Everybody that is up holds everybody for what it is: alive if it is up, dead or gone if not.
  bool all_true() const;

  const std::vector<Seen>& seen() const { return seen_; }
  std::uint64_t messages() const { return messages_; }
  std::size_t largest_bytes() const { return largest_bytes_; }
  /// The first rule that a member broke: its own, or that a life never falls in anybody's eyes.
  const std::optional<std::string>& broken() const { return broken_; }

 private:
  struct Node {
    std::unique_ptr<swim::Swim> swim;
    std::uint64_t boot = 0;
    std::uint64_t woken_for = 0;  ///< number of the latest wake that was ordered
    bool blocked = false;
    std::vector<std::function<void()>> held;  ///< what waits until it is free again
    std::map<NodeId, swim::Life> lives;       ///< the highest seen of each
  };
  struct Event {
    Time at;
    std::uint64_t order = 0;
    std::function<void()> deed;
    bool operator<(const Event& other) const { return std::tie(other.at, other.order) < std::tie(at, order); }
  };

  void at(Time when, std::function<void()> deed) { events_.push({when, ++order_, std::move(deed)}); }
  void boot(std::uint32_t id);
  void order_wake(std::uint32_t id);
  void wake(std::uint32_t id, std::uint64_t number);
  void settle(std::uint32_t id);
  void watch(std::uint32_t id);
  void transmit(std::uint32_t from, std::uint32_t to, const swim::Message& message);
  void deliver(std::uint32_t from, std::uint32_t to, const swim::Message& message);
  void next_spell(std::uint32_t id);

  PondPlan plan_;
  Rng rng_;
  Time now_{ns_per_s};
  std::uint64_t order_ = 0;
  std::vector<NodeId> members_;
  std::map<std::uint32_t, Node> nodes_;
  std::set<std::uint32_t> side_;
  std::priority_queue<Event> events_;
  std::vector<Seen> seen_;
  std::uint64_t messages_ = 0;
  std::size_t largest_bytes_ = 0;
  std::optional<std::string> broken_;
};

}  // namespace nodedb::sim
