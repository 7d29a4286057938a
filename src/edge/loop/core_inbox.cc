// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/core_inbox.h"

namespace nodedb::edge {

namespace {

std::size_t bytes_of(const raft::Message& message) {
  const auto* append = std::get_if<raft::Append>(&message);
  std::size_t bytes = 0;
  if (append != nullptr)
    for (const raft::Entry& entry : append->entries) bytes += entry.bytes();
  return bytes;
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
    for (const wire::ForwardReply& one : bundle.replies) bytes += one.result ? one.result->size() : 0;
    return bytes;
  }
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
    if (mailbox_.try_push(std::move(item)) == Pushed::ok) return true;
    event = std::move(item.event);
  }
  events_.fetch_sub(1, std::memory_order_relaxed);
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

std::vector<node::Event> CoreInbox::take_all(Time deadline) {
  auto taken = mailbox_.take_all(deadline);
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
