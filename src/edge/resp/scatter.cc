// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/scatter.h"

#include <algorithm>
#include <map>

#include "base/limits.h"
#include "base/slot.h"
#include "kv/argv.h"
#include "kv/errors.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

class Sum final : public Scatter {
 public:
  using Scatter::Scatter;

 private:
  void gather(std::size_t, Reply reply) override { total_ += reply.number; }
  Reply gathered() override { return Reply::integer(total_); }

  std::int64_t total_ = 0;
};

class AllOk final : public Scatter {
 public:
  using Scatter::Scatter;

 private:
  void gather(std::size_t, Reply) override {}
  Reply gathered() override { return Reply::ok(); }
};

class Lists final : public Scatter {
 public:
  using Scatter::Scatter;

 private:
  void gather(std::size_t, Reply reply) override {
    for (Reply& item : reply.items) {
      if (!keep(item.text.size() + sizeof item)) return;
      items_.push_back(std::move(item));
    }
  }
  Reply gathered() override { return Reply::array(std::move(items_)); }

  std::vector<Reply> items_;
};

/// MGET: each part's values go to the places that its keys had.
class Places final : public Scatter {
 public:
  Places(Calls calls, std::vector<VShardId> vshards, std::vector<std::vector<std::size_t>> places)
      : Scatter(std::move(calls), std::move(vshards), false), places_(std::move(places)) {
    std::size_t total = 0;
    for (const auto& list : places_) total += list.size();
    items_.resize(total);
  }

 private:
  void gather(std::size_t part, Reply reply) override {
    const auto& places = places_[part];
    for (std::size_t i = 0; i < std::min(places.size(), reply.items.size()); ++i) {
      if (!keep(reply.items[i].text.size())) return;
      items_[places[i]] = std::move(reply.items[i]);
    }
  }
  Reply gathered() override { return Reply::array(std::move(items_)); }

  std::vector<std::vector<std::size_t>> places_;
  std::vector<Reply> items_;
};

std::vector<VShardId> vshards_of(const Calls& calls) {
  std::vector<VShardId> vshards;
  vshards.reserve(calls.size());
  for (const VShardCall& call : calls) vshards.push_back(call.vshard);
  return vshards;
}

}  // namespace

Scatter::Scatter(Calls calls, std::vector<VShardId> vshards, bool wide)
    : calls_(std::move(calls)), vshards_(std::move(vshards)), wide_(wide), parts_(calls_.size()) {
  for (const VShardCall& call : calls_) {
    write_ = write_ || call.write;
    held_bytes_ += call.command.size() + sizeof call;
  }
}

Order::Claim Scatter::claim() const {
  return {.vshards = vshards_, .mode = write_ ? Order::Mode::write : Order::Mode::read, .wide = wide_};
}

bool Scatter::keep(std::size_t bytes) {
  kept_bytes_ += bytes;
  too_large_ = too_large_ || kept_bytes_ > limits::gathered_bytes_max;
  return !too_large_;
}

Calls Scatter::answered(std::size_t part, Reply reply) {
  if (reply.is_error()) {
    if (failed_++ == 0) first_error_ = std::move(reply);
  } else if (!too_large_) {
    gather(part, std::move(reply));
  }
  return {};
}

Reply Scatter::result() {
  if (failed_ == 0) return too_large_ ? Reply::error(kv::errors::reply_too_large) : gathered();
  if (!write_ || failed_ == parts_) return first_error_;
  return Reply::error(first_error_.text + " (in " + std::to_string(failed_) + " of " +
                      std::to_string(parts_) + " vShards; the others were written)");
}

std::unique_ptr<Job> spread(const kv::CommandSpec& spec, const kv::Argv& argv, std::int64_t timeout_ns) {
  struct Share {
    kv::Argv argv;
    std::vector<std::size_t> places;  ///< of its keys among all keys
  };
  const auto step = static_cast<std::size_t>(spec.key_step);
  std::map<VShardId, Share> shares;
  for (std::size_t at = 1; at < argv.size(); at += step) {
    Share& share = shares[vshard_of_slot(slot_of(argv[at]))];
    if (share.argv.empty()) share.argv.push_back(argv[0]);
    for (std::size_t i = at; i < std::min(at + step, argv.size()); ++i) share.argv.push_back(argv[i]);
    share.places.push_back((at - 1) / step);
  }
  Calls calls;
  std::vector<std::vector<std::size_t>> places;
  for (auto& [vshard, share] : shares) {
    calls.push_back({.vshard = vshard,
                     .write = spec.writes(),
                     .command = Blob(kv::encode(share.argv)),
                     .timeout_ns = timeout_ns});
    places.push_back(std::move(share.places));
  }
  std::vector<VShardId> vshards = vshards_of(calls);
  if (spec.name == "mget") {
    return std::make_unique<Places>(std::move(calls), std::move(vshards), std::move(places));
  }
  if (spec.name == "mset") return std::make_unique<AllOk>(std::move(calls), std::move(vshards), false);
  return std::make_unique<Sum>(std::move(calls), std::move(vshards), false);
}

Calls calls_to_all(const Bytes& command, bool write, std::int64_t timeout_ns) {
  const Blob shared{Bytes(command)};
  Calls calls;
  calls.reserve(vshard_count);
  for (std::uint32_t vshard = 0; vshard < vshard_count; ++vshard) {
    calls.push_back({.vshard = VShardId(static_cast<std::uint16_t>(vshard)),
                     .write = write,
                     .command = shared,
                     .timeout_ns = timeout_ns});
  }
  return calls;
}

std::unique_ptr<Job> sum_over_all(const Bytes& query, std::int64_t timeout_ns) {
  return std::make_unique<Sum>(calls_to_all(query, false, timeout_ns), std::vector<VShardId>{}, true);
}

std::unique_ptr<Job> lists_over_all(const Bytes& query, std::int64_t timeout_ns) {
  return std::make_unique<Lists>(calls_to_all(query, false, timeout_ns), std::vector<VShardId>{}, true);
}

std::unique_ptr<Job> write_to_all(const Bytes& command, std::int64_t timeout_ns) {
  return std::make_unique<AllOk>(calls_to_all(command, true, timeout_ns), std::vector<VShardId>{}, true);
}

}  // namespace nodedb::resp
