// SPDX-License-Identifier: Apache-2.0
#include "node/row_changes.h"

#include <functional>
#include <utility>

#include "base/check.h"

namespace nodedb::node {

namespace {

constexpr std::size_t places_min = 8;

std::size_t hash_of(BytesView key) {
  return std::hash<BytesView>()(key);
}

}  // namespace

RowChange::RowChange(BytesView key) : key_bytes_(key.size()) {
  if (key_is_near()) {
    key.copy(near_.data(), key.size());
  } else {
    far_ = key;
  }
}

void RowChange::put(BytesView value) {
  if (fits(value.size())) {
    value.copy(near_.data() + key_bytes_, value.size());
    if (!far_.empty()) Bytes().swap(far_);
  } else {
    far_.resize(key_is_near() ? 0 : key_bytes_);
    far_.append(value);
  }
  value_bytes_ = value.size();
  there_ = true;
}

void RowChange::put(Bytes&& value) {
  if (!key_is_near() || fits(value.size())) return put(BytesView(value));
  value_bytes_ = value.size();
  far_ = std::move(value);
  there_ = true;
}

void RowChange::erase() {
  put(BytesView());
  there_ = false;
}

std::size_t RowChanges::place_of(BytesView key, std::size_t hash) const {
  std::size_t at = hash & (places_.size() - 1);
  for (; places_[at].change; at = after(at))
    if (places_[at].hash == hash && places_[at].change->key() == key) break;
  return at;
}

const RowChange* RowChanges::find(BytesView key) const {
  return empty() ? nullptr : places_[place_of(key, hash_of(key))].change.get();
}

std::pair<RowChange&, bool> RowChanges::of(BytesView key) {
  // A quarter stays free, so that probes end soon.
  if (4 * (count_ + 1) > 3 * places_.size()) grow();
  const std::size_t hash = hash_of(key);
  Place& place = places_[place_of(key, hash)];
  if (place.change) return {*place.change, false};
  place = {hash, std::make_unique<RowChange>(key)};
  ++count_;
  return {*place.change, true};
}

/// Those behind it that were pushed on by it move up, so that no probe for them ends at the hole.
void RowChanges::forget(BytesView key) {
  CHECK(!empty());
  std::size_t hole = place_of(key, hash_of(key));
  CHECK(places_[hole].change);
  places_[hole].change.reset();
  --count_;
  const std::size_t mask = places_.size() - 1;
  for (std::size_t at = after(hole); places_[at].change; at = after(at)) {
    const std::size_t from_wanted = (at - places_[at].hash) & mask;
    if (from_wanted < ((at - hole) & mask)) continue;
    places_[hole] = std::move(places_[at]);
    hole = at;
  }
}

void RowChanges::grow() {
  std::vector<Place> before(places_.empty() ? places_min : 2 * places_.size());
  before.swap(places_);
  for (Place& place : before) {
    if (!place.change) continue;
    std::size_t at = place.hash & (places_.size() - 1);
    while (places_[at].change) at = after(at);
    places_[at] = std::move(place);
  }
}

}  // namespace nodedb::node
