// SPDX-License-Identifier: Apache-2.0
#include "node/trace.h"

namespace nodedb::node {

namespace {

/// Appends members to one line.
class Line {
 public:
  Line(BytesView event, NodeId self, GroupId group) {
    text_ = "{\"ev\":\"" + Bytes(event) + "\"";
    number("node", self.value);
    number("group", group.value);
  }
  Line& number(BytesView key, std::uint64_t value) {
    text_ += ",\"" + Bytes(key) + "\":" + std::to_string(value);
    return *this;
  }
  Bytes end() { return std::move(text_) + "}\n"; }

 private:
  Bytes text_;
};

}  // namespace

Bytes trace_line(NodeId self, const TraceEvent& event) {
  const auto line = [&](BytesView name) { return Line(name, self, event.group); };
  const auto entry = [&](BytesView name) {
    return line(name)
        .number("index", event.index.value)
        .number("term", event.term.value)
        .number("hash", event.hash)
        .end();
  };
  switch (event.kind) {
    case TraceKind::vote:
      return line("vote").number("term", event.term.value).number("for", event.node.value).end();
    case TraceKind::leader:
      return line("leader").number("term", event.term.value).number("last", event.index.value).end();
    case TraceKind::append:
      return entry("append");
    case TraceKind::truncate:
      return line("trunc").number("index", event.index.value).end();
    case TraceKind::commit:
      return line("commit").number("index", event.index.value).end();
    case TraceKind::apply:
      return entry("apply");
    case TraceKind::snapshot:
      return entry("snap");
    case TraceKind::term:
      return line("term").number("term", event.term.value).end();
    case TraceKind::restart:
      return line("restart").end();
    case TraceKind::read_request:
      return line("readreq").number("id", event.id).end();
    case TraceKind::read:
      return line("read").number("id", event.id).number("index", event.index.value).end();
  }
  return {};
}

}  // namespace nodedb::node
