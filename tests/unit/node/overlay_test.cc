// SPDX-License-Identifier: Apache-2.0
#include "node/overlay.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "memory_view.h"

namespace nodedb::node::test {
namespace {

std::vector<std::pair<Bytes, Bytes>> all(const View& view, BytesView from) {
  std::vector<std::pair<Bytes, Bytes>> rows;
  for (auto cursor = view.seek(from); cursor->valid(); cursor->next()) {
    rows.emplace_back(Bytes(cursor->key()), Bytes(cursor->value()));
  }
  return rows;
}

Bytes key(Rng& rng) {
  return Bytes(1 + rng.below(2), static_cast<char>('a' + rng.below(5)));
}

Write draw(Rng& rng) {
  switch (rng.below(4)) {
    case 0:
      return Delete{key(rng)};
    case 1:
      return DeleteRange{key(rng), rng.chance(0.2) ? Bytes() : key(rng)};
    default:
      return Put{key(rng), Bytes(1, static_cast<char>('0' + rng.below(10)))};
  }
}

TEST(Overlay, ShowsItsChangesOverTheViewBelow) {
  const Rows below{{"a", "1"}, {"b", "2"}, {"c", "3"}};
  const MemoryView view(below);
  Overlay overlay(view);
  overlay.add(Delete{"b"});
  overlay.add(Put{"bb", "new"});
  EXPECT_EQ(overlay.get("a"), "1");
  EXPECT_EQ(overlay.get("b"), std::nullopt);
  EXPECT_EQ(overlay.get("bb"), "new");
  EXPECT_EQ(all(overlay, "b"), (std::vector<std::pair<Bytes, Bytes>>{{"bb", "new"}, {"c", "3"}}));
}

TEST(Overlay, ARangeHidesWhatWasThereAndNotWhatComesAfter) {
  const Rows below{{"a", "1"}, {"b", "2"}, {"c", "3"}};
  const MemoryView view(below);
  Overlay overlay(view);
  overlay.add(Put{"ab", "gone"});
  overlay.add(DeleteRange{"a", ""});
  overlay.add(Put{"c", "again"});
  EXPECT_EQ(all(overlay, ""), (std::vector<std::pair<Bytes, Bytes>>{{"c", "again"}}));
}

TEST(Overlay, AgreesWithAMapForAnyWrites) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Rng rng(seed);
    Rows below;
    for (int i = 0; i < 8; ++i) below[key(rng)] = "below";
    Rows model = below;
    const MemoryView view(below);
    Overlay overlay(view);
    for (int i = 0; i < 20; ++i) {
      const Write write = draw(rng);
      overlay.add(write);
      apply_to(model, write);
      const Bytes from = key(rng);
      EXPECT_EQ(overlay.get(from), MemoryView(model).get(from)) << "seed " << seed;
      ASSERT_EQ(all(overlay, from), all(MemoryView(model), from)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace nodedb::node::test
