// SPDX-License-Identifier: Apache-2.0
#include "wire/forward_codec.h"

#include <array>

#include "base/limits.h"
#include "wire/error_codec.h"

namespace nodedb::wire {

namespace {

constexpr std::size_t small_bytes = 128;  // a request or a reply without its bytes
constexpr std::size_t forward_bytes_min = 5;
constexpr std::size_t reply_bytes_min = 6;
// Of a request.
constexpr std::uint8_t write_flag = 1;
constexpr std::uint8_t round_flag = 2;
constexpr std::uint8_t trace_flag = 4;

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
  out.blob(forward.command);
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

}  // namespace

void put_reply(Writer& out, const ForwardReply& reply) {
  out.varint(reply.request);
  out.varint(reply.incarnation.value);
  out.varint(reply.group.value);
  out.varint(reply.leader_hint.value);
  out.boolean(reply.result.has_value());
  if (reply.result) {
    out.varint(reply.at.value);
    out.blob(*reply.result);
  } else {
    put_error(out, reply.result.error());
  }
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

std::size_t forward_bytes(const Forward& forward, Counted counted) {
  return small_bytes + blob_bytes(forward.command, counted);
}

std::size_t reply_bytes(const ForwardReply& reply, Counted counted) {
  return small_bytes +
         (reply.result ? blob_bytes(*reply.result, counted) : reply.result.error().detail.size());
}

void put_forward_bundle(Writer& out, std::span<const Forward> requests,
                        std::span<const ForwardReply> replies) {
  out.varint(requests.size());
  for (const Forward& each : requests) put_forward(out, each);
  out.varint(replies.size());
  for (const ForwardReply& each : replies) put_reply(out, each);
}

ForwardBundle get_forward_bundle(Reader& in) {
  ForwardBundle bundle;
  const std::size_t requests = in.count(limits::bundle_messages_max, forward_bytes_min);
  bundle.requests.reserve(requests);
  for (std::size_t i = 0; i < requests && in.ok(); ++i) bundle.requests.push_back(get_forward(in));
  const std::size_t replies = in.count(limits::bundle_messages_max, reply_bytes_min);
  bundle.replies.reserve(replies);
  for (std::size_t i = 0; i < replies && in.ok(); ++i) bundle.replies.push_back(get_reply(in));
  return bundle;
}

}  // namespace nodedb::wire
