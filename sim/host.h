// SPDX-License-Identifier: Apache-2.0
#pragma once

// One machine: disks and clocks that live as long as the world, and a process that comes and goes: a real
// node::Node and node::Applier with the three threads around them played as queues that take their time.
// Carries out turns exactly as node/turn.h says: what may leave at once leaves at once, what promises
// something leaves when the disk has it, tasks are done in order.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "meta/machine.h"
#include "node/applier.h"
#include "node/node.h"
#include "sim/certificates.h"
#include "sim/climate.h"
#include "sim/clock.h"
#include "sim/log_disk.h"
#include "sim/oracle.h"
#include "sim/schedule.h"
#include "sim/state_disk.h"

namespace nodedb::sim {

/// What a machine is about to make durable.
enum class DurableWrite : std::uint8_t { log, flush, install, destroy, authorities, certificate };
/// What becomes of it.
enum class Fate : std::uint8_t {
  kept,
  lost,  ///< the machine stops right before it
  torn,  ///< the machine stops in the middle: the first half of the batches is there, of a file nothing
  last,  ///< the machine stops right after it
};

class Host {
 public:
  /// What a machine is connected to.
  struct Outside {
    virtual ~Outside() = default;
    virtual void send(std::size_t node, wire::Outbound out) = 0;
    virtual void answer(std::size_t node, node::ClientReply reply) = 0;
    virtual void answer(std::size_t node, node::OperatorReply reply) = 0;
    virtual void peers(std::size_t node, const std::vector<node::Peer>& peers) = 0;
    /// Others are judged, and judge it, by other certificates from now on.
    virtual void certified(std::size_t node) = 0;
    virtual void trace(std::size_t node, const std::vector<node::TraceEvent>& events) = 0;
    virtual void notice(std::size_t node, const std::string& text) = 0;
    virtual void drained(std::size_t node) = 0;
    /// Group 0 has retired it: call `crash`, and never boot it again.
    virtual void retired(std::size_t node) = 0;
    /// The process has to stop: its disk failed. Call `crash`.
    virtual void must_stop(std::size_t node) = 0;
    /// Called right before each durable write. Unless it is kept, `killed` follows: call `crash`.
    virtual Fate writing(std::size_t node, DurableWrite what) = 0;
    virtual void killed(std::size_t node) = 0;
    /// It is done, and kept.
    virtual void wrote(std::size_t node) = 0;
  };

  struct World {
    const Climate& climate;
    Schedule& schedule;
    Oracle& oracle;
    Outside& outside;
    std::function<std::unique_ptr<const StateMachine>()> machine = key_value_machine;
  };
  static std::unique_ptr<const StateMachine> key_value_machine();

  struct Mistakes {
    bool accept_torn_batch = false;
    bool forgets_at_stage = false;  ///< certificates.h
  };
  Host(std::size_t number, node::Options options, World world, Rng rng, Mistakes mistakes);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void boot();
  /// With an empty disk in the place of the one that it had. (That one stays as it was, as a disk that is
  /// lost does, for those who look at what was durable.) It must never be taken in again.
  void boot_wiped();
  void crash();
  bool running() const { return life_ != nullptr; }
  /// Null while the process is down.
  const node::Node* core() const { return life_ ? &life_->core : nullptr; }

  void happened(node::Event event);
  /// Whether it was a message about certificates, which the node does not see.
  bool about_certificates(const Uuid& peer, const wire::PeerMessage& message);
  /// By an operator's hand, whether the process is up or not.
  void give_certificates(const CertificateFiles& files);
  const CertificateFiles& certificates() const { return files_; }
  /// Group 0's latest word about authorities; null: none in this life.
  const node::Trust* trust() const { return life_ && life_->trust ? &*life_->trust : nullptr; }
  node::Status status(bool groups = false) const;
  /// In force there. Pre: running.
  meta::Settings settings() const;

  // --- trouble ---
  void pause(std::int64_t for_ns);
  void slow_disk(std::int64_t for_ns) { slow_disk_until_ = world_.schedule.now() + for_ns; }
  void slow_apply(std::int64_t for_ns) { slow_apply_until_ = world_.schedule.now() + for_ns; }
  void calm();
  std::int64_t paused_until() const { return paused_until_; }

  Clock& clocks() { return clock_; }
  LogDisk& log() { return log_; }
  StateDisk& state() { return state_; }
  /// Applied to `options` at the next boot.
  node::Options& options() { return options_; }

 private:
  struct Waiting {
    std::uint64_t batch = 0;
    wire::Outbound out;
  };
  struct Life {
    Life(node::Node node, StateDisk& state, std::unique_ptr<const StateMachine> data,
         const meta::Machine& metadata, node::PlantedBugs bugs, CertificateKeeper keeper);
    std::unique_ptr<const StateMachine> machine;
    node::Node core;
    node::Applier applier;
    bool wiped = false;
    std::vector<node::Event> inbox;
    bool step_asked = false;
    std::int64_t deadline = 0;  ///< true instant of the latest turn's wake_at
    std::int64_t alarm = 0;     ///< the earliest instant at which a look at the deadline is scheduled
    // The disk thread.
    std::deque<node::LogWrite> to_write;
    std::vector<node::LogBatch> writing;
    std::uint64_t writing_up_to = 0;
    bool disk_busy = false;
    bool disk_full_told = false;
    std::uint64_t given = 0;
    std::uint64_t durable = 0;
    std::deque<Waiting> waiting;
    // The apply thread.
    std::deque<node::StateTask> tasks;
    bool apply_busy = false;
    // The flush thread.
    struct Flushing {
      node::Applier::Outcome outcome;
      DurableWrite what;
    };
    std::deque<Flushing> flushes;
    bool flush_busy = false;
    // The net thread, as far as certificates go.
    CertificateKeeper keeper;
    std::optional<node::Trust> trust;
  };

  /// Runs `action` later, if this life still goes on.
  template <class Action>
  void later(std::int64_t delay_ns, Action action) {
    world_.schedule.after(delay_ns, [this, life = life_number_, action = std::move(action)]() mutable {
      if (life_ && life_number_ == life) action();
    });
  }

  bool start(node::Boot boot);
  Now clock_now() const { return clock_.read(world_.schedule.now()); }
  std::int64_t around(std::int64_t mean);
  void ask_step(std::int64_t delay_ns);
  void step();
  void set_alarm();
  void carry_out(node::Turn turn);
  void release(wire::Outbound out);
  void die_writing(Fate fate);
  void start_disk();
  void finish_disk();
  void start_apply();
  void finish_apply(std::size_t count);
  void start_flush();
  void finish_flush();
  void tend_certificates();
  void keep_certificates();
  bool carry_out(CertificateKeeper::Step step);
  std::vector<Put> metadata_rows();

  std::size_t number_;
  node::Options options_;
  meta::Machine metadata_machine_;
  World world_;
  Rng rng_;
  Mistakes mistakes_;
  Clock clock_;
  LogDisk log_;
  StateDisk state_;
  CertificateFiles files_;
  std::int64_t paused_until_ = 0;
  std::int64_t slow_disk_until_ = 0;
  std::int64_t slow_apply_until_ = 0;
  std::uint64_t life_number_ = 0;
  std::unique_ptr<Life> life_;
};

}  // namespace nodedb::sim
