// SPDX-License-Identifier: Apache-2.0
#include "wire/raft_codec.h"

#include <limits>

#include "base/check.h"
#include "base/limits.h"

namespace nodedb::wire {

namespace {

// Numbers on the wire: never changed.
enum class MessageKind : std::uint8_t {
  vote_request = 1,
  vote_reply = 2,
  append = 3,
  append_reply = 4,
  timeout_now = 5,
  read_index_request = 6,
  read_index_reply = 7,
};

constexpr std::size_t fixed_bytes_max = 96;   // of any message without its entries
constexpr std::size_t entry_bytes_min = 3;    // kind, term, length
constexpr std::size_t entry_header_max = 16;  // kind, term, length of a payload below 4 GiB
constexpr std::size_t claim_bytes_min = 4;
constexpr std::size_t refusal_bytes_min = 2;
// One claim or refusal a group.
constexpr std::size_t groups_max = vshard_count + 1;

void put_position(Writer& out, const raft::Position& at) {
  out.varint(at.index.value);
  out.varint(at.term.value);
}

raft::Position get_position(Reader& in) {
  const Index index(in.varint());
  return {index, Term(in.varint())};
}

struct Put {
  Writer& out;

  void kind(MessageKind kind) const { out.u8(static_cast<std::uint8_t>(kind)); }

  void operator()(const raft::VoteRequest& m) const {
    kind(MessageKind::vote_request);
    out.varint(m.term.value);
    put_position(out, m.last);
    out.boolean(m.pre);
    out.boolean(m.transfer);
  }
  void operator()(const raft::VoteReply& m) const {
    kind(MessageKind::vote_reply);
    out.varint(m.term.value);
    out.boolean(m.granted);
    out.boolean(m.pre);
  }
  void operator()(const raft::Append& m) const {
    kind(MessageKind::append);
    out.varint(m.term.value);
    put_position(out, m.previous);
    out.varint(m.commit.value);
    out.varint(m.admitted.value);
    out.varint(m.entries.size());
    Index index = m.previous.index;
    for (const raft::Entry& entry : m.entries) {
      CHECK_MSG(entry.index == ++index, "entries of an append follow its previous position without a gap");
      out.u8(static_cast<std::uint8_t>(entry.kind));
      out.varint(entry.term.value);
      out.blob(entry.payload);
    }
  }
  void operator()(const raft::AppendReply& m) const {
    kind(MessageKind::append_reply);
    out.varint(m.term.value);
    out.boolean(m.success);
    out.varint(m.match.value);
    out.varint(m.rejected.value);
    put_position(out, m.conflict);
    out.varint(m.admitted.value);
  }
  void operator()(const raft::TimeoutNow& m) const {
    kind(MessageKind::timeout_now);
    out.varint(m.term.value);
    out.i64(m.sent.ns);
    out.varint(static_cast<std::uint64_t>(m.valid_ns));
  }
  void operator()(const raft::ReadIndexRequest& m) const {
    kind(MessageKind::read_index_request);
    out.varint(m.term.value);
    out.varint(m.context);
  }
  void operator()(const raft::ReadIndexReply& m) const {
    kind(MessageKind::read_index_reply);
    out.varint(m.term.value);
    out.varint(m.context);
    out.boolean(m.granted);
    out.varint(m.index.value);
  }
};

raft::VoteRequest get_vote_request(Reader& in) {
  raft::VoteRequest m;
  m.term = Term(in.varint());
  m.last = get_position(in);
  m.pre = in.boolean();
  m.transfer = in.boolean();
  return m;
}

raft::VoteReply get_vote_reply(Reader& in) {
  raft::VoteReply m;
  m.term = Term(in.varint());
  m.granted = in.boolean();
  m.pre = in.boolean();
  return m;
}

raft::Entry get_entry(Reader& in, Index index) {
  raft::Entry entry;
  entry.index = index;
  const std::uint8_t kind = in.u8();
  if (kind > static_cast<std::uint8_t>(raft::EntryKind::config)) {
    in.refuse(Code::incompatible, "a log entry has an unknown kind");
    return entry;
  }
  entry.kind = static_cast<raft::EntryKind>(kind);
  entry.term = Term(in.varint());
  entry.payload = in.blob();
  if (entry.kind == raft::EntryKind::noop && !entry.payload.empty()) {
    in.refuse(Code::malformed, "a noop entry has a payload");
  }
  if (in.ok() && entry.kind == raft::EntryKind::config && !raft::decode_config(entry.payload.view())) {
    in.refuse(Code::malformed, "a config entry holds no valid config");
  }
  return entry;
}

raft::Append get_append(Reader& in) {
  raft::Append m;
  m.term = Term(in.varint());
  m.previous = get_position(in);
  m.commit = Index(in.varint());
  m.admitted = Index(in.varint());
  const std::size_t count = in.count(limits::append_entries_max, entry_bytes_min);
  if (m.previous.index.value > std::numeric_limits<std::uint64_t>::max() - count) {
    in.refuse(Code::malformed, "the entries' indexes overflow");
  }
  if (!in.ok()) return m;
  m.entries.reserve(count);
  for (Index index = m.previous.index + 1; m.entries.size() < count && in.ok(); ++index) {
    m.entries.push_back(get_entry(in, index));
  }
  return m;
}

raft::AppendReply get_append_reply(Reader& in) {
  raft::AppendReply m;
  m.term = Term(in.varint());
  m.success = in.boolean();
  m.match = Index(in.varint());
  m.rejected = Index(in.varint());
  m.conflict = get_position(in);
  m.admitted = Index(in.varint());
  return m;
}

raft::ReadIndexRequest get_read_index_request(Reader& in) {
  raft::ReadIndexRequest m;
  m.term = Term(in.varint());
  m.context = in.varint();
  return m;
}

raft::TimeoutNow get_timeout_now(Reader& in) {
  raft::TimeoutNow m;
  m.term = Term(in.varint());
  m.sent = Time{in.i64()};
  const std::uint64_t valid_ns = in.varint();
  if (valid_ns > std::numeric_limits<std::int64_t>::max())
    in.refuse(Code::malformed, "a TimeoutNow is valid for too long");
  else
    m.valid_ns = static_cast<std::int64_t>(valid_ns);
  return m;
}

raft::ReadIndexReply get_read_index_reply(Reader& in) {
  raft::ReadIndexReply m;
  m.term = Term(in.varint());
  m.context = in.varint();
  m.granted = in.boolean();
  m.index = Index(in.varint());
  return m;
}

void put_claim(Writer& out, const raft::Claim& claim) {
  out.varint(claim.group.value);
  out.varint(claim.term.value);
  out.varint(claim.commit.value);
  out.boolean(claim.leading);
}

/// Claims and refusals are kept by group: one that does not exist would never be asked for again.
GroupId get_known_group(Reader& in) {
  const GroupId group(in.varint32());
  if (group.value >= groups_max) in.refuse(Code::malformed, "it names a group that does not exist");
  return group;
}

raft::Claim get_claim(Reader& in) {
  raft::Claim claim;
  claim.group = get_known_group(in);
  claim.term = Term(in.varint());
  claim.commit = Index(in.varint());
  claim.leading = in.boolean();
  return claim;
}

}  // namespace

void put_message(Writer& out, const raft::Message& message) {
  std::visit(Put{out}, message);
}

std::size_t message_bytes(const raft::Message& message, Counted counted) {
  std::size_t size = fixed_bytes_max;
  if (const auto* append = std::get_if<raft::Append>(&message)) {
    for (const raft::Entry& entry : append->entries)
      size += entry_header_max + blob_bytes(entry.payload, counted);
  }
  return size;
}

raft::Message get_message(Reader& in) {
  switch (static_cast<MessageKind>(in.u8())) {
    case MessageKind::vote_request:
      return get_vote_request(in);
    case MessageKind::vote_reply:
      return get_vote_reply(in);
    case MessageKind::append:
      return get_append(in);
    case MessageKind::append_reply:
      return get_append_reply(in);
    case MessageKind::timeout_now:
      return get_timeout_now(in);
    case MessageKind::read_index_request:
      return get_read_index_request(in);
    case MessageKind::read_index_reply:
      return get_read_index_reply(in);
  }
  in.refuse(Code::incompatible, "a Raft message has an unknown kind");
  return {};
}

void put_pulse(Writer& out, const raft::Pulse& pulse) {
  out.varint(pulse.incarnation.value);
  out.i64(pulse.sent.ns);
  out.varint(pulse.base);
  out.varint(pulse.version);
  out.boolean(pulse.reply_now);
  out.varint(pulse.echo_incarnation.value);
  out.i64(pulse.echo_sent.ns);
  out.varint(pulse.echo_version);
  out.varint(pulse.claims.size());
  for (const raft::Claim& claim : pulse.claims) put_claim(out, claim);
  out.varint(pulse.refusals.size());
  for (const raft::Refusal& refusal : pulse.refusals) {
    out.varint(refusal.group.value);
    out.varint(refusal.term.value);
  }
}

raft::Pulse get_pulse(Reader& in) {
  raft::Pulse pulse;
  pulse.incarnation = Incarnation(in.varint());
  pulse.sent = Time{in.i64()};
  pulse.base = in.varint();
  pulse.version = in.varint();
  pulse.reply_now = in.boolean();
  pulse.echo_incarnation = Incarnation(in.varint());
  pulse.echo_sent = Time{in.i64()};
  pulse.echo_version = in.varint();
  const std::size_t claims = in.count(groups_max, claim_bytes_min);
  pulse.claims.reserve(claims);
  for (std::size_t i = 0; i < claims && in.ok(); ++i) pulse.claims.push_back(get_claim(in));
  const std::size_t refusals = in.count(groups_max, refusal_bytes_min);
  pulse.refusals.reserve(refusals);
  for (std::size_t i = 0; i < refusals && in.ok(); ++i) {
    const GroupId group = get_known_group(in);
    pulse.refusals.push_back({group, Term(in.varint())});
  }
  return pulse;
}

}  // namespace nodedb::wire
