// SPDX-License-Identifier: Apache-2.0
#include "base/request_path.h"

#include <algorithm>

namespace nodedb {

namespace {

class Spans {
 public:
  explicit Spans(Time end) : end_(end) {}

  /// Up to `to`, or to the end of the path if it did not get there. Nothing if it did not begin.
  void add(std::string_view name, Time from, Time to) {
    if (from != not_reached) spans_.push_back({name, from, std::min(to, end_)});
  }
  std::vector<PathSpan> take() { return std::move(spans_); }

 private:
  Time end_;
  std::vector<PathSpan> spans_;
};

bool was_served(const ServedStages& served) {
  return served != ServedStages{};
}

void add_write(Spans& out, Time begun, const ServedStages& served) {
  out.add("pace", begun, served.proposed);
  out.add("persist", served.proposed, served.persisted);
  out.add("commit", served.proposed, served.committed);
  out.add("turn", std::max(served.persisted, served.committed), served.handed);
}

void add_read(Spans& out, Time begun, const ServedStages& served) {
  // A read of the own replica as it is has nothing to confirm.
  const bool confirms = served.confirmed != not_reached || served.handed == not_reached;
  if (confirms) out.add("confirm", begun, served.confirmed);
  out.add("turn", confirms ? served.confirmed : begun, served.handed);
}

}  // namespace

std::vector<PathSpan> spans_of(const RequestPath& path) {
  Spans out(path.answered);
  const bool asked = path.side == RequestPath::Side::asked;
  if (asked) {
    out.add("queue", path.received, path.taken);
    out.add("route", path.taken, path.sent);
    if (!was_served(path.served)) {
      out.add("leader", path.sent, path.answered);
      return out.take();
    }
  }
  const Time begun = asked ? path.sent : path.received;
  if (path.write)
    add_write(out, begun, path.served);
  else
    add_read(out, begun, path.served);
  out.add("apply", path.served.handed, path.served.applied);
  out.add("answer", path.served.applied, path.answered);
  return out.take();
}

}  // namespace nodedb
