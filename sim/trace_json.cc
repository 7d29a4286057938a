// SPDX-License-Identifier: Apache-2.0
#include "sim/trace_json.h"

#include <cstdint>
#include <string_view>

namespace nodedb::sim {

namespace {

class Line {
 public:
  explicit Line(std::string_view event) { text_.append("{\"ev\":\"").append(event).append("\""); }
  Line& with(std::string_view field, std::uint64_t value) {
    text_.append(",\"").append(field).append("\":").append(std::to_string(value));
    return *this;
  }
  std::string done() const { return text_ + '}'; }

 private:
  std::string text_;
};

}  // namespace

std::string to_json(NodeId node, const node::TraceEvent& e) {
  const auto line = [&](std::string_view event) {
    return Line(event).with("node", node.value).with("group", e.group.value);
  };
  const auto placed = [&](std::string_view event) {
    return line(event).with("index", e.index.value).with("term", e.term.value).with("hash", e.hash).done();
  };
  switch (e.kind) {
    case node::TraceKind::vote:
      return line("vote").with("term", e.term.value).with("for", e.node.value).done();
    case node::TraceKind::leader:
      return line("leader").with("term", e.term.value).with("last", e.index.value).done();
    case node::TraceKind::append:
      return placed("append");
    case node::TraceKind::truncate:
      return line("trunc").with("index", e.index.value).done();
    case node::TraceKind::commit:
      return line("commit").with("index", e.index.value).done();
    case node::TraceKind::apply:
      return placed("apply");
    case node::TraceKind::snapshot:
      return placed("snap");
    case node::TraceKind::term:
      return line("term").with("term", e.term.value).done();
    case node::TraceKind::restart:
      return line("restart").done();
    case node::TraceKind::read_request:
      return line("readreq").with("id", e.id).done();
    case node::TraceKind::read:
      return line("read").with("id", e.id).with("index", e.index.value).done();
  }
  return {};
}

}  // namespace nodedb::sim
