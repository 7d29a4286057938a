// SPDX-License-Identifier: Apache-2.0
#include "meta/plan/journal.h"

namespace nodedb::meta {

// A step that ended where this one begins becomes one with it, and so does one that began where this one
// ends. The reason that came first is the reason.
void Journal::note(Thought thought) {
  const std::uint32_t shard = thought.move.shard;
  auto place = static_cast<std::uint32_t>(thoughts_.size());
  const auto join = [&](std::uint32_t other, Move whole) {
    if (other < place) {
      place = other;
      thought = *thoughts_[other];
    }
    thought.move = whole;
    strike(shard, other);
  };
  if (const auto earlier = place_of(shard, &Move::to, thought.move.from)) {
    join(*earlier, {shard, thoughts_[*earlier]->move.from, thought.move.to});
  }
  if (const auto onward = place_of(shard, &Move::from, thought.move.to)) {
    join(*onward, {shard, thought.move.from, thoughts_[*onward]->move.to});
  }
  if (thought.move.from == thought.move.to) return;
  if (place == thoughts_.size()) thoughts_.emplace_back();
  thoughts_[place] = thought;
  of_[shard].push_back(place);
  ++size_;
}

std::optional<std::uint32_t> Journal::place_of(std::uint32_t shard, std::uint32_t Move::*end,
                                               std::uint32_t node) const {
  if (node == Board::nowhere) return std::nullopt;
  for (const std::uint32_t place : of_[shard]) {
    if (thoughts_[place]->move.*end == node) return place;
  }
  return std::nullopt;
}

void Journal::strike(std::uint32_t shard, std::uint32_t place) {
  thoughts_[place].reset();
  std::erase(of_[shard], place);
  --size_;
}

std::vector<Thought> Journal::steps() const {
  std::vector<Thought> found;
  for (const auto& thought : thoughts_) {
    if (thought) found.push_back(*thought);
  }
  return found;
}

}  // namespace nodedb::meta
