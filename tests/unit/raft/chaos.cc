// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/raft/chaos.h"

#include <numeric>

namespace nodedb::raft::test {

namespace {

class Chaos {
 public:
  Chaos(std::uint64_t seed, const ChaosPlan& plan, PlantedBugs bugs)
      : plan_(plan),
        rng_(seed ^ 0x5eed),
        world_(seed, ids(plan.nodes), voters(plan.voters), plan.options, bugs) {
    draw_climate();
  }

  ChaosResult run() {
    for (int round = 0; round < plan_.rounds && !world_.broken(); ++round) {
      deed();
      world_.run(rng_.between(0, plan_.round_max_ns));
    }
    if (!world_.broken()) heal();
    result_.broken = result_.broken ? result_.broken : world_.broken();
    result_.committed = world_.checker.committed(GroupId(7));
    result_.reads_granted = world_.reads_granted;
    result_.snapshots = world_.snapshots_installed;
    result_.crashes = world_.crashes;
    result_.lost = world_.lost.size();
    return result_;
  }

 private:
  static std::vector<std::uint32_t> ids(std::uint32_t n) {
    std::vector<std::uint32_t> out(n);
    std::iota(out.begin(), out.end(), 1U);
    return out;
  }

  std::uint32_t some_node() { return static_cast<std::uint32_t>(rng_.between(1, plan_.nodes)); }

  void draw_climate() {
    if (!plan_.lossy) return;
    world_.climate.loss = rng_.chance(0.5) ? 0.0 : 0.2;
    world_.climate.repeat = rng_.chance(0.5) ? 0.0 : 0.1;
    world_.climate.delay_max_ns = rng_.between(1, 60) * ns_per_ms;
    world_.climate.persist_max_ns = rng_.between(1, 80) * ns_per_ms;
  }

  void deed() {
    const std::uint32_t leader = world_.leader();
    const auto drawn = rng_.below(100);
    if (drawn < 45) {
      write();
    } else if (drawn < 60) {
      read();
    } else if (drawn < 68) {
      if (plan_.crashes) crash(leader);
    } else if (drawn < 76) {
      for (std::uint32_t id = 1; id <= plan_.nodes; ++id) {
        if (rng_.chance(0.7)) world_.restart(id);
      }
    } else if (drawn < 82) {
      if (plan_.cuts) cut(leader);
    } else if (drawn < 88) {
      world_.heal();
    } else if (drawn < 92) {
      if (plan_.transfers && leader != 0) transfer(leader);
    } else if (drawn < 96) {
      if (plan_.changes && leader != 0) change(leader);
    } else if (plan_.compactions) {
      compact();
    }
  }

  void write() {
    for (std::uint32_t id = 1; id <= plan_.nodes; ++id) {
      if (!world_.up(id) || world_.group(id).role() != Role::leader) continue;
      const auto count = rng_.between(1, 5);
      for (int i = 0; i < count; ++i) (void)world_.propose(id, "v" + std::to_string(next_value_++));
    }
  }

  void read() {
    for (std::uint32_t id = 1; id <= plan_.nodes; ++id) {
      if (world_.up(id) && rng_.chance(0.7)) world_.read(id);
    }
  }

  void crash(std::uint32_t leader) {
    const std::uint32_t id = leader != 0 && rng_.chance(0.4) ? leader : some_node();
    if (world_.up(id)) world_.crash(id);
    if (rng_.chance(0.5)) world_.restart(id);
  }

  void cut(std::uint32_t leader) {
    if (leader != 0 && rng_.chance(0.5)) return world_.isolate(leader);
    world_.cut(some_node(), some_node());
    world_.cut(some_node(), some_node());
  }

  void transfer(std::uint32_t leader) {
    if (world_.group(leader).transfer(world_.now(), NodeId(some_node()))) ++result_.transfers;
    world_.drain(leader);
  }

  void change(std::uint32_t leader) {
    Group& group = world_.group(leader);
    const Config& now = group.config();
    Result<Config> next = fail(Code::invalid_state, "");
    if (now.joint()) {
      next = rng_.chance(0.5) ? leave_joint(now) : leave_joint_back(now);
    } else {
      const auto op = [&] { return static_cast<ChangeOp>(rng_.below(3)); };
      const std::vector<Change> one{Change{op(), NodeId(some_node())}};
      const std::vector<Change> more{one[0], Change{op(), NodeId(some_node())},
                                     Change{op(), NodeId(some_node())}};
      next = rng_.chance(0.5) ? change_simple(now, one) : enter_joint(now, rng_.chance(0.7), more);
    }
    if (next && group.change_config(world_.now(), *next)) ++result_.changes;
    world_.drain(leader);
  }

  void compact() {
    for (std::uint32_t id = 1; id <= plan_.nodes; ++id) {
      if (world_.up(id) && rng_.chance(0.5)) world_.compact(id, static_cast<std::size_t>(rng_.below(400)));
    }
  }

  void heal() {
    world_.heal();
    world_.climate = Climate{};
    for (std::uint32_t id = 1; id <= plan_.nodes; ++id) world_.restart(id);
    world_.run(20 * ns_per_s,
               [&] { return world_.settled() && !world_.group(world_.leader()).transferring_to(); });
    const std::uint32_t leader = world_.leader();
    if (leader == 0) return give_up("no leader after healing");
    if (!world_.settled()) return give_up("replicas do not agree after healing");
    const auto at = world_.propose(leader, "last");
    if (!at) return give_up("the healed group takes no proposal: " + at.error().detail);
    world_.read(leader);
    const int before = world_.reads_granted;
    const bool done = world_.run(5 * ns_per_s, [&] {
      return world_.settled() && world_.group(leader).commit() >= at->index && world_.reads_granted > before;
    });
    if (!done && world_.reads_granted == before) world_.run(ns_per_s);
    if (!world_.settled()) give_up("the healed group makes no progress");
  }

  void give_up(const std::string& what) {
    if (!world_.broken()) result_.broken = what;
  }

  ChaosPlan plan_;
  Rng rng_;
  World world_;
  ChaosResult result_;
  int next_value_ = 1;
};

}  // namespace

ChaosResult run_chaos(std::uint64_t seed, const ChaosPlan& plan, PlantedBugs bugs) {
  return Chaos(seed, plan, bugs).run();
}

}  // namespace nodedb::raft::test
