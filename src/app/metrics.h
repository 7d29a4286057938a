// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node's figures in Prometheus's text format 0.0.4. One table (metric_table.cc) has every metric: what is
// exported and docs/metrics.md are made from it. No metric has a row for each vShard: the busiest few are
// named, members and consumers of memory are bounded in number. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/node_figures.h"

namespace nodedb::app {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// The rows of one metric.
class Samples {
 public:
  void add(double value) { rows_.push_back({{}, value}); }
  void add(Labels labels, double value) { rows_.push_back({std::move(labels), value}); }
  template <class T>
  requires std::is_integral_v<T>
  void add(T value) { add(static_cast<double>(value)); }
  template <class T>
  requires std::is_integral_v<T>
  void add(Labels labels, T value) { add(std::move(labels), static_cast<double>(value)); }

  struct Row {
    Labels labels;
    double value = 0;
  };
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::vector<Row> rows_;
};

enum class MetricKind : std::uint8_t { gauge, counter };

struct Metric {
  std::string_view name;  ///< with its unit; of a counter, with `_total` at its end
  MetricKind kind = MetricKind::gauge;
  std::string_view labels;  ///< with their values, for people; empty: none
  std::string_view help;
  void (*read)(const NodeFigures& figures, Samples& out) = nullptr;
};
std::span<const Metric> metric_table();

inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";
Bytes metrics_text(const NodeFigures& figures);
/// docs/metrics.md.
std::string metrics_page();

}  // namespace nodedb::app
