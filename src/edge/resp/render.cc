// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/render.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace nodedb::resp {

namespace {

using Kind = kv::Reply::Kind;

void head(Bytes& out, char kind, std::int64_t number) {
  char text[24];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number);
  out.push_back(kind);
  out.append(text, end);
  out.append("\r\n");
}

void line(Bytes& out, char kind, BytesView text) {
  out.push_back(kind);
  out.append(text);
  out.append("\r\n");
}

void bulk(Bytes& out, BytesView text) {
  head(out, '$', static_cast<std::int64_t>(text.size()));
  out.append(text);
  out.append("\r\n");
}

void verbatim(Bytes& out, BytesView text) {
  constexpr BytesView format = "txt:";
  head(out, '=', static_cast<std::int64_t>(format.size() + text.size()));
  out.append(format).append(text);
  out.append("\r\n");
}

Bytes real_text(double real) {
  if (std::isnan(real)) return "nan";
  if (std::isinf(real)) return real > 0 ? "inf" : "-inf";
  char text[40];
  const int size = std::snprintf(text, sizeof text, "%.17g", real);
  return Bytes(text, static_cast<std::size_t>(size));
}

/// "TRYAGAIN" of "TRYAGAIN not now": a detail that begins so is a whole reply line already.
bool has_code(BytesView detail) {
  const auto blank = detail.find(' ');
  if (blank == BytesView::npos || blank < 2) return false;
  for (const char c : detail.substr(0, blank)) {
    if (c < 'A' || c > 'Z') return false;
  }
  return true;
}

kv::Reply coded(BytesView code, BytesView words, BytesView detail) {
  Bytes text(code);
  text.append(" ").append(words);
  if (!detail.empty()) text.append(": ").append(detail);
  return kv::Reply::error(text);
}

}  // namespace

void render(Bytes& out, const kv::Reply& reply, Protocol protocol) {
  const bool three = protocol == Protocol::resp3;
  switch (reply.kind) {
    case Kind::null:
      out.append(three ? "_\r\n" : "$-1\r\n");
      return;
    case Kind::null_array:
      out.append(three ? "_\r\n" : "*-1\r\n");
      return;
    case Kind::simple:
      line(out, '+', reply.text);
      return;
    case Kind::error:
      line(out, '-', reply.text);
      return;
    case Kind::integer:
      head(out, ':', reply.number);
      return;
    case Kind::bulk:
      if (three && reply.readable) {
        verbatim(out, reply.text);
      } else {
        bulk(out, reply.text);
      }
      return;
    case Kind::array:
      head(out, '*', static_cast<std::int64_t>(reply.items.size()));
      break;
    case Kind::map:
      head(out, three ? '%' : '*', static_cast<std::int64_t>(reply.items.size() / (three ? 2 : 1)));
      break;
    case Kind::real:
      if (three) {
        line(out, ',', real_text(reply.real));
      } else {
        bulk(out, real_text(reply.real));
      }
      return;
    case Kind::boolean:
      if (three) {
        out.append(reply.number != 0 ? "#t\r\n" : "#f\r\n");
      } else {
        head(out, ':', reply.number != 0 ? 1 : 0);
      }
      return;
  }
  for (const kv::Reply& item : reply.items) render(out, item, protocol);
}

kv::Reply error_reply(const Error& error, bool write) {
  if (write && effect(error.code) == Effect::unknown) {
    return coded("TIMEOUT", "outcome unknown, the write may have been applied or may still be",
                 error.detail.empty() ? BytesView(name(error.code)) : BytesView(error.detail));
  }
  switch (error.code) {
    case Code::no_leader:
      return coded("CLUSTERDOWN", "Hash slot not served, its group has no leader now", error.detail);
    case Code::not_initialised:
      return coded("CLUSTERDOWN", "The cluster has not been formed yet, run `nodedb-cluster init`", {});
    case Code::not_member:
    case Code::wrong_cluster:
      return coded("CLUSTERDOWN", "The cluster does not know this node", error.detail);
    case Code::not_leader:
    case Code::wrong_epoch:
    case Code::lost:
    case Code::out_of_order:
    case Code::conflict:
    case Code::stale_session:
      return coded("TRYAGAIN", "Leadership is moving, nothing was applied", error.detail);
    case Code::busy:
      return coded("TRYAGAIN", "Too many requests wait, nothing was applied", error.detail);
    case Code::stopping:
      return coded("TRYAGAIN", "The node is stopping, nothing was applied", error.detail);
    case Code::timeout:
    case Code::unreachable:
    case Code::disk_failed:
      return coded("TRYAGAIN", "No answer from the leader in time", error.detail);
    case Code::disk_full:
      return coded("MISCONF", "disk full on the leader, writes are refused until there is room",
                   error.detail);
    case Code::malformed:
    case Code::too_large:
    case Code::unauthenticated:
    case Code::forbidden:
    case Code::damaged:
    case Code::incompatible:
    case Code::already_initialised:
    case Code::not_found:
    case Code::invalid_state:
    case Code::unsupported:
    case Code::over_budget:
      break;
  }
  if (has_code(error.detail)) return kv::Reply::error(error.detail);
  return coded("ERR", name(error.code), error.detail);
}

}  // namespace nodedb::resp
