// SPDX-License-Identifier: Apache-2.0
#include "app/assembly.h"

#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "app/exit_code.h"
#include "app/fail_points.h"
#include "app/random.h"
#include "edge/base/clock.h"
#include "edge/base/log.h"
#include "edge/disk/data_directory.h"
#include "edge/log/log_store.h"
#include "edge/loop/core_loop.h"
#include "edge/loop/trace_file.h"
#include "edge/rocks/state_store.h"
#include "edge/tls/credentials.h"
#include "meta/machine.h"
#include "node/applier.h"

namespace nodedb::app {

namespace {

/// Nothing may be acknowledged any more: what is durable is unknown.
[[noreturn]] void storage_failed(const Error& error) {
  log::error("storage failed: the node stops", {{"error", log::text(error)}});
  std::_Exit(static_cast<int>(Exit::storage));
}

swim::Profile swim_profile(const Config& config) {
  if (config.swim_profile == "local") return swim::Profile::local;
  return config.swim_profile == "wan" ? swim::Profile::wan : swim::Profile::lan;
}

node::Options node_options(const Config& config, const tls::PeerIdentity& self, const StateMachine& machine) {
  node::Options options;
  options.uuid = self.node;
  options.cluster = self.cluster;
  options.address = config.advertise.empty() ? config.listen : config.advertise;
  options.name = config.name;
  options.zone = config.zone;
  options.capacity = static_cast<std::uint32_t>(std::min<std::uint64_t>(config.capacity, UINT32_MAX));
  options.client_address = config.advertise_client.empty() ? config.client : config.advertise_client;
  options.seeds = config.seeds;
  options.replication_factor = static_cast<std::uint32_t>(config.replication_factor);
  options.raft.election_timeout_ns = config.election_timeout_ns;
  options.raft.clock_drift_max = config.clock_drift_max;
  options.raft.lease_reads = config.lease_reads;
  options.pulse_ns = config.pulse_ns;
  options.swim = swim::Options::of(swim_profile(config));
  options.rebalance_after_ns = config.rebalance_after_ns;
  const MemoryBudget memory = config.memory();
  const MemoryBudget shares(config.memory_budget);
  options.log_bytes_per_node = memory.of(Consumer::log);
  options.snapshot_bytes_per_second = config.snapshot_bytes_per_second;
  options.log_bytes_per_group = config.log_bytes_per_group;
  options.log_bytes_for_move = memory.of(Consumer::moves);
  // An operator who wants less log kept does not want writes refused sooner.
  options.log_bytes_max = std::max(memory.of(Consumer::log), shares.of(Consumer::log)) +
                          std::max(memory.of(Consumer::moves), shares.of(Consumer::moves));
  options.admission.bytes_max = memory.of(Consumer::requests);
  options.write_delay_max_ns = config.write_delay_max_ns;
  options.admission.queue_time_ns = config.queue_time_ns;
  options.trace = !config.trace.empty();
  options.check_command = [&machine](BytesView command) { return machine.check(command); };
  return options;
}

void tell_budget(const MemoryBudget& budget) {
  std::string shares;
  for (const Share& share : memory_shares())
    shares += (shares.empty() ? "" : " ") + std::string(share.name) + "=" +
              mebibytes_text(budget.of(share.consumer));
  log::info("memory is bounded", {{"budget", mebibytes_text(budget.total_bytes())}, {"shares", shares}});
}

/// Runs the loop on a thread of that name, as `top -H` shows it.
template <class Loop>
std::thread named(const char* name, Loop& loop) {
  return std::thread([name, &loop] {
    ::pthread_setname_np(::pthread_self(), name);
    loop.run();
  });
}

}  // namespace

struct Assembly::Impl {
  Impl(edge::DataDirectory opened, const MemoryBudget& bounds, const StateMachine& machine)
      : directory(std::move(opened)),
        budget(bounds),
        data_machine(machine),
        inbox(bounds.of(Consumer::inbox) / inbox_parts * (inbox_parts - 1)),
        answers(bounds.of(Consumer::answers)) {}

  /// The stores and what they hold.
  Result<node::Boot> load() {
    edge::LogStoreOptions log_options;
    log_options.directory = directory.path();
    auto log_opened = edge::open_log_store(log_options);
    if (!log_opened) return std::unexpected(log_opened.error());
    if (!(*log_opened)->notice().empty()) log::warn((*log_opened)->notice());
    log_store = std::move(*log_opened);
    edge::StateStoreOptions state_options;
    state_options.directory = directory.path();
    state_options.block_cache_bytes = budget.of(Consumer::block_cache);
    state_options.write_buffer_bytes = budget.of(Consumer::memtables) / edge::write_buffers_max;
    state_options.kept_back_bytes = budget.of(Consumer::kept_back);
    state_options.staged_bytes = budget.of(Consumer::staged);
    state_options.row_cache_bytes = budget.of(Consumer::row_cache);
    state_options.memory = &state_memory;
    auto state_opened = edge::open_state_store(state_options);
    if (!state_opened) return std::unexpected(state_opened.error());
    state_store = std::move(*state_opened);
    arm_fail_point(log_store, state_store);
    return node::load_boot(directory.incarnation(), *log_store, *state_store);
  }

  Result<void> assemble(const Config& config, const tls::PeerIdentity& self, const Outside& outside) {
    const node::Options options = node_options(config, self, data_machine);
    if (const auto complaints = options.validate(); !complaints.empty())
      return fail(Code::malformed, complaints.front());
    const auto reset_secret = tls::load_or_create_secret(directory.path() + "/reset-secret");
    if (!reset_secret) return std::unexpected(reset_secret.error());
    auto boot = load();
    if (!boot) return std::unexpected(boot.error());
    auto node = node::Node::create(options, std::move(*boot), Rng(random_seed()), edge::read_clocks());
    if (!node) return std::unexpected(node.error());

    edge::OnTrace on_trace;
    if (!config.trace.empty()) {
      auto opened = edge::TraceFile::open(config.trace);
      if (!opened) return std::unexpected(opened.error());
      trace.emplace(std::move(*opened));
      on_trace = [this](NodeId id, std::span<const node::TraceEvent> events) { trace->write(id, events); };
    }
    FrontOptions around{self.cluster, self.node, *reset_secret};
    around.memory_use = [this] { return memory_use(); };
    around.step_began = [this] { return step_began(); };
    around.outside = outside;
    member = node->initialised();
    auto opened = Front::open(loop, config, around, inbox);
    if (!opened) return std::unexpected(opened.error());
    front = std::move(*opened);
    applier.emplace(*state_store, data_machine, metadata_machine);
    disk.emplace(*log_store, inbox, front->inbox(), storage_failed);
    flush.emplace(inbox, storage_failed);
    apply.emplace(*applier, *flush, inbox, answers, storage_failed);
    core.emplace(std::move(*node), inbox, *disk, *apply, front->inbox(), core_facts, std::move(on_trace));
    return {};
  }

  Time step_began() const {
    const std::int64_t ns = core_facts.step_began_ns.load(std::memory_order_relaxed);
    return ns == 0 ? long_ago : Time{ns};
  }

  /// Of the net thread's consumers, only the front knows.
  MemoryUse memory_use() const {
    MemoryUse used{};
    const auto set = [&](Consumer consumer, std::size_t bytes) {
      used[static_cast<std::size_t>(consumer)] = bytes;
    };
    set(Consumer::log, core_facts.log_bytes);
    set(Consumer::requests, core_facts.request_bytes);
    set(Consumer::snapshots, core_facts.snapshot_bytes);
    set(Consumer::inbox, inbox.bytes());
    set(Consumer::answers, answers.bytes());
    set(Consumer::block_cache, state_memory.block_cache_bytes);
    set(Consumer::memtables, state_memory.memtable_bytes);
    set(Consumer::kept_back, state_memory.kept_back_bytes);
    set(Consumer::staged, state_memory.staged_bytes);
    set(Consumer::row_cache, state_memory.row_cache_bytes);
    return used;
  }

  void run() {
    std::thread disk_thread = named("disk", *disk);
    std::thread apply_thread = named("apply", *apply);
    std::thread flush_thread = named("flush", *flush);
    std::thread core_thread = named("core", *core);
    loop.run();
    // Downstream first, so that no thread waits for one that has gone: a full mailbox refuses once closed.
    front->inbox().close();
    inbox.close();
    disk->close(true);
    apply->close(true);
    flush->close(true);
    core_thread.join();
    disk_thread.join();
    apply_thread.join();
    flush_thread.join();
    // Only saves the next start from applying again what the log holds.
    if (const auto flushed = state_store->flush(); !flushed)
      log::warn("the state was not flushed", {{"error", log::text(flushed.error())}});
  }

  asio::io_context loop{1};
  edge::DataDirectory directory;
  MemoryBudget budget;
  bool member = false;
  edge::StateMemory state_memory;
  edge::CoreFacts core_facts;
  const StateMachine& data_machine;
  meta::Machine metadata_machine;
  std::unique_ptr<node::LogStore> log_store;
  std::unique_ptr<node::StateStore> state_store;
  std::optional<edge::TraceFile> trace;
  edge::CoreInbox inbox;
  edge::Answers answers;
  std::unique_ptr<Front> front;
  std::optional<node::Applier> applier;
  std::optional<edge::DiskLoop> disk;
  std::optional<edge::FlushLoop> flush;
  std::optional<edge::ApplyLoop> apply;
  std::optional<edge::CoreLoop> core;
};

Assembly::Assembly(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Assembly::~Assembly() = default;

Result<std::unique_ptr<Assembly>> Assembly::open(const Config& config, const StateMachine& machine,
                                                 const Outside& outside) {
  const auto credentials = tls::Credentials::load(config.certs, tls::Holder::node);
  if (!credentials) return std::unexpected(credentials.error());
  const tls::PeerIdentity self = credentials->self();
  auto directory = edge::DataDirectory::open(config.data, {self.cluster, self.node});
  if (!directory) return std::unexpected(directory.error());
  const Incarnation incarnation = directory->incarnation();
  auto impl = std::make_unique<Impl>(std::move(*directory), config.memory(), machine);
  if (auto assembled = impl->assemble(config, self, outside); !assembled)
    return std::unexpected(assembled.error());
  log::info("the node starts", {{"version", NODEDB_VERSION},
                                {"node", self.node.text()},
                                {"cluster", self.cluster.text()},
                                {"incarnation", incarnation.value},
                                {"quic", config.listen},
                                {"redis", config.client},
                                {"http", config.http}});
  tell_budget(config.memory());
  return std::unique_ptr<Assembly>(new Assembly(std::move(impl)));
}

asio::io_context& Assembly::loop() {
  return impl_->loop;
}

bool Assembly::member() const {
  return impl_->member;
}

Time Assembly::step_began() const {
  return impl_->step_began();
}

Front& Assembly::front() {
  return *impl_->front;
}

void Assembly::run() {
  impl_->run();
  log::info("the node has stopped");
}

}  // namespace nodedb::app
