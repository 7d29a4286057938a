// SPDX-License-Identifier: Apache-2.0
#include "node/session.h"

#include <algorithm>

#include "base/limits.h"

#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::node {

Session::Verdict Session::admit(const wire::SessionStamp& stamp) {
  if (stamp.incarnation < incarnation_) return Verdict::stale;
  if (stamp.incarnation > incarnation_) {
    incarnation_ = stamp.incarnation;
    last_ = 0;
    replies_.clear();
  }
  replies_.erase(replies_.begin(), replies_.lower_bound(stamp.first_outstanding));
  if (stamp.sequence <= last_) return Verdict::duplicate;
  if (stamp.sequence != std::max(last_ + 1, stamp.first_outstanding)) return Verdict::out_of_order;
  return Verdict::apply;
}

void Session::answered(std::uint64_t sequence, BytesView reply) {
  last_ = std::max(last_, sequence);
  replies_.insert_or_assign(sequence, Bytes(reply));
}

const Bytes* Session::reply_to(std::uint64_t sequence) const {
  const auto found = replies_.find(sequence);
  return found == replies_.end() ? nullptr : &found->second;
}

Bytes Session::encode() const {
  Bytes row;
  wire::Writer out(row);
  out.varint(incarnation_.value);
  out.u64(static_cast<std::uint64_t>(hlc_.wall_ns));
  out.u32(hlc_.logical);
  out.varint(last_);
  out.varint(replies_.size());
  for (const auto& [sequence, reply] : replies_) {
    out.varint(sequence);
    out.bytes(reply);
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
    session.replies_.emplace(sequence, Bytes(in.bytes()));
  }
  if (!in.finish("a session row")) return fail(Code::damaged, "a session row does not parse");
  return session;
}

}  // namespace nodedb::node
