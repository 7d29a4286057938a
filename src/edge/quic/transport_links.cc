// SPDX-License-Identifier: Apache-2.0
// Connections to other nodes: who is let in, which one is current, what their streams carry.
#include <algorithm>

#include "edge/base/clock.h"
#include "edge/base/log.h"
#include "edge/quic/pair_policy.h"
#include "edge/quic/transport_impl.h"

namespace nodedb::quic {
namespace {

constexpr int highest_priority = 0;
/// The log's stream may run further ahead than the others: it carries appends for all groups.
constexpr std::uint64_t log_window_extra_bytes = 3 * 1024 * 1024;
/// How long a surplus connection may wait for the peer to close it.
constexpr std::int64_t surplus_grace_ns = 3 * ns_per_s;
/// Nodes send pulses far more often than this, so whoever was heard so lately has not ended.
constexpr std::int64_t alive_ns = 2 * ns_per_s;
constexpr std::int64_t twin_told_again_ns = 10 * ns_per_s;

int priority_of(wire::StreamClass stream_class) {
  return highest_priority + static_cast<int>(stream_class);
}

}  // namespace

Result<void> Transport::Impl::admit(const Connection& connection, const tls::PeerIdentity& peer) {
  if (peer.cluster != own.cluster) return fail(Code::wrong_cluster, "the certificate is of another cluster");
  if (connection.side() == Side::acceptor && peer.role == tls::Role::operator_) return {};
  if (peer.role != tls::Role::node) return fail(Code::forbidden, "this port is for nodes and operators");
  const auto dial = dialling.find(connection.number());
  if (peer.node == own.node) {
    if (dial != dialling.end()) dial->second.found_self = true;
    return fail(Code::conflict, "the certificate is our own");
  }
  if (dial != dialling.end() && dial->second.expected && *dial->second.expected != peer.node) {
    return fail(Code::conflict, "another node than " + dial->second.expected->text() + " answers there");
  }
  return {};
}

void Transport::Impl::close_removed() {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, link] : links)
    if (removed.contains(link.peer)) numbers.push_back(number);
  for (const std::uint64_t number : numbers) turn_away(number, links.at(number).peer);
}

/// Only once each knows for certain who the other is, so that the node may believe that it was removed.
void Transport::Impl::turn_away(std::uint64_t connection, const Uuid& peer) {
  close_connection(connection, CloseCode::removed, "node " + peer.text() + " was removed from the cluster");
}

void Transport::Impl::note_removal(const Connection& connection, const CloseReason& reason) {
  if (reason.kind != CloseReason::Kind::closed_by_peer || reason.code != CloseCode::removed) return;
  const auto& peer = connection.peer();
  if (peer && peer->role == tls::Role::node && callbacks.told_removed) callbacks.told_removed(peer->node);
}

void Transport::Impl::opened(Connection& connection) {
  if (connection.newcomer()) return newcomer_opened(connection);
  if (connection.peer()->role == tls::Role::operator_) return;
  if (const Uuid& peer = connection.peer()->node; removed.contains(peer)) {
    ++counted.refused;
    warn_about(connection, "connection refused", "node " + peer.text() + " was removed from the cluster");
    return turn_away(connection.number(), peer);
  }
  add_link(connection);
}

void Transport::Impl::add_link(Connection& connection) {
  Link made;
  made.connection = connection.number();
  made.peer = connection.peer()->node;
  made.instance = connection.peer_instance();
  made.ours = connection.side() == Side::dialler;
  if (const auto at = dialling.find(connection.number()); at != dialling.end()) {
    made.dialled_address = at->second.address;
    plan.opened(made.dialled_address, made.peer);
    dialling.erase(at);
  }
  auto& link = links.emplace(connection.number(), std::move(made)).first->second;
  if (paused) connection.pause(true);
  if (link.ours && !open_streams(connection, link)) return;
  const auto at = current.find(link.peer);
  if (at == current.end()) {
    make_current(link);
  } else {
    settle_pair(link, links.at(at->second));
  }
  plan_changed();
}

bool Transport::Impl::by_smaller(const Link& link) const {
  return link.ours ? own.node < link.peer : link.peer < own.node;
}

bool Transport::Impl::same_address(const Link& a, const Link& b) const {
  const auto* one = endpoint->find(a.connection);
  const auto* other = endpoint->find(b.connection);
  return one != nullptr && other != nullptr && one->remote() == other->remote();
}

/// `link` is new and its peer has a current one already.
void Transport::Impl::settle_pair(Link& link, Link& before) {
  const auto verdict = judge({.same_instance = link.instance == before.instance,
                              .current_by_smaller = by_smaller(before),
                              .candidate_by_smaller = by_smaller(link),
                              .candidate_is_ours = link.ours,
                              .we_are_smaller = own.node < link.peer,
                              .current_alive = edge::monotonic_time().ns - before.heard_ns < alive_ns,
                              .same_address = same_address(link, before)});
  const bool keep_new = verdict.keep == PairVerdict::Keep::candidate;
  Link& other = keep_new ? before : link;
  const auto other_number = other.connection;
  const bool one_process = link.instance == before.instance;
  if (!one_process && !keep_new) return refuse_twin(link, before);
  const auto code = one_process ? CloseCode::duplicate : CloseCode::replaced;
  other.close_by_ns = edge::monotonic_time().ns + surplus_grace_ns;
  if (keep_new) {
    const auto number = link.connection;
    leave_current(link.peer);
    // The callback may have closed anything.
    if (const auto at = links.find(number); at != links.end()) make_current(at->second);
  }
  if (verdict.close_other_now) close_connection(other_number, code, {});
}

void Transport::Impl::refuse_twin(const Link& link, const Link& before) {
  const auto* connection = endpoint->find(link.connection);
  const auto* live = endpoint->find(before.connection);
  const std::string address = live != nullptr ? live->remote().text() : std::string();
  if (connection != nullptr)
    warn_about(*connection, "a second process with the identity of a live node is refused",
               "node " + link.peer.text() + " is connected from " + address);
  close_connection(link.connection, CloseCode::twin, "the node runs at " + address);
}

/// This process is the newcomer: as long as the other one runs, nobody lets it in.
void Transport::Impl::note_twin(const CloseReason& reason) {
  if (reason.kind != CloseReason::Kind::closed_by_peer || reason.code != CloseCode::twin) return;
  const std::int64_t now_ns = edge::monotonic_time().ns;
  if (now_ns - twin_told_ns < twin_told_again_ns) return;
  twin_told_ns = now_ns;
  log::error(
      "another live process has this node's identity, so this one is refused: stop one of them; a "
      "copied data directory must not be started, give a new machine its own node certificate",
      {{"node", own.node.text()}, {"reason", reason.text}});
}

void Transport::Impl::make_current(Link& link) {
  current[link.peer] = link.connection;
  link.close_by_ns = never.ns;
  const auto* connection = endpoint->find(link.connection);
  log::info("peer connected", {{"peer", link.peer.text()},
                               {"address", connection != nullptr ? connection->remote().text() : ""},
                               {"direction", link.ours ? "outgoing" : "incoming"},
                               {"protocol", connection != nullptr ? connection->protocol() : ""}});
  if (callbacks.connected) callbacks.connected(link.peer, link.dialled_address);
}

void Transport::Impl::leave_current(const Uuid& peer) {
  if (current.erase(peer) == 0) return;
  if (callbacks.disconnected) callbacks.disconnected(peer);
}

bool Transport::Impl::open_streams(Connection& connection, Link& link) {
  for (const wire::StreamClass stream_class : wire::stream_classes) {
    const auto id = connection.open_stream(priority_of(stream_class));
    if (!id) {
      close_connection(link.connection, CloseCode::internal, id.error().detail);
      return false;
    }
    link.lane(stream_class).id = *id;
    if (stream_class == wire::StreamClass::log) connection.widen(*id, log_window_extra_bytes);
    connection.send(*id, wire::encode_stream_open(stream_class));
  }
  endpoint->touch(connection);
  return true;
}

void Transport::Impl::received(Connection& connection, std::int64_t stream, wire::Frame frame) {
  ++counted.frames_received;
  if (connection.newcomer()) return newcomer_asked(connection, stream, frame);
  if (connection.peer()->role == tls::Role::operator_) {
    if (stream == from_datagram) return bad_input(connection, "an operator needs no datagrams");
    return operator_received(connection, stream, std::move(frame));
  }
  const auto at = links.find(connection.number());
  if (at == links.end()) return;
  auto& link = at->second;
  link.heard_ns = endpoint->now_ns();
  if (stream == from_datagram) return receive_datagram(connection, link, frame);
  const bool known = std::ranges::find(link.lanes, stream, &Link::Lane::id) != link.lanes.end();
  if (known) {
    receive_message(connection, link, stream, frame);
  } else {
    attach_stream(connection, link, stream, frame);
  }
}

void Transport::Impl::attach_stream(Connection& connection, Link& link, std::int64_t stream,
                                    const wire::Frame& frame) {
  const auto stream_class = wire::decode_stream_open(frame);
  if (!stream_class) return bad_input(connection, stream_class.error().detail);
  Link::Lane& lane = link.lane(*stream_class);
  if (lane.id != no_stream) return bad_input(connection, "a second stream of one class");
  lane.id = stream;
  connection.set_priority(stream, priority_of(*stream_class));
  if (*stream_class == wire::StreamClass::log) connection.widen(stream, log_window_extra_bytes);
  for (auto& message : std::exchange(lane.waiting, {})) connection.send(stream, std::move(message));
  lane.waiting_bytes = 0;
  endpoint->touch(connection);
}

void Transport::Impl::receive_message(Connection& connection, Link& link, std::int64_t stream,
                                      const wire::Frame& frame) {
  auto message = wire::decode(frame.kind, frame.payload);
  if (!message) return bad_input(connection, message.error().detail);
  if (link.lane(wire::stream_class(*message)).id != stream) {
    return bad_input(connection, "a message on a stream of another class");
  }
  if (callbacks.received) callbacks.received(link.peer, std::move(*message));
}

void Transport::Impl::receive_datagram(Connection& connection, Link& link, const wire::Frame& frame) {
  auto message = wire::decode(frame.kind, frame.payload);
  if (!message) return bad_input(connection, message.error().detail);
  if (!wire::rides_datagram(*message)) return bad_input(connection, "a message that belongs on a stream");
  if (callbacks.received) callbacks.received(link.peer, std::move(*message));
}

/// False: it has to go on a stream.
bool Transport::Impl::send_datagram(Link& link, const wire::PeerMessage& message) {
  auto* connection = endpoint->find(link.connection);
  if (connection == nullptr) return false;
  const auto encoded = wire::encode(message);
  if (!connection->send_datagram(encoded.kind, encoded.payload)) return false;
  ++counted.frames_sent;
  endpoint->touch(*connection);
  return true;
}

std::size_t SendQueueLimits::of(wire::StreamClass stream_class) const {
  switch (stream_class) {
    case wire::StreamClass::log:
      return log_bytes;
    case wire::StreamClass::bulk:
      return bulk_bytes;
    case wire::StreamClass::control:
    case wire::StreamClass::forward:
      return log_bytes / 2;
  }
  check_failed(__FILE__, __LINE__, "a known class of streams");
}

/// A request that is dropped is only sent again after a time-out. What it shares counts already where it
/// waits for its answer, which bounds it.
constexpr wire::Counted counted_on(wire::StreamClass stream_class) {
  return stream_class == wire::StreamClass::forward ? wire::Counted::copied : wire::Counted::all;
}

std::size_t Transport::Impl::queued_bytes(const Link::Lane& lane, const Connection* connection,
                                          wire::Counted which) {
  if (connection == nullptr) return lane.waiting_bytes;
  return lane.waiting_bytes +
         (which == wire::Counted::copied ? connection->own_bytes(lane.id) : connection->held_bytes(lane.id));
}

bool Transport::Impl::enqueue(Link& link, wire::StreamClass stream_class, wire::EncodedMessage message) {
  auto* connection = endpoint->find(link.connection);
  if (connection == nullptr) {
    ++counted.dropped_unconnected;
    return false;
  }
  Link::Lane& lane = link.lane(stream_class);
  const wire::Counted which = counted_on(stream_class);
  const std::size_t payload_bytes = message.payload_bytes();
  const std::size_t bytes =
      wire::frame_header_bytes + (which == wire::Counted::copied ? message.payload.size() : payload_bytes);
  const std::size_t held = queued_bytes(lane, connection, which);
  const bool full = held > 0 && held + bytes > options.send_queues.of(stream_class);
  if (full || payload_bytes > limits::frame_bytes_max) {
    ++counted.dropped_full;
    return false;
  }
  ++counted.frames_sent;
  if (lane.id == no_stream) {
    lane.waiting_bytes += bytes;
    lane.waiting.push_back(std::move(message));
    return true;
  }
  connection->send(lane.id, std::move(message));
  endpoint->touch(*connection);
  return true;
}

/// `closed` counts it and writes the line.
void Transport::Impl::bad_input(Connection& connection, std::string text) {
  close_connection(connection.number(), CloseCode::bad_frame, std::move(text));
}

void Transport::Impl::close_connection(std::uint64_t number, CloseCode code, std::string text) {
  auto* connection = endpoint->find(number);
  if (connection == nullptr) return;
  connection->close(code, std::move(text), edge::monotonic_time().ns);
  endpoint->touch(*connection);
  drop_link(number, connection->reason().text);
}

/// The link is over; another open connection to the same run of the peer takes its place if there is one.
void Transport::Impl::drop_link(std::uint64_t number, const std::string& reason) {
  const auto at = links.find(number);
  if (at == links.end()) return;
  const Link gone = std::move(at->second);
  links.erase(at);
  const auto now = current.find(gone.peer);
  if (now == current.end() || now->second != number) return;
  log::info("peer disconnected", {{"peer", gone.peer.text()}, {"reason", reason}});
  leave_current(gone.peer);
  if (is_connected(gone.peer)) return;
  for (auto& [other, link] : links) {
    if (link.peer == gone.peer && link.instance == gone.instance && endpoint->find(other) != nullptr) {
      return make_current(link);
    }
  }
  plan.lost(gone.peer, edge::monotonic_time().ns);
  plan_changed();
}

void Transport::Impl::stream_ended(Connection& connection, std::int64_t) {
  // Streams between nodes live as long as their connection; an operator's ends after its request.
  if (links.contains(connection.number())) bad_input(connection, "a stream between nodes ended");
}

void Transport::Impl::closed(Connection& connection) {
  const auto reason = connection.reason();
  const auto number = connection.number();
  note_twin(reason);
  note_removal(connection, reason);
  tell_of_refusal(connection, reason);
  const bool bad = reason.kind == CloseReason::Kind::closed_here && reason.code == CloseCode::bad_frame;
  if (bad) ++counted.bad_frames;
  if (bad) warn_about(connection, "bad input", reason.text);
  forget_operator(number);
  if (connection.newcomer() && newcomers.erase(number) != 0) return;
  if (links.contains(number)) return drop_link(number, reason.text);
  if (const auto at = dialling.find(number); at != dialling.end()) {
    const auto dial = std::move(at->second);
    dialling.erase(at);
    if (dial.found_self) {
      own_addresses.push_back(connection.remote());
      return plan.found_self(dial.address);
    }
    if (reason.code == CloseCode::duplicate && connection.peer()) {
      // The peer closed it for the sake of the other one before we could confirm it.
      plan.opened(dial.address, connection.peer()->node);
      return plan_changed();
    }
    return dial_failed(dial.address, reason.text);
  }
  if (connection.peer() || connection.side() == Side::dialler) return;
  // The other end of a dial to ourselves is no stranger.
  if (std::ranges::find(own_addresses, connection.remote()) != own_addresses.end()) return;
  ++counted.refused;
  warn_about(connection, "connection refused", reason.text);
}

/// What is worth remembering: whoever was refused by us for what they are or did.
void Transport::Impl::tell_of_refusal(const Connection& connection, const CloseReason& reason) {
  if (!callbacks.turned_away) return;
  const auto dial = dialling.find(connection.number());
  const bool ourselves = (dial != dialling.end() && dial->second.found_self) ||
                         std::ranges::find(own_addresses, connection.remote()) != own_addresses.end();
  const bool judged = reason.kind == CloseReason::Kind::refused && !reason.by_peer;
  const bool closed = reason.kind == CloseReason::Kind::closed_here &&
                      (reason.code == CloseCode::bad_frame || reason.code == CloseCode::removed ||
                       reason.code == CloseCode::twin);
  if (ourselves || !(judged || closed)) return;
  const std::string host = host_of(connection.remote());
  std::string who = host;
  if (const auto& peer = connection.peer())
    who = peer->role == tls::Role::node ? peer->node.text() : peer->name;
  callbacks.turned_away(who, reason.text + " (from " + host + ")");
}

/// For lines that strangers can cause: only so many a second.
void Transport::Impl::warn_about(const Connection& connection, std::string_view what,
                                 const std::string& reason) {
  const auto held_back = refusals.pass(edge::monotonic_time().ns);
  if (!held_back) return;
  log::warn(what, {{"from", connection.remote().text()}, {"reason", reason}, {"held_back", *held_back}});
}

}  // namespace nodedb::quic
