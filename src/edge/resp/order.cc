// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/order.h"

#include "base/check.h"

namespace nodedb::resp {

bool Order::Lane::admits(Mode mode, bool strict) const {
  for (std::size_t other = 0; other < 3; ++other) {
    const bool together = static_cast<Mode>(other) == mode && mode != Mode::exclusive;
    if (together) continue;
    if (held[1][other] != 0 || (strict && held[0][other] != 0)) return false;
  }
  return true;
}

bool Order::Lane::idle() const {
  for (const auto& kind : held) {
    for (const std::uint32_t count : kind) {
      if (count != 0) return false;
    }
  }
  return first == waiting.size();
}

bool Order::take(Lane& lane, const Waiting& who) {
  if (lane.first == lane.waiting.size() && lane.admits(who.mode, who.strict)) {
    ++lane.held[who.strict ? 1 : 0][static_cast<std::size_t>(who.mode)];
    return true;
  }
  lane.waiting.push_back(who);
  return false;
}

bool Order::enter(std::uint64_t request, const Claim& claim) {
  std::uint32_t blocked = 0;
  if (!take(door_, {.request = request, .mode = claim.mode, .strict = claim.wide})) ++blocked;
  if (!claim.wide) {
    for (const VShardId vshard : claim.vshards) {
      if (!take(lanes_[vshard], {.request = request, .mode = claim.mode, .strict = true})) ++blocked;
    }
  }
  if (blocked != 0) blocked_[request] = blocked;
  return blocked == 0;
}

void Order::give_back(Lane& lane, Mode mode, bool strict, std::vector<std::uint64_t>& ready) {
  auto& count = lane.held[strict ? 1 : 0][static_cast<std::size_t>(mode)];
  CHECK(count != 0);
  --count;
  while (lane.first < lane.waiting.size()) {
    const Waiting& next = lane.waiting[lane.first];
    if (!lane.admits(next.mode, next.strict)) break;
    ++lane.held[next.strict ? 1 : 0][static_cast<std::size_t>(next.mode)];
    const auto blocked = blocked_.find(next.request);
    CHECK(blocked != blocked_.end());
    if (--blocked->second == 0) {
      ready.push_back(next.request);
      blocked_.erase(blocked);
    }
    ++lane.first;
  }
  // Drops what has been served once it is most of the list: amortised constant.
  if (2 * lane.first > lane.waiting.size()) {
    lane.waiting.erase(lane.waiting.begin(), lane.waiting.begin() + static_cast<std::ptrdiff_t>(lane.first));
    lane.first = 0;
  }
}

void Order::leave(const Claim& claim, std::vector<std::uint64_t>& ready) {
  give_back(door_, claim.mode, claim.wide, ready);
  if (claim.wide) return;
  for (const VShardId vshard : claim.vshards) {
    const auto lane = lanes_.find(vshard);
    CHECK(lane != lanes_.end());
    give_back(lane->second, claim.mode, true, ready);
    if (lane->second.idle()) lanes_.erase(lane);
  }
}

}  // namespace nodedb::resp
