// SPDX-License-Identifier: Apache-2.0
#include "node/transfers.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "base/limits.h"
#include "wire/rows.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t repeat_ns = 500 * ns_per_ms;
constexpr std::int64_t read_burst_ns = 5 * ns_per_ms;  ///< so far ahead of the cap on speed a chunk may leave
constexpr std::int64_t patience_ns = 20 * ns_per_s;
constexpr std::uint64_t window_chunks = 4;

}  // namespace

void Transfers::start(Time now, GroupId group, NodeId to) {
  for (const auto& [id, sending] : sending_) {
    if (sending.group == group && sending.to == to) return;
  }
  for (const Wish& wish : wishes_) {
    if (wish.group == group && wish.to == to) return;
  }
  wishes_.push_back({group, to});
  start_next(now);
}

void Transfers::start_next(Time now) {
  while (!wishes_.empty() && sending_.size() < limits::snapshots_sending_max) {
    const Wish wish = wishes_.front();
    wishes_.pop_front();
    begin(now, wish);
  }
}

void Transfers::begin(Time now, Wish wish) {
  const wire::TransferId id{incarnation_, ++last_number_};
  Sending sending;
  sending.group = wish.group;
  sending.to = wish.to;
  sending.last_sign = now;
  sending_.emplace(id, std::move(sending));
  output_.tasks.push_back(OpenSnapshotTask{id, wish.group});
}

void Transfers::opened(Time now, const SnapshotOpened& opened, Term term,
                       const std::optional<raft::Config>& config) {
  const auto at = sending_.find(opened.transfer);
  if (at == sending_.end()) {
    output_.tasks.push_back(CloseSnapshotTask{opened.transfer});
    return;
  }
  if (!opened.at || !config) {
    end(at, false);
    start_next(now);
    return;
  }
  Sending& sending = at->second;
  sending.state = Sending::State::offering;
  sending.bytes = opened.bytes;
  sending.offer = wire::SnapshotOffer{opened.transfer, sending.group, term, *opened.at, *config};
  sending.repeat_at = now + repeat_ns;
  output_.sends.emplace_back(sending.to, sending.offer);
}

void Transfers::read(Time now, SnapshotRead read) {
  const auto at = sending_.find(read.transfer);
  if (at == sending_.end()) return;
  Sending& sending = at->second;
  sending.reading = false;
  if (!read.rows) {
    end(at, false);
    start_next(now);
    return;
  }
  wire::SnapshotChunk chunk;
  chunk.transfer = read.transfer;
  chunk.group = sending.group;
  chunk.sequence = read.sequence;
  chunk.crc = crc32c(read.rows->rows);
  sending.crc_chain = crc32c(read.rows->rows, sending.crc_chain);
  chunk.crc_chain = sending.crc_chain;
  chunk.last = read.rows->done;
  chunk.rows = Blob(std::move(read.rows->rows));
  sending.read_last = chunk.last;
  sending.sent_bytes += chunk.rows.size();
  const auto took_ns = static_cast<std::int64_t>(static_cast<double>(chunk.rows.size()) * ns_per_s /
                                                 static_cast<double>(bytes_per_second_));
  next_read_at_ = std::max(next_read_at_, now) + took_ns;
  output_.sends.emplace_back(sending.to, chunk);
  sending.unacknowledged.push_back(std::move(chunk));
  pump(now, sending);
}

bool Transfers::may_read(const Sending& sending) {
  return sending.state == Sending::State::streaming && !sending.reading && !sending.read_last &&
         sending.next_read < sending.limit;
}

void Transfers::pump(Time now, Sending& sending) {
  if (!may_read(sending) || now + read_burst_ns < next_read_at_) return;
  sending.reading = true;
  output_.tasks.push_back(ReadSnapshotTask{sending.offer.transfer, sending.next_read++, chunk_bytes_});
  sending.repeat_at = now + repeat_ns;
}

void Transfers::credit(Time now, NodeId from, const wire::SnapshotCredit& credit) {
  const auto at = sending_.find(credit.transfer);
  if (at == sending_.end() || at->second.to != from || at->second.state == Sending::State::opening) return;
  Sending& sending = at->second;
  if (credit.refused || credit.done) {
    end(at, credit.done);
    start_next(now);
    return;
  }
  sending.state = Sending::State::streaming;
  sending.last_sign = now;
  sending.limit = std::max(sending.limit, credit.limit);
  while (!sending.unacknowledged.empty() && sending.unacknowledged.front().sequence < credit.next) {
    sending.unacknowledged.pop_front();
  }
  pump(now, sending);
}

void Transfers::stop_sending(GroupId group) {
  std::erase_if(wishes_, [group](const Wish& wish) { return wish.group == group; });
  for (auto at = sending_.begin(); at != sending_.end();) {
    const auto next = std::next(at);
    if (at->second.group == group) end(at, false);
    at = next;
  }
}

void Transfers::end(std::map<wire::TransferId, Sending>::iterator at, bool ok) {
  if (at->second.state != Sending::State::opening) output_.tasks.push_back(CloseSnapshotTask{at->first});
  output_.finished.push_back({at->second.group, at->second.to, ok});
  if (ok) ++sent_;
  sending_.erase(at);
}

std::optional<GroupId> Transfers::sending_group(wire::TransferId transfer) const {
  const auto at = sending_.find(transfer);
  if (at == sending_.end()) return std::nullopt;
  return at->second.group;
}

std::optional<Transfers::Progress> Transfers::progress(GroupId group, NodeId to) const {
  for (const auto& [id, sending] : sending_) {
    if (sending.group == group && sending.to == to)
      return Progress{sending.offer.at.index, sending.sent_bytes, sending.bytes};
  }
  return std::nullopt;
}

void Transfers::offer(Time now, NodeId from, const wire::SnapshotOffer& offer, bool needed) {
  const auto known = receiving_.find(offer.group);
  if (known != receiving_.end()) {
    Receiving& receiving = known->second;
    if (receiving.from == from && receiving.offer.transfer == offer.transfer) {
      receiving.last_sign = now;
      if (!receiving.installing) give_credit(now, receiving);
      return;
    }
    // An install that has begun is finished; the newer offer is made again if it is still needed then.
    if (receiving.installing || offer.term < receiving.offer.term) {
      refuse(from, offer.transfer, offer.group);
      return;
    }
    receiving_.erase(known);
  }
  if (!needed) {
    refuse(from, offer.transfer, offer.group);
    return;
  }
  // At the cap nothing is said: the sender repeats its offer.
  if (receiving_.size() >= limits::snapshots_receiving_max) return;
  Receiving receiving;
  receiving.from = from;
  receiving.offer = offer;
  receiving.last_sign = now;
  give_credit(now, receiving_.emplace(offer.group, std::move(receiving)).first->second);
}

void Transfers::refuse(NodeId to, const wire::TransferId& transfer, GroupId group) {
  wire::SnapshotCredit no;
  no.transfer = transfer;
  no.group = group;
  no.refused = true;
  output_.sends.emplace_back(to, no);
}

void Transfers::give_credit(Time now, Receiving& receiving) {
  wire::SnapshotCredit credit;
  credit.transfer = receiving.offer.transfer;
  credit.group = receiving.offer.group;
  credit.next = receiving.next;
  credit.limit = receiving.staged + window_chunks;
  output_.sends.emplace_back(receiving.from, credit);
  receiving.repeat_at = now + repeat_ns;
}

void Transfers::chunk(Time now, NodeId from, wire::SnapshotChunk chunk) {
  const auto at = receiving_.find(chunk.group);
  if (at == receiving_.end()) {
    refuse(from, chunk.transfer, chunk.group);
    return;
  }
  Receiving& receiving = at->second;
  if (receiving.from != from || receiving.offer.transfer != chunk.transfer) return;
  receiving.last_sign = now;
  if (chunk.sequence != receiving.next || receiving.got_last)
    return;  // repeated, or ahead of one that was lost
  const std::uint32_t chain = crc32c(chunk.rows.view(), receiving.crc_chain);
  const bool sound = crc32c(chunk.rows.view()) == chunk.crc && chain == chunk.crc_chain;
  // The store must never see what it cannot take: there, that would be a failed disk.
  if (!sound || !receiving.keys.follow(chunk.rows.view())) {
    refuse(from, chunk.transfer, chunk.group);
    receiving_.erase(at);
    return;
  }
  receiving.crc_chain = chain;
  receiving.got_last = chunk.last;
  ++receiving.next;
  receiving.repeat_at = now + repeat_ns;
  output_.tasks.push_back(StageTask{chunk.transfer, chunk.group, chunk.sequence, std::move(chunk.rows)});
}

void Transfers::staged(Time now, const Staged& staged) {
  const auto at = receiving_.find(staged.group);
  if (at == receiving_.end() || at->second.offer.transfer != staged.transfer) return;
  Receiving& receiving = at->second;
  receiving.staged = std::max(receiving.staged, staged.sequence + 1);
  if (!receiving.got_last || receiving.staged != receiving.next) {
    give_credit(now, receiving);
    return;
  }
  if (receiving.installing) return;
  receiving.installing = true;
  receiving.repeat_at = never;
  output_.tasks.push_back(
      InstallTask{staged.transfer, staged.group, receiving.offer.at, receiving.offer.config});
}

bool Transfers::overtaken(GroupId group, Index handed) const {
  const auto at = receiving_.find(group);
  return at != receiving_.end() && at->second.offer.at.index <= handed;
}

void Transfers::abandon(GroupId group) {
  const auto at = receiving_.find(group);
  if (at == receiving_.end()) return;
  refuse(at->second.from, at->second.offer.transfer, group);
  receiving_.erase(at);
}

bool Transfers::installing(GroupId group) const {
  const auto at = receiving_.find(group);
  return at != receiving_.end() && at->second.installing;
}

std::optional<std::pair<NodeId, wire::SnapshotCredit>> Transfers::installed(GroupId group) {
  const auto at = receiving_.find(group);
  if (at == receiving_.end()) return std::nullopt;
  wire::SnapshotCredit credit;
  credit.transfer = at->second.offer.transfer;
  credit.group = group;
  credit.next = at->second.next;
  credit.done = true;
  const NodeId from = at->second.from;
  receiving_.erase(at);
  ++installed_;
  return std::pair(from, credit);
}

std::optional<NodeId> Transfers::source(GroupId group) const {
  const auto at = receiving_.find(group);
  if (at == receiving_.end()) return std::nullopt;
  return at->second.from;
}

std::size_t Transfers::held_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [transfer, sending] : sending_)
    for (const wire::SnapshotChunk& chunk : sending.unacknowledged) bytes += chunk.rows.size();
  return bytes;
}

void Transfers::wake(Time now) {
  for (auto at = sending_.begin(); at != sending_.end();) {
    const auto next = std::next(at);
    Sending& sending = at->second;
    if (now - sending.last_sign >= patience_ns) {
      end(at, false);
      at = next;
      continue;
    }
    if (sending.repeat_at <= now) {
      sending.repeat_at = now + repeat_ns;
      if (sending.state == Sending::State::offering) output_.sends.emplace_back(sending.to, sending.offer);
      for (const auto& chunk : sending.unacknowledged) output_.sends.emplace_back(sending.to, chunk);
    }
    pump(now, sending);
    at = next;
  }
  for (auto at = receiving_.begin(); at != receiving_.end();) {
    Receiving& receiving = at->second;
    if (!receiving.installing && now - receiving.last_sign >= patience_ns) {
      at = receiving_.erase(at);
      continue;
    }
    if (receiving.repeat_at <= now) give_credit(now, receiving);
    ++at;
  }
  start_next(now);
}

Time Transfers::deadline() const {
  Time first = never;
  for (const auto& [id, sending] : sending_) {
    first = std::min({first, sending.repeat_at, sending.last_sign + patience_ns});
    if (may_read(sending)) first = std::min(first, next_read_at_ - read_burst_ns);
  }
  for (const auto& [group, receiving] : receiving_) {
    if (receiving.installing) continue;
    first = std::min({first, receiving.repeat_at, receiving.last_sign + patience_ns});
  }
  return first;
}

}  // namespace nodedb::node
