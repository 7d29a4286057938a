// SPDX-License-Identifier: Apache-2.0
#include "wire/peer_codec.h"

#include <span>

#include "base/limits.h"
#include "meta/codec.h"
#include "wire/certificate_codec.h"
#include "wire/error_codec.h"
#include "wire/forward_codec.h"
#include "wire/load_codec.h"
#include "wire/move_codec.h"
#include "wire/raft_codec.h"
#include "wire/reader.h"
#include "wire/snapshot_codec.h"
#include "wire/swim_codec.h"
#include "wire/vitals_codec.h"
#include "wire/writer.h"

namespace nodedb::wire {

namespace {

constexpr std::size_t group_message_bytes_min = 3;

// --- what has no codec of its own ---

void put_hello(Writer& out, const Hello& hello) {
  out.varint(hello.id.value);
  out.varint(hello.incarnation.value);
  out.text(hello.address, limits::address_bytes_max);
  out.text(hello.client_address, limits::address_bytes_max);
  out.boolean(hello.draining);
}

void put_found(Writer& out, const Found& found) {
  out.varint(found.id.value);
  out.bytes(meta::encode(found.genesis));
}

void put_founded(Writer& out, const Founded& founded) {
  out.boolean(founded.accepted);
  out.text(founded.reason, error_detail_bytes_max);
  out.boolean(founded.retired);
}

void put_wanted(Writer& out, const SnapshotWanted& wanted) {
  out.varint(wanted.group.value);
}

Hello get_hello(Reader& in) {
  Hello hello;
  hello.id = NodeId(in.varint32());
  hello.incarnation = Incarnation(in.varint());
  hello.address = in.text(limits::address_bytes_max);
  hello.client_address = in.text(limits::address_bytes_max);
  hello.draining = in.boolean();
  return hello;
}

Found get_found(Reader& in) {
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

Founded get_founded(Reader& in) {
  Founded founded;
  founded.accepted = in.boolean();
  founded.reason = in.text(error_detail_bytes_max);
  founded.retired = in.boolean();
  return founded;
}

SnapshotWanted get_wanted(Reader& in) {
  return {GroupId(in.varint32())};
}

LargeReply get_large_reply(Reader& in) {
  return {get_reply(in)};
}

void put_raft_bundle(Writer& out, std::span<const GroupMessage> messages) {
  out.varint(messages.size());
  for (const GroupMessage& each : messages) {
    out.varint(each.group.value);
    put_message(out, each.message);
  }
}

RaftBundle get_raft_bundle(Reader& in) {
  RaftBundle bundle;
  const std::size_t count = in.count(limits::bundle_messages_max, group_message_bytes_min);
  bundle.messages.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const GroupId group(in.varint32());
    bundle.messages.push_back({group, get_message(in)});
  }
  return bundle;
}

// --- frames ---

template <class Message>
EncodedMessage frame(FrameKind kind, void (*put)(Writer&, const Message&), const Message& message) {
  EncodedMessage made{kind, {}, {}};
  Writer out(made);
  put(out, message);
  return made;
}

EncodedMessage raft_frame(std::span<const GroupMessage> messages) {
  EncodedMessage made{FrameKind::raft, {}, {}};
  std::size_t bytes = 0;
  for (const GroupMessage& each : messages) bytes += message_bytes(each.message, Counted::copied);
  made.payload.reserve(bytes);
  Writer out(made);
  put_raft_bundle(out, messages);
  return made;
}

EncodedMessage forward_frame(std::span<const Forward> requests, std::span<const ForwardReply> replies) {
  EncodedMessage made{FrameKind::forward, {}, {}};
  std::size_t bytes = 0;
  for (const Forward& each : requests) bytes += forward_bytes(each, Counted::copied);
  for (const ForwardReply& each : replies) bytes += reply_bytes(each, Counted::copied);
  made.payload.reserve(bytes);
  Writer out(made);
  put_forward_bundle(out, requests, replies);
  return made;
}

struct Encode {
  EncodedMessage operator()(const Hello& it) const { return frame(FrameKind::hello, put_hello, it); }
  EncodedMessage operator()(const Found& it) const { return frame(FrameKind::found, put_found, it); }
  EncodedMessage operator()(const Founded& it) const { return frame(FrameKind::founded, put_founded, it); }
  EncodedMessage operator()(const RaftBundle& it) const { return raft_frame(it.messages); }
  EncodedMessage operator()(const raft::Pulse& it) const { return frame(FrameKind::pulse, put_pulse, it); }
  EncodedMessage operator()(const ForwardBundle& it) const { return forward_frame(it.requests, it.replies); }
  EncodedMessage operator()(const LargeReply& it) const {
    return frame(FrameKind::large_reply, put_reply, it.reply);
  }
  EncodedMessage operator()(const SnapshotOffer& it) const {
    return frame(FrameKind::snapshot_offer, put_snapshot_offer, it);
  }
  EncodedMessage operator()(const SnapshotCredit& it) const {
    return frame(FrameKind::snapshot_credit, put_snapshot_credit, it);
  }
  EncodedMessage operator()(const SnapshotChunk& it) const {
    return frame(FrameKind::snapshot_chunk, put_snapshot_chunk, it);
  }
  EncodedMessage operator()(const SnapshotWanted& it) const {
    return frame(FrameKind::snapshot_wanted, put_wanted, it);
  }
  EncodedMessage operator()(const MoveOrder& it) const {
    return frame(FrameKind::move_order, put_move_order, it);
  }
  EncodedMessage operator()(const MoveReport& it) const {
    return frame(FrameKind::move_report, put_move_report, it);
  }
  EncodedMessage operator()(const swim::Message& it) const { return frame(FrameKind::swim, put_swim, it); }
  EncodedMessage operator()(const LoadReport& it) const {
    return frame(FrameKind::load_report, put_load_report, it);
  }
  EncodedMessage operator()(const CertificateWanted& it) const {
    return frame(FrameKind::certificate_wanted, put_certificate_wanted, it);
  }
  EncodedMessage operator()(const CertificateGiven& it) const {
    return frame(FrameKind::certificate_given, put_certificate_given, it);
  }
  EncodedMessage operator()(const Vitals& it) const { return frame(FrameKind::vitals, put_vitals, it); }
};

template <class Message>
Result<PeerMessage> whole(Message (*get)(Reader&), const Blob& payload, const char* what) {
  Reader in(payload);
  PeerMessage message = get(in);
  if (const auto finished = in.finish(what); !finished) return std::unexpected(finished.error());
  return message;
}

/// Cuts `from` into runs whose sizes add up to about `payload_bytes`, never into more items than a decoder
/// takes. False: `emit` did not want one.
template <class Item, class SizeOf, class Emit>
bool cut(const std::vector<Item>& from, std::size_t payload_bytes, SizeOf size_of, Emit emit) {
  std::span<const Item> left = from;
  std::size_t taken = 0;
  std::size_t size = 0;
  for (const Item& item : from) {
    const std::size_t more = size_of(item);
    if (taken > 0 && (size + more > payload_bytes || taken == limits::bundle_messages_max)) {
      if (!emit(left.first(taken))) return false;
      left = left.subspan(taken);
      taken = 0;
      size = 0;
    }
    size += more;
    ++taken;
  }
  return left.empty() || emit(left);
}

}  // namespace

EncodedMessage encode(const PeerMessage& message) {
  return std::visit(Encode{}, message);
}

bool encode_frames(const PeerMessage& message, std::size_t payload_bytes,
                   const std::function<bool(EncodedMessage)>& take) {
  if (const auto* bundle = std::get_if<RaftBundle>(&message)) {
    return cut(
        bundle->messages, payload_bytes,
        [](const GroupMessage& each) { return message_bytes(each.message, Counted::all); },
        [&](std::span<const GroupMessage> run) { return take(raft_frame(run)); });
  }
  if (const auto* forward = std::get_if<ForwardBundle>(&message)) {
    const bool requests = cut(
        forward->requests, payload_bytes,
        [](const Forward& each) { return forward_bytes(each, Counted::all); },
        [&](std::span<const Forward> run) { return take(forward_frame(run, {})); });
    return requests && cut(
                           forward->replies, payload_bytes,
                           [](const ForwardReply& each) { return reply_bytes(each, Counted::all); },
                           [&](std::span<const ForwardReply> run) { return take(forward_frame({}, run)); });
  }
  return take(encode(message));
}

Result<PeerMessage> decode(FrameKind kind, const Blob& payload) {
  switch (kind) {
    case FrameKind::hello:
      return whole(get_hello, payload, "a hello");
    case FrameKind::found:
      return whole(get_found, payload, "a genesis");
    case FrameKind::founded:
      return whole(get_founded, payload, "an answer to a genesis");
    case FrameKind::raft:
      return whole(get_raft_bundle, payload, "a bundle of Raft messages");
    case FrameKind::pulse:
      return whole(get_pulse, payload, "a pulse");
    case FrameKind::forward:
      return whole(get_forward_bundle, payload, "a bundle of forwarded requests");
    case FrameKind::large_reply:
      return whole(get_large_reply, payload, "a large reply");
    case FrameKind::snapshot_offer:
      return whole(get_snapshot_offer, payload, "a snapshot offer");
    case FrameKind::snapshot_credit:
      return whole(get_snapshot_credit, payload, "a snapshot credit");
    case FrameKind::snapshot_chunk:
      return whole(get_snapshot_chunk, payload, "a snapshot chunk");
    case FrameKind::snapshot_wanted:
      return whole(get_wanted, payload, "a wish for a snapshot");
    case FrameKind::move_order:
      return whole(get_move_order, payload, "an order");
    case FrameKind::move_report:
      return whole(get_move_report, payload, "a report");
    case FrameKind::swim:
      return whole(get_swim, payload, "a word of SWIM's");
    case FrameKind::load_report:
      return whole(get_load_report, payload, "a report of loads");
    case FrameKind::certificate_wanted:
      return whole(get_certificate_wanted, payload, "a wish for a certificate");
    case FrameKind::certificate_given:
      return whole(get_certificate_given, payload, "a certificate");
    case FrameKind::vitals:
      return whole(get_vitals, payload, "a node's vitals");
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
  return {FrameKind::stream_open, Bytes(1, static_cast<char>(stream)), {}};
}

Result<StreamClass> decode_stream_open(const Frame& frame) {
  if (frame.kind != FrameKind::stream_open) {
    return fail(Code::malformed, "the first frame on a stream does not open it");
  }
  Reader in(frame.payload);
  const std::uint8_t stream = in.u8();
  if (const auto whole = in.finish("a stream's opening"); !whole) return std::unexpected(whole.error());
  if (stream >= stream_classes.size()) {
    return fail(Code::incompatible, "a stream has the unknown class " + std::to_string(stream));
  }
  return static_cast<StreamClass>(stream);
}

}  // namespace nodedb::wire
