// SPDX-License-Identifier: Apache-2.0
#include "bench/support/figures.h"

#include <algorithm>
#include <cstdio>

namespace nodedb::bench {

double at(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<std::size_t>(part * static_cast<double>(sorted.size()));
  return sorted[std::min(sorted.size() - 1, index)];
}

void print_ms(const char* what, std::vector<double> figures) {
  if (figures.empty()) return;
  std::ranges::sort(figures);
  std::printf("%-40s median %8.1f ms   p99 %8.1f ms   max %8.1f ms\n", what, at(figures, 0.5),
              at(figures, 0.99), figures.back());
}

}  // namespace nodedb::bench
