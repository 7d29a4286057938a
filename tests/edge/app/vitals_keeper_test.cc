// SPDX-License-Identifier: Apache-2.0
#include "app/vitals_keeper.h"

#include <gtest/gtest.h>

namespace nodedb::app {
namespace {

const Uuid self = Uuid::parse("3f2a1b4c-0000-4000-8000-000000000001").value();
const Uuid peer = Uuid::parse("3f2a1b4c-0000-4000-8000-000000000002").value();
const Uuid stranger = Uuid::parse("3f2a1b4c-0000-4000-8000-000000000009").value();

TEST(VitalsKeeper, KnowsItsOwnAndWhatMembersTell) {
  asio::io_context loop;
  VitalsKeeper keeper(loop, "/");
  std::vector<Uuid> told;
  keeper.set_peers({peer});
  keeper.start(self, [&](const Uuid& to, const wire::Vitals&) { told.push_back(to); });
  EXPECT_EQ(told, std::vector<Uuid>{peer});
  EXPECT_GT(keeper.known().at(self).disk_bytes, keeper.known().at(self).disk_free_bytes);

  EXPECT_TRUE(keeper.received(peer, wire::Vitals{125, 40, 100, 7, 900, 14'000}));
  EXPECT_TRUE(keeper.received(stranger, wire::Vitals()));
  EXPECT_FALSE(keeper.received(peer, wire::LoadReport()));
  EXPECT_EQ(keeper.known().size(), 2u);
  EXPECT_EQ(keeper.known().at(peer).cpu_permille, 125u);

  keeper.set_peers({});
  EXPECT_FALSE(keeper.known().contains(peer)) << "it is no member any more";
  EXPECT_TRUE(keeper.known().contains(self));
  keeper.stop();
}

TEST(VitalsKeeper, TakesTheTimeOfOneRequestAtATime) {
  asio::io_context loop;
  VitalsKeeper keeper(loop, "/");
  keeper.answered(4);
  EXPECT_EQ(keeper.answer_times().count, 0u) << "nobody has looked at the clock for it";
  keeper.asked(5);
  keeper.asked(6);
  keeper.answered(6);
  EXPECT_EQ(keeper.answer_times().count, 0u);
  keeper.answered(5);
  EXPECT_EQ(keeper.answer_times().count, 1u);
  keeper.asked(7);
  keeper.answered(7);
  EXPECT_EQ(keeper.answer_times().count, 2u);
}

}  // namespace
}  // namespace nodedb::app
