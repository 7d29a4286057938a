// SPDX-License-Identifier: Apache-2.0
#include "app/front_figures.h"

#include <ctime>

#include "app/certificate_lines.h"
#include "edge/base/machine.h"

namespace nodedb::app {

MemoryTable memory_table(FrontParts parts) {
  const auto at = [&](Consumer consumer) -> std::uint64_t& {
    return parts.used[static_cast<std::size_t>(consumer)];
  };
  if (parts.clients != nullptr) {
    at(Consumer::clients) = parts.clients->held_bytes();
    at(Consumer::half_read) = parts.clients->half_read_bytes();
  }
  at(Consumer::inbox) += parts.door.bytes();
  at(Consumer::peers) = parts.transport.stats().queued_bytes;
  const MemoryBudget budget = parts.config.memory();
  MemoryTable table{budget.total_bytes(), edge::resident_bytes(), {}};
  for (const Share& share : memory_shares())
    table.rows.push_back({share.name, at(share.consumer), budget.of(share.consumer)});
  return table;
}

AnswerSurroundings surroundings(const FrontParts& parts) {
  const quic::TransportStats stats = parts.transport.stats();
  return {{stats.packets_sent, stats.bytes_sent, stats.datagrams_received, stats.bytes_received,
           stats.dropped_full, stats.dropped_unconnected},
          memory_table(parts),
          certificates_json(parts.transport.credentials(), std::time(nullptr))};
}

}  // namespace nodedb::app
