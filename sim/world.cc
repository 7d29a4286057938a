// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <algorithm>
#include <utility>

namespace nodedb::sim {

namespace {

constexpr std::uint64_t init_tag = 1;

}  // namespace

World::World(Climate climate, Bugs bugs, Listeners listeners, const Application& application)
    : climate_(climate),
      listeners_(std::move(listeners)),
      rng_(mix(climate.seed, 0x776f726c64)),
      oracle_(schedule_, {{climate.on(Fault::config), climate.on(Fault::members)},
                          {climate.replication, climate.on(Fault::migrate)}}),
      kept_down_(climate.machines()),
      started_(climate.machines()),
      gone_(climate.machines()),
      late_(mix(climate.seed, 0x7370617265)) {
  cluster_ = Uuid::v4(rng_);
  for (std::size_t i = 0; i < climate_.machines(); ++i) {
    uuids_.push_back(Uuid::v4(rng_));
    addresses_.push_back("node" + std::to_string(i + 1) + ":7000");
  }
  network_ =
      std::make_unique<Network>(climate_, schedule_, static_cast<Network::Receiver&>(*this), rng_.fork());
  for (std::size_t i = 0; i < climate_.machines(); ++i) {
    hosts_.push_back(std::make_unique<Host>(
        i, options_for(i, bugs), Host::World{climate_, schedule_, oracle_, *this, application.machine},
        rng_.fork(), bugs.machine));
    hosts_[i]->clocks().set_rate(0, rng_.between(-climate_.drift_ppm, climate_.drift_ppm));
    if (climate_.on(Fault::wall_jump)) hosts_[i]->clocks().jump_wall(rng_.between(-ns_per_s, ns_per_s));
  }
  oracle_.look_through([this](std::size_t node) { return gone_[node] ? nullptr : hosts_[node]->core(); });
  oracle_.listen([this] {
    std::int64_t since = network_->quiet_since();
    for (const auto& host : hosts_) since = std::max(since, host->paused_until());
    return since;
  });
  crowd_ = application.crowd(climate_, schedule_, static_cast<Servers&>(*this), oracle_, rng_.fork());
  nemesis_ = std::make_unique<Nemesis>(climate_, schedule_, static_cast<Nemesis::Power&>(*this), rng_.fork());
  membership_ =
      std::make_unique<MembershipNemesis>(climate_, schedule_, static_cast<MembershipNemesis::Power&>(*this),
                                          oracle_, Rng(mix(climate_.seed, 0x6d656d62657273)));
  exchange_ =
      std::make_unique<ExchangeNemesis>(climate_, schedule_, static_cast<MembershipNemesis::Power&>(*this),
                                        oracle_, Rng(mix(climate_.seed, 0x6361)));
}

node::Options World::options_for(std::size_t node, const Bugs& bugs) const {
  node::Options o;
  o.uuid = uuids_[node];
  o.cluster = cluster_;
  o.address = addresses_[node];
  o.client_address = "node" + std::to_string(node + 1) + ":6379";
  o.seeds.assign(addresses_.begin(), addresses_.begin() + static_cast<std::ptrdiff_t>(climate_.nodes));
  o.replication_factor = climate_.replication;
  o.raft.election_timeout_ns = climate_.election_ns;
  o.raft.resend_ns = climate_.resend_ns;
  o.raft.lease_reads = climate_.lease_reads;
  o.raft.append_entries_max = climate_.append_entries_max;
  o.raft.inflight_appends_max = climate_.inflight_appends_max;
  o.pulse_ns = climate_.pulse_ns;
  o.rebalance_after_ns = climate_.rebalance_ns;
  o.log_bytes_per_node = climate_.log_bytes_per_node;
  o.log_bytes_per_group = climate_.log_bytes_per_group;
  o.log_bytes_max = climate_.log_bytes_max;
  o.admission = climate_.admission;
  o.snapshot_chunk_bytes = climate_.snapshot_chunk_bytes;
  o.vshards_placed = climate_.vshards;
  o.trace = static_cast<bool>(listeners_.trace);
  o.swim = swim::Options::of(climate_.impatient_swim ? swim::Profile::local : swim::Profile::lan);
  o.swim.check_rules = true;
  o.raft_bugs = bugs.raft;
  o.bugs = bugs.node;
  o.bugs.verdicts_wrong |= climate_.verdicts_wrong;
  return o;
}

std::size_t World::index_of(const Uuid& uuid) const {
  return static_cast<std::size_t>(std::ranges::find(uuids_, uuid) - uuids_.begin());
}

// --- wiring ---

void World::connected(std::size_t node, std::size_t peer, bool dialled) {
  hosts_[node]->happened(node::PeerConnected{uuids_[peer], dialled ? addresses_[peer] : std::string()});
}

void World::disconnected(std::size_t node, std::size_t peer) {
  hosts_[node]->happened(node::PeerDisconnected{uuids_[peer]});
}

void World::received(std::size_t node, std::size_t from, wire::PeerMessage message) {
  if (hosts_[node]->about_certificates(uuids_[from], message)) return;
  hosts_[node]->happened(node::FromPeer{uuids_[from], std::move(message)});
}

bool World::trusts(std::size_t node, const Digest& issuer) {
  return !climate_.on(Fault::authority) || hosts_[node]->certificates().authorities.contains(issuer);
}

void World::codec_failed(std::size_t from, const Error& error) {
  oracle_.complain("C8", "a message of " + name_of(from) + " does not survive its encoding: " + error.detail);
}

void World::send(std::size_t node, wire::Outbound out) {
  const std::size_t to = index_of(out.to);
  if (to >= hosts_.size()) return oracle_.complain("C8", name_of(node) + " writes to a stranger");
  oracle_.sent(node, *hosts_[node]->core(), to, out.message);
  network_->send(node, to, std::move(out.message));
}

void World::answer(std::size_t node, node::ClientReply reply) {
  schedule_.note(mix(node, reply.tag));
  crowd_->answered(std::move(reply));
}

void World::answer(std::size_t node, node::OperatorReply reply) {
  if (reply.tag == move_tag) {
    const std::string told = reply.result ? "taken" : std::string(nodedb::name(reply.result.error().code));
    schedule_.mark("move-" + told);
    return say(node, "a move is asked for: " + (reply.result ? told : reply.result.error().detail));
  }
  if (reply.tag == exchange_tag) {
    schedule_.mark("exchange-" +
                   (reply.result ? "taken" : std::string(nodedb::name(reply.result.error().code))));
    return say(node, "authorities: " + (reply.result ? "taken" : reply.result.error().detail));
  }
  if (reply.tag > membership_tags) {
    if (!reply.result) say(node, "a change is refused: " + reply.result.error().detail);
    return membership_->answered(reply.tag, reply.result ? nullptr : &reply.result.error());
  }
  if (reply.tag != init_tag) return;
  if (!reply.result) return say(node, "init: " + reply.result.error().detail);
  formed_ = true;
}

void World::peers(std::size_t node, const std::vector<node::Peer>& peers) {
  std::vector<std::size_t> wanted;
  for (const node::Peer& peer : peers) {
    const std::size_t index = index_of(peer.uuid);
    if (index < hosts_.size()) wanted.push_back(index);
  }
  network_->dial(node, std::move(wanted));
}

void World::trace(std::size_t node, const std::vector<node::TraceEvent>& events) {
  if (!listeners_.trace) return;
  for (const node::TraceEvent& event : events) listeners_.trace(id_of(node), event);
}

void World::notice(std::size_t node, const std::string& text) {
  say(node, text);
}

void World::say(std::size_t node, const std::string& text) {
  if (listeners_.notice) listeners_.notice(schedule_.now(), name_of(node) + ": " + text);
}

void World::drained(std::size_t node) {
  nemesis_->drained(node);
}

/// Its disk is thrown away.
void World::retired(std::size_t node) {
  schedule_.mark("machine-retired");
  gone_[node] = true;
  crash(node);
}

void World::lose(std::size_t node) {
  say(node, "is lost for good");
  gone_[node] = true;
  crash(node);
}

void World::must_stop(std::size_t node) {
  crash(node);
  nemesis_->must_restart(node);
}

Fate World::writing(std::size_t node, DurableWrite what) {
  return script_ == nullptr ? Fate::kept : script_->writing(*this, node, what);
}

void World::wrote(std::size_t node) {
  if (script_ != nullptr) script_->wrote(*this, node);
}

bool World::request(std::size_t node, node::ClientRequest request) {
  if (!hosts_[node]->running()) return false;
  schedule_.note(mix(node, request.tag));
  hosts_[node]->happened(std::move(request));
  return true;
}

void World::crash(std::size_t node) {
  if (!hosts_[node]->running()) return;
  say(node, "crashes");
  hosts_[node]->crash();
  network_->stop(node);
  crowd_->broken(node);
}

void World::boot(std::size_t node) {
  if (hosts_[node]->running() || gone_[node]) return;
  say(node, "boots");
  started_[node] = true;
  if (climate_.on(Fault::authority)) exchange_->equip(node);
  hosts_[node]->boot();
  connect(node);
}

void World::connect(std::size_t node) {
  if (!hosts_[node]->running()) return;
  network_->dial(node, seeds_of(node));
  network_->start(node);
}

void World::wipe(std::size_t node) {
  lose(node);
  say(node, "boots with an empty disk");
  hosts_[node]->boot_wiped();
  connect(node);
}

/// The founders; where those may be gone, whoever an operator knows of.
std::vector<std::size_t> World::seeds_of(std::size_t node) const {
  std::vector<std::size_t> seeds;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const bool founder = i < climate_.nodes;
    const bool known = climate_.on(Fault::members) ? !gone_[i] && (founder || started_[i]) : founder;
    if (known && i != node) seeds.push_back(i);
  }
  return seeds;
}

void World::start_trouble() {
  nemesis_->start();
  if (climate_.on(Fault::members)) membership_->start();
  if (climate_.on(Fault::authority)) exchange_->start();
  crowd_->start();
}

void World::ask_init(std::size_t node) {
  hosts_[node]->happened(node::Init{init_tag});
}

// --- the run ---

bool World::run_for(std::int64_t ns) {
  const std::int64_t until = schedule_.now() + ns;
  while (!oracle_.violation() && schedule_.run_one(until)) continue;
  return !oracle_.violation();
}

bool World::run_until(std::int64_t within_ns, const std::function<bool()>& done,
                      const std::function<std::string()>& why) {
  const std::int64_t deadline = schedule_.now() + within_ns;
  while (!done()) {
    if (schedule_.now() >= deadline) {
      oracle_.complain("C6", why());
      return false;
    }
    if (!run_for(50 * ns_per_ms)) return false;
  }
  return !oracle_.violation();
}

/// Every now and then: nothing that input can grow has grown without bound (rule C7).
void World::keep_books() {
  // What comes between two flushes, and what waits to be committed, is beyond the cap.
  const std::size_t bound = 4 * climate_.log_bytes_per_node + 100'000;
  for (const std::size_t node : alive()) {
    const node::Status status = hosts_[node]->status();
    if (status.log_bytes > bound) {
      oracle_.complain("C7", name_of(node) + " keeps " + std::to_string(status.log_bytes) + " bytes of log");
    }
    // The node's own requests come on top.
    const std::size_t requests_max = std::min<std::size_t>(10'000, climate_.admission.requests_max + 100);
    if (status.requests_waiting > requests_max) oracle_.complain("C7", name_of(node) + " hoards requests");
  }
  schedule_.after(2 * ns_per_s, [this] { keep_books(); });
}

void World::press_init() {
  if (formed_) return;
  ask_init(rng_.below(climate_.nodes));
  schedule_.after(rng_.between(500 * ns_per_ms, 3 * ns_per_s), [this] { press_init(); });
}

std::vector<std::size_t> World::alive() const {
  std::vector<std::size_t> out;
  for (std::size_t node = 0; node < hosts_.size(); ++node) {
    if (hosts_[node]->running()) out.push_back(node);
  }
  return out;
}

bool World::form() {
  for (std::size_t node = 0; node < climate_.nodes; ++node) {
    schedule_.after(rng_.between(0, 500 * ns_per_ms), [this, node] { boot(node); });
  }
  for (std::size_t node = climate_.nodes; node < climate_.nodes + climate_.spares; ++node) {
    schedule_.after(late_.between(0, climate_.duration_ns / 3), [this, node] { start_spare(node); });
  }
  schedule_.after(rng_.between(0, ns_per_s), [this] { press_init(); });
  keep_books();
  if (climate_.early) {
    start_trouble();
    return run_for(climate_.duration_ns);
  }
  if (!run_until(
          patience_ns, [this] { return formed_ && all_led(); },
          [] { return "the cluster was not formed"; })) {
    return false;
  }
  if (script_ != nullptr) return play();
  start_trouble();
  return run_for(climate_.duration_ns);
}

bool World::play() {
  if (!run_until(
          patience_ns, [this] { return all_joined(); }, [this] { return unsettled_; })) {
    return false;
  }
  crowd_->start();
  script_->play(*this);
  return !oracle_.violation();
}

Report World::run(Script* script) {
  Report report;
  script_ = script;
  if (form() && come_right() && script_ != nullptr) script_->judge(*this);
  crowd_->judge(report);
  report.violation = oracle_.violation();
  report.digest = schedule_.digest();
  report.simulated_ns = schedule_.now();
  report.actions = schedule_.actions_run();
  report.messages = network_->messages();
  report.answers = crowd_->answers();
  report.marks = schedule_.marks().counts();
  return report;
}

}  // namespace nodedb::sim
