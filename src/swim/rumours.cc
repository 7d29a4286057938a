// SPDX-License-Identifier: Apache-2.0
#include "swim/rumours.h"

#include <algorithm>

#include "swim/rules.h"

namespace nodedb::swim {

void Rumours::add(const Rumour& rumour) {
  news_[rumour.node] = {rumour, 0, ++added_};
}

void Rumours::take(std::vector<Rumour>& into, std::size_t bytes, std::uint32_t sends_max) {
  if (news_.empty()) return;
  std::vector<News*> order;
  for (auto& [node, news] : news_) {
    if (std::ranges::find(into, node, &Rumour::node) == into.end()) order.push_back(&news);
  }
  std::ranges::sort(order, [&](const News* a, const News* b) {
    if (a->sent != b->sent) return most_sent_first_ ? a->sent > b->sent : a->sent < b->sent;
    return a->added > b->added;
  });
  for (News* news : order) {
    const std::size_t size = rumour_bytes(news->rumour);
    if (size > bytes) break;
    bytes -= size;
    into.push_back(news->rumour);
    if (++news->sent >= sends_max) news_.erase(news->rumour.node);
  }
}

}  // namespace nodedb::swim
