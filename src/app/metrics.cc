// SPDX-License-Identifier: Apache-2.0
#include "app/metrics.h"

#include <charconv>
#include <cmath>

namespace nodedb::app {

namespace {

constexpr double exact_max = 9007199254740992.0;

std::string_view name(MetricKind kind) {
  return kind == MetricKind::counter ? "counter" : "gauge";
}

void append_value(Bytes& out, double value) {
  char text[32];
  const bool whole = std::floor(value) == value && std::abs(value) < exact_max;
  const auto end = whole ? std::to_chars(text, text + sizeof text, static_cast<std::int64_t>(value)).ptr
                         : std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void append_labels(Bytes& out, const Labels& labels) {
  char before = '{';
  for (const auto& [label, value] : labels) {
    out += before;
    out.append(label).append("=\"");
    for (const char c : value) {
      if (c == '\\' || c == '"') out += '\\';
      c == '\n' ? out.append("\\n") : out.append(1, c);
    }
    out += '"';
    before = ',';
  }
  if (!labels.empty()) out += '}';
}

}  // namespace

Bytes metrics_text(const NodeFigures& figures) {
  Bytes out;
  for (const Metric& metric : metric_table()) {
    Samples samples;
    metric.read(figures, samples);
    out.append("# HELP ").append(metric.name).append(" ").append(metric.help).append("\n");
    out.append("# TYPE ").append(metric.name).append(" ").append(name(metric.kind)).append("\n");
    for (const Samples::Row& row : samples.rows()) {
      out.append(metric.name);
      append_labels(out, row.labels);
      out += ' ';
      append_value(out, row.value);
      out += '\n';
    }
  }
  return out;
}

std::string metrics_page() {
  std::string page =
      "# Metrics\n\nMade from `src/app/metric_table.cc` by `nodedb-cluster metrics page`; a test compares. "
      "Each node tells its own at `/metrics` of\nits HTTP port ([operating.md](operating.md#http-port)), in "
      "Prometheus's text format. All are of that node, since it was started\n(counters) or now (gauges); "
      "what "
      "it says about others is what it knows of them.\n\n| metric | type | labels | what "
      "|\n|---|---|---|---|\n";
  for (const Metric& metric : metric_table()) {
    page += "| `" + std::string(metric.name) + "` | " + std::string(name(metric.kind)) + " | " +
            std::string(metric.labels) + " | " + std::string(metric.help) + " |\n";
  }
  return page;
}

}  // namespace nodedb::app
