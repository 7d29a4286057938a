// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/core_inbox.h"

#include <utility>

#include "edge/base/clock.h"

namespace nodedb::edge {

namespace {

std::size_t bytes_of(const raft::Message& message) {
  const auto* append = std::get_if<raft::Append>(&message);
  std::size_t bytes = 0;
  if (append != nullptr)
    for (const raft::Entry& entry : append->entries) bytes += entry.bytes();
  return bytes;
}

std::size_t bytes_of(const wire::ForwardReply& reply) {
  return reply.result ? reply.result->size() : 0;
}

struct MessageBytes {
  std::size_t operator()(const wire::RaftBundle& bundle) const {
    std::size_t bytes = 0;
    for (const wire::GroupMessage& one : bundle.messages) bytes += bytes_of(one.message);
    return bytes;
  }
  std::size_t operator()(const wire::ForwardBundle& bundle) const {
    std::size_t bytes = 0;
    for (const wire::Forward& one : bundle.requests) bytes += one.command.size();
    for (const wire::ForwardReply& one : bundle.replies) bytes += bytes_of(one);
    return bytes;
  }
  std::size_t operator()(const wire::LargeReply& large) const { return bytes_of(large.reply); }
  std::size_t operator()(const wire::SnapshotChunk& chunk) const { return chunk.rows.size(); }
  /// Others are small.
  template <class Other>
  std::size_t operator()(const Other&) const {
    return 0;
  }
};

/// What an event takes beside the bytes that it carries.
constexpr std::size_t overhead_bytes = 256;

}  // namespace

std::size_t CoreInbox::bytes_of(const node::Event& event) {
  if (const auto* request = std::get_if<node::ClientRequest>(&event))
    return overhead_bytes + request->command.size();
  if (const auto* message = std::get_if<node::FromPeer>(&event))
    return overhead_bytes + std::visit(MessageBytes(), message->message);
  return overhead_bytes;
}

bool CoreInbox::offer(node::Event&& event) {
  const std::size_t bytes = bytes_of(event);
  // The other half is for peers, whose messages make room for clients'.
  const bool of_client = std::holds_alternative<node::ClientRequest>(event);
  const std::size_t events_max = of_client ? clients_max : outside_max;
  const std::size_t full_bytes = of_client ? bytes_max_ / 2 : bytes_max_;
  const std::size_t events_before = events_.fetch_add(1, std::memory_order_relaxed);
  const std::size_t bytes_before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
  const bool room = bytes_before == 0 || (bytes_before < full_bytes && bytes_before + bytes <= bytes_max_);
  if (events_before < events_max && room) {
    Item item{std::move(event), bytes, true};
    if (put(std::move(item), !offered_)) {
      if (offered_ && !std::exchange(announced_, true)) offered_();
      return true;
    }
    event = std::move(item.event);
  }
  events_.fetch_sub(1, std::memory_order_relaxed);
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

void CoreInbox::report(node::Event event, bool steps) {
  static_cast<void>(put({std::move(event), 0, false}, !steps || !step_here_));
}

bool CoreInbox::put(Item&& item, bool wake) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    queue_.push_back(std::move(item));
    // Who steps looks again at the end.
    wake = wake && !stepping_ && asleep_until_ > long_ago;
  }
  if (wake) core_thread_.notify_one();
  return true;
}

void CoreInbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  core_thread_.notify_one();
}

void CoreInbox::step_here() {
  if (step_here_) step_here_();
}

void CoreInbox::step_offered() {
  announced_ = false;
  step_here();
}

std::optional<std::vector<node::Event>> CoreInbox::await() {
  std::vector<Item> taken;
  {
    std::unique_lock lock(mutex_);
    while (stepping_ || (queue_.empty() && !closed_ && wake_at_ > monotonic_time())) {
      // Who steps now wakes this thread if there is more to do.
      asleep_until_ = stepping_ ? never : wake_at_;
      if (asleep_until_ == never)
        core_thread_.wait(lock);
      else
        core_thread_.wait_until(lock, steady_instant(asleep_until_));
      asleep_until_ = long_ago;
    }
    if (closed_ && queue_.empty()) return std::nullopt;
    taken = begin_step();
  }
  return opened(std::move(taken));
}

std::vector<node::Event> CoreInbox::claim() {
  std::vector<Item> taken;
  {
    const std::lock_guard lock(mutex_);
    if (stepping_ || queue_.empty()) return {};
    if (!is_claimable()) {
      core_thread_.notify_one();
      return {};
    }
    taken = begin_step();
  }
  return opened(std::move(taken));
}

std::vector<node::Event> CoreInbox::end_step(Time wake_at, bool crowded, bool on) {
  std::vector<Item> taken;
  {
    const std::lock_guard lock(mutex_);
    stepping_ = false;
    crowded_ = crowded;
    wake_at_ = wake_at;
    if (on && is_claimable())
      taken = begin_step();
    else if (asleep_until_ > long_ago && (closed_ || !queue_.empty() || wake_at_ < asleep_until_))
      core_thread_.notify_one();
  }
  return opened(std::move(taken));
}

bool CoreInbox::is_claimable() const {
  return !closed_ && !crowded_ && !queue_.empty() && queue_.size() <= little;
}

std::vector<CoreInbox::Item> CoreInbox::begin_step() {
  stepping_ = true;
  return std::exchange(queue_, {});
}

std::vector<node::Event> CoreInbox::opened(std::vector<Item> taken) {
  std::vector<node::Event> events;
  events.reserve(taken.size());
  std::size_t from_outside = 0;
  std::size_t bytes = 0;
  for (Item& item : taken) {
    from_outside += item.outside ? 1 : 0;
    bytes += item.bytes;
    events.push_back(std::move(item.event));
  }
  events_.fetch_sub(from_outside, std::memory_order_relaxed);
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return events;
}

}  // namespace nodedb::edge
