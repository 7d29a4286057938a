// SPDX-License-Identifier: Apache-2.0
#include "wire/peer_codec.h"

#include <array>
#include <limits>
#include <span>

#include "base/limits.h"
#include "meta/codec.h"
#include "wire/certificate_codec.h"
#include "wire/error_codec.h"
#include "wire/load_codec.h"
#include "wire/move_codec.h"
#include "wire/raft_codec.h"
#include "wire/reader.h"
#include "wire/swim_codec.h"
#include "wire/vitals_codec.h"
#include "wire/writer.h"

namespace nodedb::wire {

namespace {

constexpr std::size_t small_bytes = 128;  // a forwarded request or reply without its bytes
constexpr std::size_t group_message_bytes_min = 3;
constexpr std::size_t forward_bytes_min = 5;
constexpr std::size_t reply_bytes_min = 6;
// Of a forwarded request.
constexpr std::uint8_t write_flag = 1;
constexpr std::uint8_t round_flag = 2;
constexpr std::uint8_t trace_flag = 4;

void put_transfer(Writer& out, const TransferId& transfer, GroupId group) {
  out.varint(transfer.incarnation.value);
  out.varint(transfer.number);
  out.varint(group.value);
}

TransferId get_transfer(Reader& in) {
  const Incarnation incarnation(in.varint());
  return {incarnation, in.varint()};
}

template <std::size_t Size>
void put_array(Writer& out, const std::array<std::uint8_t, Size>& bytes) {
  for (const std::uint8_t byte : bytes) out.u8(byte);
}

template <std::size_t Size>
void get_array(Reader& in, std::array<std::uint8_t, Size>& bytes) {
  for (std::uint8_t& byte : bytes) byte = in.u8();
}

void put_trace(Writer& out, const TraceContext& trace) {
  put_array(out, trace.trace);
  put_array(out, trace.parent);
  out.boolean(trace.sampled);
}

TraceContext get_trace(Reader& in) {
  TraceContext trace;
  get_array(in, trace.trace);
  get_array(in, trace.parent);
  trace.sampled = in.boolean();
  if (in.ok() && !trace.exists()) in.refuse(Code::malformed, "a trace without an id");
  return trace;
}

std::uint8_t flags_of(const Forward& forward) {
  std::uint8_t flags = forward.write ? write_flag : 0;
  if (!forward.write && forward.by_round) flags |= round_flag;
  if (forward.trace.exists()) flags |= trace_flag;
  return flags;
}

void put_forward(Writer& out, const Forward& forward) {
  out.varint(forward.request);
  out.varint(forward.incarnation.value);
  out.varint(forward.group.value);
  out.u8(flags_of(forward));
  if (forward.write) {
    out.varint(forward.stamp.gateway.value);
    out.varint(forward.stamp.incarnation.value);
    out.varint(forward.stamp.sequence);
    out.varint(forward.stamp.first_outstanding);
  }
  if (forward.trace.exists()) put_trace(out, forward.trace);
  out.bytes(forward.command.view());
}

Forward get_forward(Reader& in) {
  Forward forward;
  forward.request = in.varint();
  forward.incarnation = Incarnation(in.varint());
  forward.group = GroupId(in.varint32());
  const std::uint8_t flags = in.u8();
  forward.write = (flags & write_flag) != 0;
  forward.by_round = (flags & round_flag) != 0;
  if (flags > (write_flag | round_flag | trace_flag) || (forward.write && forward.by_round))
    in.refuse(Code::malformed, "flags that no request has");
  if (forward.write) {
    forward.stamp.gateway = NodeId(in.varint32());
    forward.stamp.incarnation = Incarnation(in.varint());
    forward.stamp.sequence = in.varint();
    forward.stamp.first_outstanding = in.varint();
  }
  if ((flags & trace_flag) != 0) forward.trace = get_trace(in);
  forward.command = in.blob();
  return forward;
}

void put_reply(Writer& out, const ForwardReply& reply) {
  out.varint(reply.request);
  out.varint(reply.incarnation.value);
  out.varint(reply.group.value);
  out.varint(reply.leader_hint.value);
  out.boolean(reply.result.has_value());
  if (reply.result) {
    out.varint(reply.at.value);
    out.bytes(reply.result->view());
  } else {
    put_error(out, reply.result.error());
  }
}

/// What a reply takes in a frame, about.
std::size_t reply_bytes(const ForwardReply& reply) {
  return small_bytes + (reply.result ? reply.result->size() : 0);
}

ForwardReply get_reply(Reader& in) {
  ForwardReply reply;
  reply.request = in.varint();
  reply.incarnation = Incarnation(in.varint());
  reply.group = GroupId(in.varint32());
  reply.leader_hint = NodeId(in.varint32());
  if (in.boolean()) {
    reply.at = Index(in.varint());
    reply.result = in.blob();
  } else {
    reply.result = std::unexpected(get_error(in));
  }
  return reply;
}

// --- one function a frame kind, each way ---

EncodedMessage encode_raft(std::span<const GroupMessage> messages) {
  EncodedMessage frame{FrameKind::raft, {}};
  std::size_t size = small_bytes;
  for (const GroupMessage& each : messages) size += message_bytes(each.message);
  frame.payload.reserve(size);
  Writer out(frame.payload);
  out.varint(messages.size());
  for (const GroupMessage& each : messages) {
    out.varint(each.group.value);
    put_message(out, each.message);
  }
  return frame;
}

EncodedMessage encode_forward(std::span<const Forward> requests, std::span<const ForwardReply> replies) {
  EncodedMessage frame{FrameKind::forward, {}};
  std::size_t size = small_bytes;
  for (const Forward& each : requests) size += small_bytes + each.command.size();
  for (const ForwardReply& each : replies) {
    size += small_bytes + (each.result ? each.result->size() : each.result.error().detail.size());
  }
  frame.payload.reserve(size);
  Writer out(frame.payload);
  out.varint(requests.size());
  for (const Forward& each : requests) put_forward(out, each);
  out.varint(replies.size());
  for (const ForwardReply& each : replies) put_reply(out, each);
  return frame;
}

struct Encode {
  EncodedMessage operator()(const Hello& hello) const {
    EncodedMessage frame{FrameKind::hello, {}};
    Writer out(frame.payload);
    out.varint(hello.id.value);
    out.varint(hello.incarnation.value);
    out.text(hello.address, limits::address_bytes_max);
    out.text(hello.client_address, limits::address_bytes_max);
    out.boolean(hello.draining);
    return frame;
  }
  EncodedMessage operator()(const Found& found) const {
    EncodedMessage frame{FrameKind::found, {}};
    Writer out(frame.payload);
    out.varint(found.id.value);
    out.bytes(meta::encode(found.genesis));
    return frame;
  }
  EncodedMessage operator()(const Founded& founded) const {
    EncodedMessage frame{FrameKind::founded, {}};
    Writer out(frame.payload);
    out.boolean(founded.accepted);
    out.text(founded.reason, error_detail_bytes_max);
    out.boolean(founded.retired);
    return frame;
  }
  EncodedMessage operator()(const RaftBundle& bundle) const { return encode_raft(bundle.messages); }
  EncodedMessage operator()(const raft::Pulse& pulse) const {
    EncodedMessage frame{FrameKind::pulse, {}};
    Writer out(frame.payload);
    put_pulse(out, pulse);
    return frame;
  }
  EncodedMessage operator()(const ForwardBundle& bundle) const {
    return encode_forward(bundle.requests, bundle.replies);
  }
  EncodedMessage operator()(const LargeReply& large) const {
    EncodedMessage frame{FrameKind::large_reply, {}};
    frame.payload.reserve(reply_bytes(large.reply));
    Writer out(frame.payload);
    put_reply(out, large.reply);
    return frame;
  }
  EncodedMessage operator()(const SnapshotOffer& offer) const {
    EncodedMessage frame{FrameKind::snapshot_offer, {}};
    Writer out(frame.payload);
    put_transfer(out, offer.transfer, offer.group);
    out.varint(offer.term.value);
    out.varint(offer.at.index.value);
    out.varint(offer.at.term.value);
    out.bytes(raft::encode(offer.config));
    return frame;
  }
  EncodedMessage operator()(const SnapshotCredit& credit) const {
    EncodedMessage frame{FrameKind::snapshot_credit, {}};
    Writer out(frame.payload);
    put_transfer(out, credit.transfer, credit.group);
    out.varint(credit.next);
    out.varint(credit.limit);
    out.boolean(credit.refused);
    out.boolean(credit.done);
    return frame;
  }
  EncodedMessage operator()(const SnapshotChunk& chunk) const {
    EncodedMessage frame{FrameKind::snapshot_chunk, {}};
    frame.payload.reserve(small_bytes + chunk.rows.size());
    Writer out(frame.payload);
    put_transfer(out, chunk.transfer, chunk.group);
    out.varint(chunk.sequence);
    out.u32(chunk.crc);
    out.u32(chunk.crc_chain);
    out.boolean(chunk.last);
    out.bytes(chunk.rows.view());
    return frame;
  }
  EncodedMessage operator()(const MoveOrder& order) const {
    EncodedMessage frame{FrameKind::move_order, {}};
    Writer out(frame.payload);
    put_move_order(out, order);
    return frame;
  }
  EncodedMessage operator()(const MoveReport& report) const {
    EncodedMessage frame{FrameKind::move_report, {}};
    Writer out(frame.payload);
    put_move_report(out, report);
    return frame;
  }
  EncodedMessage operator()(const SnapshotWanted& wanted) const {
    EncodedMessage frame{FrameKind::snapshot_wanted, {}};
    Writer out(frame.payload);
    out.varint(wanted.group.value);
    return frame;
  }
  EncodedMessage operator()(const swim::Message& message) const {
    EncodedMessage frame{FrameKind::swim, {}};
    Writer out(frame.payload);
    put_swim(out, message);
    return frame;
  }
  EncodedMessage operator()(const LoadReport& report) const {
    EncodedMessage frame{FrameKind::load_report, {}};
    Writer out(frame.payload);
    put_load_report(out, report);
    return frame;
  }
  EncodedMessage operator()(const CertificateWanted& wanted) const {
    EncodedMessage frame{FrameKind::certificate_wanted, {}};
    Writer out(frame.payload);
    put_certificate_wanted(out, wanted);
    return frame;
  }
  EncodedMessage operator()(const CertificateGiven& given) const {
    EncodedMessage frame{FrameKind::certificate_given, {}};
    Writer out(frame.payload);
    put_certificate_given(out, given);
    return frame;
  }
  EncodedMessage operator()(const Vitals& vitals) const {
    EncodedMessage frame{FrameKind::vitals, {}};
    Writer out(frame.payload);
    put_vitals(out, vitals);
    return frame;
  }
};

PeerMessage get_hello(Reader& in) {
  Hello hello;
  hello.id = NodeId(in.varint32());
  hello.incarnation = Incarnation(in.varint());
  hello.address = in.text(limits::address_bytes_max);
  hello.client_address = in.text(limits::address_bytes_max);
  hello.draining = in.boolean();
  return hello;
}

PeerMessage get_found(Reader& in) {
  Found found;
  found.id = NodeId(in.varint32());
  const BytesView genesis = in.bytes();
  if (!in.ok()) return found;
  auto decoded = meta::decode_genesis(genesis);
  if (decoded) {
    found.genesis = std::move(*decoded);
  } else {
    in.refuse(decoded.error().code, "it cannot be read");
  }
  return found;
}

PeerMessage get_founded(Reader& in) {
  Founded founded;
  founded.accepted = in.boolean();
  founded.reason = in.text(error_detail_bytes_max);
  founded.retired = in.boolean();
  return founded;
}

PeerMessage get_raft_bundle(Reader& in) {
  RaftBundle bundle;
  const std::size_t count = in.count(limits::bundle_messages_max, group_message_bytes_min);
  bundle.messages.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const GroupId group(in.varint32());
    bundle.messages.push_back({group, get_message(in)});
  }
  return bundle;
}

PeerMessage get_forward_bundle(Reader& in) {
  ForwardBundle bundle;
  const std::size_t requests = in.count(limits::bundle_messages_max, forward_bytes_min);
  bundle.requests.reserve(requests);
  for (std::size_t i = 0; i < requests && in.ok(); ++i) bundle.requests.push_back(get_forward(in));
  const std::size_t replies = in.count(limits::bundle_messages_max, reply_bytes_min);
  bundle.replies.reserve(replies);
  for (std::size_t i = 0; i < replies && in.ok(); ++i) bundle.replies.push_back(get_reply(in));
  return bundle;
}

PeerMessage get_snapshot_offer(Reader& in) {
  SnapshotOffer offer;
  offer.transfer = get_transfer(in);
  offer.group = GroupId(in.varint32());
  offer.term = Term(in.varint());
  offer.at.index = Index(in.varint());
  offer.at.term = Term(in.varint());
  const BytesView config = in.bytes();
  if (!in.ok()) return offer;
  auto decoded = raft::decode_config(config);
  if (decoded) {
    offer.config = std::move(*decoded);
  } else {
    in.refuse(decoded.error().code, "its config is not valid");
  }
  return offer;
}

PeerMessage get_snapshot_credit(Reader& in) {
  SnapshotCredit credit;
  credit.transfer = get_transfer(in);
  credit.group = GroupId(in.varint32());
  credit.next = in.varint();
  credit.limit = in.varint();
  credit.refused = in.boolean();
  credit.done = in.boolean();
  return credit;
}

PeerMessage get_snapshot_chunk(Reader& in) {
  SnapshotChunk chunk;
  chunk.transfer = get_transfer(in);
  chunk.group = GroupId(in.varint32());
  chunk.sequence = in.varint();
  chunk.crc = in.u32();
  chunk.crc_chain = in.u32();
  chunk.last = in.boolean();
  chunk.rows = in.blob();
  return chunk;
}

Result<PeerMessage> get_whole(PeerMessage (*get)(Reader&), const Blob& payload, const char* what) {
  Reader in(payload);
  PeerMessage message = get(in);
  if (const auto whole = in.finish(what); !whole) return std::unexpected(whole.error());
  return message;
}

// Cuts `from` into runs whose sizes add up to about `payload_bytes`, never into more items than a decoder
// takes.
template <class Item, class SizeOf, class Emit>
void cut(const std::vector<Item>& from, std::size_t payload_bytes, SizeOf size_of, Emit emit) {
  std::span<const Item> left = from;
  std::size_t taken = 0;
  std::size_t size = 0;
  for (const Item& item : from) {
    const std::size_t more = size_of(item);
    if (taken > 0 && (size + more > payload_bytes || taken == limits::bundle_messages_max)) {
      emit(left.first(taken));
      left = left.subspan(taken);
      taken = 0;
      size = 0;
    }
    size += more;
    ++taken;
  }
  if (!left.empty()) emit(left);
}

}  // namespace

EncodedMessage encode(const PeerMessage& message) {
  return std::visit(Encode{}, message);
}

std::vector<EncodedMessage> encode_frames(const PeerMessage& message, std::size_t payload_bytes) {
  std::vector<EncodedMessage> frames;
  if (const auto* bundle = std::get_if<RaftBundle>(&message)) {
    cut(
        bundle->messages, payload_bytes, [](const GroupMessage& each) { return message_bytes(each.message); },
        [&](std::span<const GroupMessage> run) { frames.push_back(encode_raft(run)); });
  } else if (const auto* forward = std::get_if<ForwardBundle>(&message)) {
    cut(
        forward->requests, payload_bytes,
        [](const Forward& each) { return small_bytes + each.command.size(); },
        [&](std::span<const Forward> run) { frames.push_back(encode_forward(run, {})); });
    cut(forward->replies, payload_bytes, reply_bytes,
        [&](std::span<const ForwardReply> run) { frames.push_back(encode_forward({}, run)); });
  } else {
    frames.push_back(encode(message));
  }
  return frames;
}

Result<PeerMessage> decode(FrameKind kind, const Blob& payload) {
  switch (kind) {
    case FrameKind::hello:
      return get_whole(get_hello, payload, "a hello");
    case FrameKind::found:
      return get_whole(get_found, payload, "a genesis");
    case FrameKind::founded:
      return get_whole(get_founded, payload, "an answer to a genesis");
    case FrameKind::raft:
      return get_whole(get_raft_bundle, payload, "a bundle of Raft messages");
    case FrameKind::pulse:
      return get_whole([](Reader& in) { return PeerMessage(get_pulse(in)); }, payload, "a pulse");
    case FrameKind::forward:
      return get_whole(get_forward_bundle, payload, "a bundle of forwarded requests");
    case FrameKind::large_reply:
      return get_whole([](Reader& in) { return PeerMessage(LargeReply{get_reply(in)}); }, payload,
                       "a large reply");
    case FrameKind::snapshot_offer:
      return get_whole(get_snapshot_offer, payload, "a snapshot offer");
    case FrameKind::snapshot_credit:
      return get_whole(get_snapshot_credit, payload, "a snapshot credit");
    case FrameKind::snapshot_chunk:
      return get_whole(get_snapshot_chunk, payload, "a snapshot chunk");
    case FrameKind::move_order:
      return get_whole([](Reader& in) { return PeerMessage(get_move_order(in)); }, payload, "an order");
    case FrameKind::move_report:
      return get_whole([](Reader& in) { return PeerMessage(get_move_report(in)); }, payload, "a report");
    case FrameKind::snapshot_wanted:
      return get_whole([](Reader& in) { return PeerMessage(SnapshotWanted{GroupId(in.varint32())}); },
                       payload, "a wish for a snapshot");
    case FrameKind::swim:
      return get_whole([](Reader& in) { return PeerMessage(get_swim(in)); }, payload, "a word of SWIM's");
    case FrameKind::load_report:
      return get_whole([](Reader& in) { return PeerMessage(get_load_report(in)); }, payload,
                       "a report of loads");
    case FrameKind::certificate_wanted:
      return get_whole([](Reader& in) { return PeerMessage(get_certificate_wanted(in)); }, payload,
                       "a wish for a certificate");
    case FrameKind::certificate_given:
      return get_whole([](Reader& in) { return PeerMessage(get_certificate_given(in)); }, payload,
                       "a certificate");
    case FrameKind::vitals:
      return get_whole([](Reader& in) { return PeerMessage(get_vitals(in)); }, payload, "a node's vitals");
    case FrameKind::stream_open:
    case FrameKind::operator_request:
    case FrameKind::operator_response:
    case FrameKind::join_request:
    case FrameKind::join_answer:
      return fail(Code::malformed, "a frame that is no message between nodes came on a stream for these");
  }
  return fail(Code::incompatible,
              "a frame has the unknown kind " + std::to_string(static_cast<unsigned>(kind)));
}

EncodedMessage encode_stream_open(StreamClass stream) {
  return {FrameKind::stream_open, Bytes(1, static_cast<char>(stream))};
}

Result<StreamClass> decode_stream_open(const Frame& frame) {
  if (frame.kind != FrameKind::stream_open) {
    return fail(Code::malformed, "the first frame on a stream does not open it");
  }
  Reader in(frame.payload);
  const std::uint8_t stream = in.u8();
  if (const auto whole = in.finish("a stream's opening"); !whole) return std::unexpected(whole.error());
  if (stream >= stream_classes) {
    return fail(Code::incompatible, "a stream has the unknown class " + std::to_string(stream));
  }
  return static_cast<StreamClass>(stream);
}

}  // namespace nodedb::wire
