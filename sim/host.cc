// SPDX-License-Identifier: Apache-2.0
#include "sim/host.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "kv/machine.h"
#include "meta/rows.h"
#include "node/namespaces.h"

namespace nodedb::sim {

namespace {

constexpr std::int64_t retry_full_ns = 200 * ns_per_ms;
constexpr std::int64_t no_alarm = std::numeric_limits<std::int64_t>::max();

/// Chosen so that the kept seeds have no such disk (tests/seeds/sim.txt), and the crash matrix has one.
constexpr std::uint64_t misread_salt = 35;

/// In some worlds one founder's disk is bad: a byte of a migration's checkpoint is another one when it boots.
/// Where somebody takes votes away it might be the only voter of group 0, and have nobody to ask.
bool misreads(const Climate& climate, std::size_t machine) {
  if (!climate.moves() || climate.nodes < 3 || climate.on(Fault::config)) return false;
  Rng rng(mix(climate.seed, misread_salt));
  return rng.chance(0.5) && rng.below(climate.nodes) == machine;
}

/// False: there is no such row.
bool misread(std::vector<Put>& rows, Rng rng) {
  for (Put& row : rows) {
    if (!row.key.starts_with(meta::checkpoint_rows)) continue;
    row.value[rng.below(row.value.size())] ^= static_cast<char>(rng.between(1, 255));
    return true;
  }
  return false;
}

}  // namespace

Host::Life::Life(node::Node node, StateDisk& state, std::unique_ptr<const StateMachine> data,
                 const meta::Machine& metadata, node::PlantedBugs bugs, CertificateKeeper certificates)
    : machine(std::move(data)),
      core(std::move(node)),
      applier(state, *machine, metadata, bugs),
      keeper(std::move(certificates)) {}

std::unique_ptr<const StateMachine> Host::key_value_machine() {
  return std::make_unique<const kv::Machine>();
}

Host::Host(std::size_t number, node::Options options, World world, Rng rng, Mistakes mistakes)
    : number_(number),
      options_(std::move(options)),
      metadata_machine_(options_.bugs.moves),
      world_(world),
      rng_(rng),
      mistakes_(mistakes),
      clock_(rng_.between(0, 1'000 * ns_per_s)) {
  world_.oracle.watch(log_, state_);
}

std::int64_t Host::around(std::int64_t mean) {
  return mean / 2 + rng_.between(0, mean);
}

std::vector<Put> Host::metadata_rows() {
  std::vector<Put> rows;
  const auto stored = state_.view(metadata_group);
  const node::MachineView view(*stored);
  for (auto at = view.seek({}); at->valid(); at->next())
    rows.push_back({Bytes(at->key()), Bytes(at->value())});
  return rows;
}

void Host::boot() {
  clock_.restart(world_.schedule.now(), rng_.between(0, 1'000 * ns_per_s));
  node::Boot boot;
  boot.incarnation = log_.next_incarnation();
  boot.log = log_.load().value();
  boot.states = state_.load().value();
  boot.metadata = metadata_rows();
  const bool damaged = misreads(world_.climate, number_) &&
                       misread(boot.metadata, Rng(mix(world_.climate.seed, boot.incarnation.value)));
  if (!start(std::move(boot)) || !damaged) return;
  world_.schedule.mark("row-damaged");
  if (status().quarantined.empty()) {
    world_.oracle.complain(
        "C8", "node " + std::to_string(number_ + 1) + " believes a checkpoint that its disk has damaged");
  }
}

void Host::boot_wiped() {
  clock_.restart(world_.schedule.now(), rng_.between(0, 1'000 * ns_per_s));
  node::Boot boot;
  boot.incarnation = Incarnation(1);
  if (start(std::move(boot))) life_->wiped = true;
}

bool Host::start(node::Boot boot) {
  auto machine = world_.machine();
  node::Options options = options_;
  options.check_command = [asked = machine.get()](BytesView command) { return asked->check(command); };
  auto core = node::Node::create(options, std::move(boot), rng_.fork(), clock_now());
  if (!core) {
    world_.oracle.complain("C8",
                           "node " + std::to_string(number_ + 1) + " cannot start: " + core.error().detail);
    return false;
  }
  ++life_number_;
  life_ = std::make_unique<Life>(
      std::move(*core), state_, std::move(machine), metadata_machine_, options_.bugs,
      CertificateKeeper(options_.uuid, files_, Rng(mix(life_number_, number_)), mistakes_.forgets_at_stage));
  life_->deadline = world_.schedule.now();
  life_->alarm = no_alarm;
  world_.oracle.booted(number_, life_->core);
  if (world_.climate.on(Fault::authority)) tend_certificates();
  set_alarm();
  return true;
}

void Host::crash() {
  if (!life_) return;
  world_.schedule.mark("crashed");
  if (life_->disk_busy) world_.schedule.mark("crashed-while-writing");
  const bool in_flight = life_->disk_busy && log_.trouble() != LogDisk::Trouble::full;
  log_.crash(in_flight ? std::span<const node::LogBatch>(life_->writing) : std::span<const node::LogBatch>(),
             rng_, mistakes_.accept_torn_batch);
  state_.crash(rng_);
  if (log_.trouble() == LogDisk::Trouble::failing) log_.set_trouble(LogDisk::Trouble::none);
  life_.reset();
  paused_until_ = 0;
}

void Host::calm() {
  paused_until_ = std::min(paused_until_, world_.schedule.now());
  slow_disk_until_ = 0;
  slow_apply_until_ = 0;
  log_.set_trouble(LogDisk::Trouble::none);
  state_.set_full(false);
}

void Host::pause(std::int64_t for_ns) {
  paused_until_ = std::max(paused_until_, world_.schedule.now() + for_ns);
}

node::Status Host::status(bool groups) const {
  return life_->core.status(clock_now(), {.groups = groups});
}

meta::Settings Host::settings() const {
  return life_->core.status(clock_now(), {.admin = true}).admin->settings;
}

// --- core thread ---

void Host::happened(node::Event event) {
  if (!life_) return;
  if (const auto* up = std::get_if<node::PeerConnected>(&event)) life_->keeper.connected(up->peer);
  if (const auto* down = std::get_if<node::PeerDisconnected>(&event)) life_->keeper.disconnected(down->peer);
  life_->inbox.push_back(std::move(event));
  ask_step(around(world_.climate.core_ns));
}

void Host::ask_step(std::int64_t delay_ns) {
  if (std::exchange(life_->step_asked, true)) return;
  later(delay_ns, [this] { step(); });
}

void Host::step() {
  const std::int64_t now = world_.schedule.now();
  life_->step_asked = false;
  if (now < paused_until_) return ask_step(paused_until_ - now);
  std::vector<node::Event> events = std::exchange(life_->inbox, {});
  if (life_->deadline <= now) events.emplace_back(node::Wake{});
  if (events.empty()) return set_alarm();
  world_.schedule.note(mix(number_, events.size()));
  carry_out(life_->core.step(clock_now(), std::move(events)));
}

/// Wakes for the deadline are asked for once and looked at again when they come: deadlines move often.
void Host::set_alarm() {
  if (life_->deadline >= life_->alarm || life_->deadline == no_alarm) return;
  life_->alarm = std::max(life_->deadline, world_.schedule.now());
  later(life_->alarm - world_.schedule.now(), [this, alarm = life_->alarm] {
    if (life_->alarm == alarm) life_->alarm = no_alarm;
    if (life_->deadline > world_.schedule.now()) return set_alarm();
    ask_step(rng_.between(0, world_.climate.core_ns));
  });
}

void Host::carry_out(node::Turn turn) {
  life_->deadline = clock_.true_instant(turn.wake_at);
  if (turn.log && life_->wiped) {
    return world_.oracle.complain("C4", "node " + std::to_string(number_ + 1) +
                                            " is taken in under its old identity, with an empty disk");
  }
  if (turn.log) {
    life_->given = turn.log->id;
    life_->to_write.push_back(std::move(*turn.log));
  }
  for (wire::Outbound& out : turn.send_now) release(std::move(out));
  for (wire::Outbound& out : turn.send_after) {
    if (life_->given <= life_->durable) {
      release(std::move(out));
    } else {
      life_->waiting.push_back({life_->given, std::move(out)});
    }
  }
  for (node::StateTask& task : turn.tasks) {
    world_.oracle.handed_out(number_, life_->core, task);
    if (const auto* stage = std::get_if<node::StageTask>(&task); stage != nullptr && stage->sequence == 1) {
      world_.schedule.mark("snapshot-of-several-chunks");
    }
    life_->tasks.push_back(std::move(task));
  }
  if (!turn.trace.empty()) world_.outside.trace(number_, turn.trace);
  for (const std::string& text : turn.notices) world_.outside.notice(number_, text);
  if (turn.peers) world_.outside.peers(number_, *turn.peers);
  if (turn.trust && world_.climate.on(Fault::authority)) {
    later(around(world_.climate.core_ns), [this, trust = std::move(*turn.trust)]() mutable {
      life_->trust = trust;
      life_->keeper.admit(std::move(trust));
      keep_certificates();
    });
  }
  for (node::ClientReply& reply : turn.replies) world_.outside.answer(number_, std::move(reply));
  for (node::OperatorReply& reply : turn.operator_replies) world_.outside.answer(number_, std::move(reply));
  start_disk();
  start_apply();
  set_alarm();
  if (turn.drained) world_.outside.drained(number_);
  if (turn.retired) world_.outside.retired(number_);
}

void Host::release(wire::Outbound out) {
  world_.outside.send(number_, std::move(out));
}

// --- disk thread ---

void Host::start_disk() {
  Life& life = *life_;
  if (life.disk_busy || life.to_write.empty()) return;
  life.disk_busy = true;
  life.writing.clear();
  while (!life.to_write.empty()) {
    life.writing_up_to = life.to_write.front().id;
    life.writing.push_back(std::move(life.to_write.front().batch));
    life.to_write.pop_front();
  }
  const bool slow = world_.schedule.now() < slow_disk_until_;
  const std::int64_t time = around(world_.climate.disk_ns);
  later(slow ? time * 20 + rng_.between(0, ns_per_s) : time, [this] { finish_disk(); });
}

void Host::finish_disk() {
  const Fate fate = world_.outside.writing(number_, DurableWrite::log);
  if (fate != Fate::kept) return die_writing(fate);
  Life& life = *life_;
  const auto written = log_.write(life.writing);
  if (!log_.complaint().empty()) world_.oracle.complain("R3", log_.complaint());
  if (!written && written.error().code == Code::disk_full) {
    if (!std::exchange(life.disk_full_told, true)) {
      world_.schedule.mark("log-disk-was-full");
      happened(node::DiskRoom{true});
    }
    later(retry_full_ns, [this] { finish_disk(); });
    return;
  }
  if (!written) {
    world_.schedule.mark("fsync-failed");
    return world_.outside.must_stop(number_);
  }
  life.disk_busy = false;
  life.durable = life.writing_up_to;
  while (!life.waiting.empty() && life.waiting.front().batch <= life.durable) {
    release(std::move(life.waiting.front().out));
    life.waiting.pop_front();
  }
  happened(node::LogDurable{life.durable});
  world_.outside.wrote(number_);
  if (std::exchange(life.disk_full_told, false)) happened(node::DiskRoom{false});
  start_disk();
}

/// A batch is whole or not there at all: a torn one is cut off when the log is read again.
void Host::die_writing(Fate fate) {
  std::vector<node::LogBatch> kept = std::exchange(life_->writing, {});
  if (fate == Fate::lost) kept.clear();
  if (fate == Fate::torn) kept.resize(kept.size() / 2);
  if (log_.write(kept)) world_.outside.killed(number_);
}

// --- apply thread ---

namespace {

/// What a task that ends with a flush makes durable.
DurableWrite durable_write(const node::StateTask& task) {
  if (std::holds_alternative<node::InstallTask>(task)) return DurableWrite::install;
  if (std::holds_alternative<node::DestroyTask>(task)) return DurableWrite::destroy;
  return DurableWrite::flush;
}

}  // namespace

void Host::start_apply() {
  Life& life = *life_;
  if (life.apply_busy || life.tasks.empty()) return;
  life.apply_busy = true;
  const std::size_t count = rng_.chance(0.5) ? 1 : life.tasks.size();
  const bool slow = world_.schedule.now() < slow_apply_until_;
  const std::int64_t time = around(world_.climate.apply_ns);
  later(slow ? time * 50 + rng_.between(0, ns_per_s) : time, [this, count] { finish_apply(count); });
}

void Host::finish_apply(std::size_t count) {
  Life& life = *life_;
  for (; count > 0; --count) {
    const node::StateTask& task = life.tasks.front();
    auto outcome = life.applier.run(task);
    if (!outcome && outcome.error().code == Code::disk_full) {
      world_.schedule.mark("state-disk-was-full");
      later(retry_full_ns, [this, count] { finish_apply(count); });
      return;
    }
    if (!outcome) {
      world_.oracle.complain(
          "C8", "the state store of node " + std::to_string(number_ + 1) + ": " + outcome.error().detail);
      return;
    }
    if (outcome->flush) {
      life.flushes.push_back({std::move(*outcome), durable_write(task)});
    } else {
      happened(node::FromState{std::move(outcome->done)});
    }
    life.tasks.pop_front();
  }
  life.apply_busy = false;
  start_flush();
  start_apply();
}

// --- flush thread ---

void Host::start_flush() {
  Life& life = *life_;
  if (life.flush_busy || life.flushes.empty()) return;
  life.flush_busy = true;
  const bool slow = world_.schedule.now() < slow_disk_until_;
  const std::int64_t time = around(world_.climate.disk_ns);
  later(slow ? time * 20 + rng_.between(0, ns_per_s) : time, [this] { finish_flush(); });
}

void Host::finish_flush() {
  Life& life = *life_;
  Life::Flushing& front = life.flushes.front();
  const Fate fate = world_.outside.writing(number_, front.what);
  if (fate == Fate::lost || fate == Fate::torn) return world_.outside.killed(number_);
  if (!front.outcome.flush->finish()) {
    world_.schedule.mark("state-disk-was-full");
    later(retry_full_ns, [this] { finish_flush(); });
    return;
  }
  if (fate == Fate::last) return world_.outside.killed(number_);
  happened(node::FromState{std::move(front.outcome.done)});
  life.flushes.pop_front();
  life.flush_busy = false;
  world_.outside.wrote(number_);
  start_flush();
}

// --- net thread ---

void Host::tend_certificates() {
  later(ns_per_s, [this] {
    tend_certificates();
    keep_certificates();
  });
}

void Host::keep_certificates() {
  while (auto step = life_->keeper.next(world_.schedule.now())) {
    if (!carry_out(std::move(*step))) return;
  }
  if (const auto news = life_->keeper.news()) happened(*news);
}

/// False: the machine was killed by it.
bool Host::carry_out(CertificateKeeper::Step step) {
  if (step.send) release(std::move(*step.send));
  if (!step.write) return true;
  const bool renewed = step.write->issuer != files_.issuer;
  const Fate fate =
      world_.outside.writing(number_, renewed ? DurableWrite::certificate : DurableWrite::authorities);
  if (fate == Fate::kept || fate == Fate::last) give_certificates(*step.write);
  if (fate != Fate::kept) {
    world_.outside.killed(number_);
    return false;
  }
  world_.schedule.mark(renewed ? "certificate-renewed" : "authorities-rewritten");
  world_.outside.wrote(number_);
  return life_ != nullptr;
}

void Host::give_certificates(const CertificateFiles& files) {
  files_ = files;
  world_.oracle.certified(number_, files_);
  if (!life_) return;
  life_->keeper.use(files_);
  world_.outside.certified(number_);
}

bool Host::about_certificates(const Uuid& peer, const wire::PeerMessage& message) {
  if (std::holds_alternative<wire::CertificateWanted>(message)) {
    if (life_) release({peer, life_->keeper.answer(peer)});
    return true;
  }
  const auto* given = std::get_if<wire::CertificateGiven>(&message);
  if (given == nullptr) return false;
  if (!life_) return true;
  auto step = life_->keeper.given(peer, *given);
  if (!step || carry_out(std::move(*step))) keep_certificates();
  return true;
}

}  // namespace nodedb::sim
