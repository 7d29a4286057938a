// SPDX-License-Identifier: Apache-2.0
#include "node/row_changes.h"

#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"

namespace nodedb::node::test {
namespace {

using Model = std::map<Bytes, std::optional<Bytes>>;

/// As both ways of saying it, in turn.
const RowChange* set(RowChanges& changes, BytesView key, std::optional<Bytes> value) {
  const auto [change, fresh] = changes.of(key);
  if (!value) {
    change.erase();
  } else if (value->size() % 2 == 0) {
    change.put(BytesView(*value));
  } else {
    change.put(std::move(*value));
  }
  return fresh ? &change : nullptr;
}

std::optional<Bytes> drawn_value(Rng& rng) {
  if (rng.chance(0.3)) return std::nullopt;
  return Bytes(rng.below(150), static_cast<char>('0' + rng.below(10)));
}

/// Some are too long to lie beside a value, and some at all.
Bytes drawn_key(Rng& rng) {
  const std::uint64_t number = rng.below(300);
  return Bytes(number % 5 == 0 ? number : number % 7, 'k') + std::to_string(number);
}

void expect_same(const RowChanges& changes, const Model& model) {
  for (const auto& [key, value] : model) {
    const RowChange* const found = changes.find(key);
    ASSERT_NE(found, nullptr) << key;
    EXPECT_EQ(found->key(), key);
    ASSERT_EQ(found->value(), value) << key;
  }
}

TEST(RowChanges, KnowsWhatBecameOfARow) {
  RowChanges changes;
  EXPECT_TRUE(changes.empty());
  EXPECT_EQ(changes.find("a"), nullptr);
  const RowChange* const first = set(changes, "a", "1");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(set(changes, "a", "a longer value than any that lies within a string"), nullptr);
  EXPECT_EQ(changes.find("a"), first);
  EXPECT_EQ(first->value(), "a longer value than any that lies within a string");
  set(changes, "a", "");
  EXPECT_EQ(first->value(), "");
  set(changes, "a", std::nullopt);
  EXPECT_EQ(first->value(), std::nullopt);
  EXPECT_EQ(changes.find("b"), nullptr);
  changes.forget("a");
  EXPECT_TRUE(changes.empty());
  EXPECT_EQ(changes.find("a"), nullptr);
}

TEST(RowChanges, AnEmptyKeyIsAKey) {
  RowChanges changes;
  set(changes, "", "of nothing");
  EXPECT_EQ(changes.find("")->value(), "of nothing");
}

TEST(RowChanges, AgreesWithAMapHoweverManyComeAndGo) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    RowChanges changes;
    Model model;
    std::map<Bytes, const RowChange*> places;
    for (int step = 0; step < 2'000; ++step) {
      const Bytes key = drawn_key(rng);
      if (model.contains(key) && rng.chance(0.45)) {
        changes.forget(key);
        model.erase(key);
        places.erase(key);
      } else {
        const auto value = drawn_value(rng);
        const RowChange* const fresh = set(changes, key, value);
        EXPECT_EQ(fresh != nullptr, !model.contains(key));
        if (fresh != nullptr) places[key] = fresh;
        model[key] = value;
      }
      EXPECT_EQ(changes.empty(), model.empty());
      const Bytes other = drawn_key(rng);
      ASSERT_EQ(changes.find(other) != nullptr, model.contains(other)) << other;
      if (step % 100 == 0) expect_same(changes, model);
    }
    expect_same(changes, model);
    for (const auto& [key, place] : places) EXPECT_EQ(changes.find(key), place) << "it has moved";
  }
}

}  // namespace
}  // namespace nodedb::node::test
