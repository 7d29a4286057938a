// SPDX-License-Identifier: Apache-2.0
#include "kv/reply.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/limits.h"
#include "kv/codec.h"

namespace nodedb::kv {

namespace {

using Kind = Reply::Kind;

std::uint64_t zigzag(std::int64_t n) {
  return static_cast<std::uint64_t>(n) << 1 ^ static_cast<std::uint64_t>(n >> 63);
}

std::int64_t unzigzag(std::uint64_t n) {
  return static_cast<std::int64_t>(n >> 1 ^ (0 - (n & 1)));
}

void put(Bytes& out, const Reply& reply) {
  out.push_back(static_cast<char>(reply.kind));
  switch (reply.kind) {
    case Kind::null:
    case Kind::null_array:
      return;
    case Kind::simple:
    case Kind::error:
    case Kind::bulk:
      put_string(out, reply.text);
      return;
    case Kind::integer:
      put_varint(out, zigzag(reply.number));
      return;
    case Kind::array:
    case Kind::map:
      put_varint(out, reply.kind == Kind::map ? reply.items.size() / 2 : reply.items.size());
      for (const Reply& item : reply.items) put(out, item);
      return;
    case Kind::real:
      put_little(out, std::bit_cast<std::uint64_t>(reply.real));
      return;
    case Kind::boolean:
      out.push_back(reply.number != 0 ? 1 : 0);
      return;
  }
}

std::unexpected<Error> malformed() {
  return fail(Code::malformed, "ERR a reply cannot be read");
}

Result<Reply> take(Reader& in, std::size_t depth_left, std::size_t& items_left);

Result<Reply> take_items(Reader& in, Kind kind, std::size_t depth_left, std::size_t& items_left) {
  std::uint64_t count = in.varint();
  // Every element takes a byte at least: a larger count is a lie and must not reserve memory.
  if (!in.ok() || count > in.left()) return malformed();
  if (kind == Kind::map) count *= 2;
  if (depth_left == 0) return fail(Code::too_large, "ERR a reply is nested too deeply");
  if (count > items_left) return fail(Code::too_large, "ERR a reply has too many elements");
  items_left -= static_cast<std::size_t>(count);
  Reply out = Reply::array();
  out.kind = kind;
  out.items.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(count, in.left())));
  for (std::uint64_t i = 0; i < count; ++i) {
    auto item = take(in, depth_left - 1, items_left);
    if (!item) return item;
    out.items.push_back(std::move(*item));
  }
  return out;
}

Result<Reply> take(Reader& in, std::size_t depth_left, std::size_t& items_left) {
  const std::uint8_t tag = in.byte();
  if (!in.ok() || tag > static_cast<std::uint8_t>(Kind::boolean)) return malformed();
  Reply out;
  out.kind = static_cast<Kind>(tag);
  switch (out.kind) {
    case Kind::null:
    case Kind::null_array:
      break;
    case Kind::simple:
    case Kind::error:
    case Kind::bulk:
      out.text = in.string();
      break;
    case Kind::integer:
      out.number = unzigzag(in.varint());
      break;
    case Kind::array:
    case Kind::map:
      return take_items(in, out.kind, depth_left, items_left);
    case Kind::real:
      out.real = std::bit_cast<double>(in.little());
      break;
    case Kind::boolean:
      out.number = in.byte();
      if (out.number > 1) return malformed();
      break;
  }
  if (!in.ok()) return malformed();
  return out;
}

}  // namespace

Reply Reply::of(Kind kind) {
  Reply reply;
  reply.kind = kind;
  return reply;
}

Reply Reply::simple(std::string_view text) {
  Reply reply = of(Kind::simple);
  reply.text = text;
  return reply;
}

Reply Reply::error(std::string_view text) {
  Reply reply = of(Kind::error);
  reply.text = text;
  for (char& c : reply.text) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return reply;
}

Reply Reply::integer(std::int64_t number) {
  Reply reply = of(Kind::integer);
  reply.number = number;
  return reply;
}

Reply Reply::bulk(Bytes text) {
  Reply reply = of(Kind::bulk);
  reply.text = std::move(text);
  return reply;
}

Reply Reply::verbatim(Bytes text) {
  Reply reply = bulk(std::move(text));
  reply.readable = true;
  return reply;
}

Reply Reply::array(std::vector<Reply> items) {
  Reply reply = of(Kind::array);
  reply.items = std::move(items);
  return reply;
}

Reply Reply::map(std::vector<Reply> items) {
  CHECK(items.size() % 2 == 0);
  Reply reply = of(Kind::map);
  reply.items = std::move(items);
  return reply;
}

Reply Reply::from_real(double real) {
  Reply reply = of(Kind::real);
  reply.real = real;
  return reply;
}

Reply Reply::boolean(bool truth) {
  Reply reply = of(Kind::boolean);
  reply.number = truth ? 1 : 0;
  return reply;
}

Bytes encode(const Reply& reply) {
  Bytes out;
  out.reserve(reply.text.size() + 12);
  put(out, reply);
  return out;
}

Result<Reply> decode_reply(BytesView bytes) {
  Reader in(bytes);
  std::size_t items_left = limits::reply_items_max;
  auto reply = take(in, limits::reply_depth_max, items_left);
  if (reply && !in.done()) return malformed();
  return reply;
}

}  // namespace nodedb::kv
