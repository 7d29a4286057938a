// SPDX-License-Identifier: Apache-2.0
#pragma once

// The whole cluster, its network, disks, clocks, clients and misfortunes, in one thread under one seed. Runs
// real node code. A run: the nodes boot and the cluster is formed; trouble and clients for the climate's
// duration; then calm, in which everything must come right within a bound (rule C6); then the books are
// checked.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "history/history.h"
#include "node/options.h"
#include "sim/climate.h"
#include "sim/crowd.h"
#include "sim/exchange_nemesis.h"
#include "sim/host.h"
#include "sim/membership_judge.h"
#include "sim/membership_nemesis.h"
#include "sim/nemesis.h"
#include "sim/network.h"
#include "sim/oracle.h"
#include "sim/schedule.h"

namespace nodedb::sim {

using history::History;
using history::Operation;

/// What to break on purpose; sim/bugs.h names them.
struct Bugs {
  raft::PlantedBugs raft;
  node::PlantedBugs node;
  Host::Mistakes machine;
};

struct Listeners {
  /// Lines for people, with the true time; empty: nobody listens.
  std::function<void(std::int64_t at_ns, const std::string&)> notice;
  std::function<void(NodeId, const node::TraceEvent&)> trace;
};

struct Report {
  std::optional<Violation> violation;
  std::uint64_t digest = 0;  ///< of every event: equal for two runs of one seed
  std::int64_t simulated_ns = 0;
  std::uint64_t actions = 0;
  std::uint64_t messages = 0;
  std::uint64_t answers = 0;
  std::size_t search_states = 0;
  std::string undecided;  ///< the key whose history was too much for the checker's bounds
  Marks::Counts marks;
  History history;
  History witness;  ///< of a violation of linearizability
};

/// How long a healed cluster may take for each step of coming right: many elections, snapshots and retries.
inline constexpr std::int64_t patience_ns = 60 * ns_per_s;

class World final : Network::Receiver, Host::Outside, Servers, Nemesis::Power, MembershipNemesis::Power {
 public:
  World(Climate climate, Bugs bugs, Listeners listeners, const Application& application = key_value());
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  /// Takes the place of the nemesis, once the cluster is formed and every spare has joined.
  struct Script {
    virtual ~Script() = default;
    virtual void play(World& world) = 0;
    /// All has come right: one last look.
    virtual void judge(World& world) = 0;
    virtual Fate writing(World& world, std::size_t node, DurableWrite what) = 0;
    virtual void wrote(World& world, std::size_t node) = 0;
  };

  Report run(Script* script = nullptr);
  std::int64_t now_ns() const { return schedule_.now(); }

  // --- for scripts ---
  const Climate& climate() const { return climate_; }
  Host& host(std::size_t node) override { return *hosts_[node]; }
  Network& network() override { return *network_; }
  Oracle& oracle() { return oracle_; }
  void crash(std::size_t node) override;
  void boot(std::size_t node) override;
  void after(std::int64_t delay_ns, Schedule::Action action) { schedule_.after(delay_ns, std::move(action)); }
  bool started(std::size_t node) const override { return started_[node]; }
  const Uuid& uuid_of(std::size_t node) const override { return uuids_[node]; }
  /// The machine never boots again.
  void give_up(std::size_t node) { gone_[node] = true; }
  ExchangeNemesis& authorities() { return *exchange_; }
  void mark(std::string_view what) { schedule_.mark(what); }
  /// `machines` if nobody does.
  std::size_t leader_of(GroupId group) { return nemesis_->leader_of(group); }
  /// Rules C3 and C4: no migration and no ghost is left, every member is active, every vShard lies where its
  /// placement says, and nothing of it anywhere else.
  bool all_settled();
  /// What is missing to that.
  const std::string& unsettled() const { return unsettled_; }
  /// Runs for `ns`, or until a rule is broken. False: broken.
  bool run_for(std::int64_t ns);
  /// Runs until `done` holds, looked at every 50 ms; `within_ns` over: rule C6 is broken by what `why` says.
  bool run_until(std::int64_t within_ns, const std::function<bool()>& done,
                 const std::function<std::string()>& why);

 private:
  // Network::Receiver
  void connected(std::size_t node, std::size_t peer, bool dialled) override;
  void disconnected(std::size_t node, std::size_t peer) override;
  void received(std::size_t node, std::size_t from, wire::PeerMessage message) override;
  Digest shown_by(std::size_t node) override { return hosts_[node]->certificates().issuer; }
  bool trusts(std::size_t node, const Digest& issuer) override;
  void codec_failed(std::size_t from, const Error& error) override;
  // Host::Outside
  void send(std::size_t node, wire::Outbound out) override;
  void answer(std::size_t node, node::ClientReply reply) override;
  void answer(std::size_t node, node::OperatorReply reply) override;
  void peers(std::size_t node, const std::vector<node::Peer>& peers) override;
  void certified(std::size_t node) override { network_->judge_again(node); }
  void trace(std::size_t node, const std::vector<node::TraceEvent>& events) override;
  void notice(std::size_t node, const std::string& text) override;
  void drained(std::size_t node) override;
  void retired(std::size_t node) override;
  void must_stop(std::size_t node) override;
  Fate writing(std::size_t node, DurableWrite what) override;
  void killed(std::size_t node) override { crash(node); }
  void wrote(std::size_t node) override;
  // Servers
  bool request(std::size_t node, node::ClientRequest request) override;
  // Nemesis::Power
  void ask_init(std::size_t node) override;
  void bear_witness(VShardId vshard, std::size_t node, std::int64_t for_ns) override {
    crowd_->bear_witness(vshard, node, for_ns);
  }
  bool formed() const override { return formed_; }
  // MembershipNemesis::Power
  bool gone(std::size_t node) const override { return gone_[node]; }
  void lose(std::size_t node) override;
  void wipe(std::size_t node) override;
  void bring(std::size_t node) override { start_spare(node); }

  void connect(std::size_t node);
  node::Options options_for(std::size_t node, const Bugs& bugs) const;
  std::size_t index_of(const Uuid& uuid) const;
  void say(std::size_t node, const std::string& text);
  void keep_books();
  void press_init();

  bool form();
  bool play();
  bool come_right();
  void heal();
  /// Boots the spare once those before it are members: so node i is NodeId i + 1 for spares, too.
  void start_spare(std::size_t node);
  static std::string left_over(const node::Status& status);
  bool all_joined();
  /// The machines that a node dials when it starts.
  std::vector<std::size_t> seeds_of(std::size_t node) const;
  void start_trouble();
  // world_members.cc
  bool members_settled();
  bool judge_members();
  std::string members_amiss(std::size_t driver);
  void pull_the_forgotten(std::size_t driver);
  MembershipJudge::Machines machines();
  bool placed(std::size_t driver);
  bool all_led();
  bool all_know();
  bool all_equal();
  bool all_verdicts_true();
  std::vector<std::size_t> alive() const;
  std::uint32_t groups() const { return climate_.vshards + 1; }

  Climate climate_;
  Listeners listeners_;
  Rng rng_;
  Schedule schedule_;
  Oracle oracle_;
  std::vector<Uuid> uuids_;
  Uuid cluster_;
  std::vector<std::string> addresses_;
  std::unique_ptr<Network> network_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::unique_ptr<Crowd> crowd_;
  std::unique_ptr<Nemesis> nemesis_;
  std::unique_ptr<MembershipNemesis> membership_;
  std::unique_ptr<ExchangeNemesis> exchange_;
  Script* script_ = nullptr;
  bool formed_ = false;
  std::vector<bool> kept_down_;
  std::vector<bool> started_;
  std::vector<bool> gone_;  ///< for good: lost, or retired
  std::int64_t look_again_ns_ = 0;
  std::int64_t pull_again_ns_ = 0;
  Rng late_;  ///< of what only worlds with spares draw
  std::string unequal_;
  std::string misjudged_;
  std::string unknowing_;
  std::string unsettled_;
  std::string amiss_ = "nobody has looked";  ///< as it was seen last
};

}  // namespace nodedb::sim
