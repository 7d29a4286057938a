// SPDX-License-Identifier: Apache-2.0
#include "app/path_log.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "edge/base/clock.h"
#include "edge/base/log.h"

namespace nodedb::app {

namespace {

void write_line(const RequestPath& path) {
  std::vector<log::Field> fields{
      {"vshard", path.vshard.value},
      {"kind", path.write ? "write" : "read"},
      {"result", path.error ? name(*path.error) : "ok"},
      {"side", path.side == RequestPath::Side::asked ? "asked" : "leader"},
      {"asked", path.asked.value},
      {"served_by", path.served_by.value},
      {"number", path.number},
      {"attempts", path.attempts},
      {"took_us", path.took_ns() / ns_per_us},
  };
  std::vector<std::pair<std::string, std::int64_t>> waits;
  for (const PathSpan& span : spans_of(path))
    waits.emplace_back(std::string(span.name) + "_us", (span.to - span.from) / ns_per_us);
  for (const auto& [key, us] : waits) fields.emplace_back(key, us);
  if (path.trace.exists()) fields.emplace_back("traceparent", path.trace.text());
  log::write(path.slow ? log::Level::warn : log::Level::info,
             path.slow ? "a request was slow" : "a traced request", fields);
}

}  // namespace

void PathLog::told(const RequestPath& path, Time now) {
  if (path.slow && path.side == RequestPath::Side::asked) ++slow_requests_;
  wake(now);
  Budget& budget = path.slow ? slow_ : traced_;
  if (now - budget.second >= ns_per_s) budget = {.second = now};
  if (budget.lines == lines_per_second) {
    ++budget.left_out;
    return watch();
  }
  ++budget.lines;
  write_line(path);
}

void PathLog::watch() {
  if (deadline() == never || std::exchange(watching_, true)) return;
  timer_.expires_at(edge::steady_instant(deadline()));
  timer_.async_wait([this](const std::error_code& cancelled) {
    watching_ = false;
    if (cancelled) return;
    wake(edge::monotonic_time());
    watch();
  });
}

Time PathLog::deadline() const {
  return std::min(slow_.deadline(), traced_.deadline());
}

void PathLog::wake(Time now) {
  if (slow_.deadline() <= now)
    log::warn("more requests were slow than are logged", {{"left_out", std::exchange(slow_.left_out, 0)}});
  if (traced_.deadline() <= now)
    log::info("more requests were traced than are logged",
              {{"left_out", std::exchange(traced_.left_out, 0)}});
}

}  // namespace nodedb::app
