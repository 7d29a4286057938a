// SPDX-License-Identifier: Apache-2.0
// Handlers of MULTI, EXEC, DISCARD, WATCH and UNWATCH. A transaction is one entry of one vShard's log; its
// data commands are of one slot.

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/limits.h"
#include "base/slot.h"
#include "edge/resp/data.h"
#include "edge/resp/gateway.h"
#include "edge/resp/local.h"
#include "kv/argv.h"
#include "kv/internal.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

/// Reads the versions of newly watched keys. Exclusive: a pipelined read behind the WATCH must not look at
/// the key before the version does, or a change between the two would go unnoticed.
class WatchJob final : public Job {
 public:
  WatchJob(SharedWatches watches, std::vector<std::size_t> places, std::int64_t timeout_ns)
      : watches_(std::move(watches)), places_(std::move(places)), timeout_ns_(timeout_ns) {
    for (const std::size_t place : places_) {
      const VShardId vshard = vshard_of_slot(watches_->keys[place].slot);
      if (std::find(vshards_.begin(), vshards_.end(), vshard) == vshards_.end()) vshards_.push_back(vshard);
    }
  }

  Order::Claim claim() const override {
    return {.vshards = vshards_, .mode = Order::Mode::exclusive, .wide = false};
  }
  std::size_t held_bytes() const override { return 0; }

  Calls start() override {
    Calls calls;
    for (const std::size_t place : places_) {
      const WatchSet::Key& key = watches_->keys[place];
      calls.push_back({.vshard = vshard_of_slot(key.slot),
                       .write = false,
                       .command = Blob(kv::watch_version_query(key.key)),
                       .timeout_ns = timeout_ns_});
    }
    return calls;
  }

  Calls answered(std::size_t part, Reply reply) override {
    const auto version = kv::watch_version(reply);
    if (!version) {
      error_ = reply.is_error() ? std::move(reply) : Reply::error(version.error());
      return {};
    }
    WatchSet::Key& key = watches_->keys[places_[part]];
    key.known = true;
    key.present = version->present;
    key.token = version->token;
    return {};
  }

  Reply result() override { return error_.is_error() ? std::move(error_) : Reply::ok(); }

 private:
  SharedWatches watches_;
  std::vector<std::size_t> places_;  ///< in watches_->keys
  std::vector<VShardId> vshards_;
  std::int64_t timeout_ns_ = 0;
  Reply error_;
};

/// EXEC. With data commands: one transaction entry (or read) with all watches. Without: every vShard of a
/// watch checks its own keys; none had changed when EXEC arrived, so that is the instant at which it took
/// place.
class ExecJob final : public Job {
 public:
  ExecJob(Context& context, Multi multi, SharedWatches watches)
      : context_(context),
        queue_(std::move(multi.queue)),
        watches_(watches ? std::move(watches) : std::make_shared<WatchSet>()),
        slot_(multi.slot),
        bytes_(multi.bytes) {
    for (const Queued& queued : queue_) write_ = write_ || queued.write;
    if (slot_) {
      vshards_.push_back(vshard_of_slot(*slot_));
      return;
    }
    for (const WatchSet::Key& key : watches_->keys) {
      const VShardId vshard = vshard_of_slot(key.slot);
      if (std::find(vshards_.begin(), vshards_.end(), vshard) == vshards_.end()) vshards_.push_back(vshard);
    }
  }

  Order::Claim claim() const override {
    return {.vshards = vshards_, .mode = write_ ? Order::Mode::write : Order::Mode::read, .wide = false};
  }
  std::size_t held_bytes() const override { return bytes_; }

  Calls start() override {
    const auto& keys = watches_->keys;
    if (std::any_of(keys.begin(), keys.end(), [](const auto& key) { return !key.known; })) {
      stopped_ = Reply::error("EXECABORT Transaction discarded because a key could not be watched.");
      return {};
    }
    Calls calls;
    for (const VShardId vshard : vshards_) {
      calls.push_back({.vshard = vshard,
                       .write = write_,
                       .command = Blob(kv::encode(transaction_of(vshard))),
                       .timeout_ns = context_.gateway.options().call_timeout_ns});
    }
    return calls;
  }

  Calls answered(std::size_t, Reply reply) override {
    if (reply.is_error() || reply.kind == Reply::Kind::null_array) {
      if (!stopped_ || reply.is_error()) stopped_ = std::move(reply);
    } else if (slot_) {
      data_ = std::move(reply.items);
    }
    return {};
  }

  /// Commands about the connection run now, between the data commands' replies.
  Reply result() override {
    if (stopped_) return std::move(*stopped_);
    context_.inside_exec = true;
    Reply all = Reply::array();
    std::size_t next = 0;
    for (const Queued& queued : queue_) {
      if (queued.local == nullptr) {
        // A reply that is missing would be a node of another build: an error in its place, not a crash.
        add(all, queued,
            next < data_.size() ? std::move(data_[next]) : Reply::error("ERR the node sent too few replies"));
        ++next;
        continue;
      }
      const auto command = kv::decode(queued.command);
      CHECK(command && std::holds_alternative<kv::Argv>(*command));
      Outcome outcome = queued.local->run(context_, std::get<kv::Argv>(*command));
      auto* reply = std::get_if<Reply>(&outcome);
      add(all, queued,
          reply != nullptr ? std::move(*reply)
                           : Reply::error("ERR Command not allowed inside a transaction"));
    }
    return all;
  }

 private:
  void add(Reply& all, const Queued& queued, Reply reply) {
    context_.gateway.command_stats().called(queued.name);
    if (reply.is_error()) context_.gateway.erred(queued.name, reply);
    all.items.push_back(std::move(reply));
  }

  kv::Transaction transaction_of(VShardId vshard) const {
    kv::Transaction transaction;
    for (const WatchSet::Key& key : watches_->keys) {
      if (vshard_of_slot(key.slot) != vshard) continue;
      transaction.watches.push_back({.key = key.key, .present = key.present, .token = key.token});
    }
    for (const Queued& queued : queue_) {
      if (queued.local != nullptr) continue;
      auto command = kv::decode(queued.command);
      CHECK(command && std::holds_alternative<kv::Argv>(*command));
      transaction.commands.push_back(std::move(std::get<kv::Argv>(*command)));
    }
    return transaction;
  }

  Context context_;
  std::vector<Queued> queue_;
  SharedWatches watches_;
  std::optional<std::uint16_t> slot_;
  std::size_t bytes_ = 0;
  bool write_ = false;
  std::vector<VShardId> vshards_;
  std::optional<Reply> stopped_;
  std::vector<Reply> data_;
};

}  // namespace

Outcome run_multi(Context& context, const kv::Argv&) {
  if (context.session.multi.active) return Reply::error("ERR MULTI calls can not be nested");
  context.session.multi.active = true;
  return Reply::ok();
}

Outcome run_discard(Context& context, const kv::Argv&) {
  if (!context.session.multi.active) return Reply::error("ERR DISCARD without MULTI");
  context.session.multi = {};
  context.session.watches = nullptr;
  return Reply::ok();
}

Outcome run_exec(Context& context, const kv::Argv&) {
  Session& session = context.session;
  if (!session.multi.active) return Reply::error("ERR EXEC without MULTI");
  Multi multi = std::move(session.multi);
  SharedWatches watches = std::move(session.watches);
  session.multi = {};
  session.watches = nullptr;
  if (multi.broken) {
    return Reply::error("EXECABORT Transaction discarded because of previous errors.");
  }
  const bool data = std::any_of(multi.queue.begin(), multi.queue.end(),
                                [](const Queued& queued) { return queued.local == nullptr; });
  if (data && !multi.slot) multi.slot = 0;  // a data command without keys
  if (data && watches) {
    for (const WatchSet::Key& key : watches->keys) {
      if (key.slot != *multi.slot) return Reply::error(cross_slot_text);
    }
  }
  return std::make_unique<ExecJob>(context, std::move(multi), std::move(watches));
}

Outcome run_watch(Context& context, const kv::Argv& argv) {
  Session& session = context.session;
  if (session.multi.active) return Reply::error("ERR WATCH inside MULTI is not allowed");
  if (!session.watches) session.watches = std::make_shared<WatchSet>();
  WatchSet& set = *session.watches;
  std::vector<std::size_t> places;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (argv[i].size() > limits::key_bytes_max) return Reply::error("ERR a watched key is too long");
    const auto found = std::find_if(set.keys.begin(), set.keys.end(),
                                    [&argv, i](const WatchSet::Key& key) { return key.key == argv[i]; });
    if (found != set.keys.end()) {
      const auto place = static_cast<std::size_t>(found - set.keys.begin());
      const bool asked = std::find(places.begin(), places.end(), place) != places.end();
      if (!found->known && !asked) places.push_back(place);
      continue;
    }
    set.bytes += argv[i].size() + sizeof(WatchSet::Key);
    if (set.keys.size() == watched_keys_max || set.bytes > limits::request_bytes_max) {
      return Reply::error("ERR too many watched keys");
    }
    places.push_back(set.keys.size());
    WatchSet::Key& key = set.keys.emplace_back();
    key.key = argv[i];
    key.slot = slot_of(argv[i]);
  }
  if (places.empty()) return Reply::ok();
  return std::make_unique<WatchJob>(session.watches, std::move(places),
                                    context.gateway.options().call_timeout_ns);
}

Outcome run_unwatch(Context& context, const kv::Argv&) {
  context.session.watches = nullptr;
  return Reply::ok();
}

}  // namespace nodedb::resp
