// SPDX-License-Identifier: Apache-2.0
#include "node/session.h"

#include <algorithm>

#include "base/limits.h"

#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::node {

namespace {

constexpr std::size_t row_bytes_usual = 64;

}  // namespace

Session::Verdict Session::admit(const wire::SessionStamp& stamp) {
  if (stamp.incarnation < incarnation_) return Verdict::stale;
  if (stamp.incarnation > incarnation_) {
    incarnation_ = stamp.incarnation;
    last_ = 0;
    replies_.clear();
  }
  while (!replies_.empty() && replies_.front().sequence < stamp.first_outstanding) replies_.pop_front();
  if (stamp.sequence <= last_) return Verdict::duplicate;
  if (stamp.sequence != std::max(last_ + 1, stamp.first_outstanding)) return Verdict::out_of_order;
  return Verdict::apply;
}

void Session::answered(std::uint64_t sequence, BytesView reply) {
  if (sequence <= last_) return;  // applied again, by a planted bug: the first answer stays
  last_ = sequence;
  replies_.push_back({sequence, Bytes(reply)});
}

const Bytes* Session::reply_to(std::uint64_t sequence) const {
  const auto found = std::ranges::lower_bound(replies_, sequence, {}, &Reply::sequence);
  return found == replies_.end() || found->sequence != sequence ? nullptr : &found->bytes;
}

Bytes Session::encode() const {
  Bytes row;
  row.reserve(row_bytes_usual);
  wire::Writer out(row);
  out.varint(incarnation_.value);
  out.u64(static_cast<std::uint64_t>(hlc_.wall_ns));
  out.u32(hlc_.logical);
  out.varint(last_);
  out.varint(replies_.size());
  for (const Reply& reply : replies_) {
    out.varint(reply.sequence);
    out.bytes(reply.bytes);
  }
  return row;
}

Result<Session> Session::decode(BytesView row) {
  wire::Reader in(row);
  Session session;
  session.incarnation_ = Incarnation(in.varint());
  session.hlc_.wall_ns = static_cast<std::int64_t>(in.u64());
  session.hlc_.logical = in.u32();
  session.last_ = in.varint();
  const std::size_t count = in.count(limits::requests_max, 2);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t sequence = in.varint();
    if (i > 0 && sequence <= session.replies_.back().sequence) {
      return fail(Code::damaged, "a session row's answers are not in order");
    }
    session.replies_.push_back({sequence, Bytes(in.bytes())});
  }
  if (!session.replies_.empty() && session.replies_.back().sequence > session.last_)
    return fail(Code::damaged, "a session row has an answer to a write that was not applied");
  if (!in.finish("a session row")) return fail(Code::damaged, "a session row does not parse");
  return session;
}

}  // namespace nodedb::node
