// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "app/catalog_command.h"
#include "edge/disk/data_directory.h"
#include "edge/rocks/state_store.h"
#include "meta/codec.h"
#include "node/namespaces.h"
#include "tests/edge/disk/temporary_directory.h"
#include "tests/edge/log/store_test_support.h"
#include "wire/command_codec.h"

namespace nodedb::app {
namespace {

using namespace edge::test;

constexpr std::uint64_t now_ms = 5'000;
const Uuid cluster_uuid{{1}};

wire::Identity identity() {
  wire::Identity made;
  made.cluster = cluster_uuid;
  made.node = Uuid{{2}};
  made.id = NodeId(1);
  made.genesis.cluster = {cluster_uuid, 1, 3, NodeId(2)};
  made.genesis.members = {{NodeId(1), made.node, "10.0.0.1:1", "10.0.0.1:2", Incarnation(0)}};
  made.genesis.metadata_voters = {NodeId(1)};
  made.genesis.placement.assign(vshard_count, meta::Placement{Epoch(1), {NodeId(1)}});
  return made;
}

/// A node that has written a log, and a state only if it was told to.
class CatalogOf : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = edge::DataDirectory::open(directory(), {});
    ASSERT_TRUE(opened);
    running_.emplace(std::move(*opened));
    log_ = open(small_options(directory()));
    auto state = edge::open_state_store({.directory = directory()});
    ASSERT_TRUE(state);
    state_ = std::move(*state);
  }

  void begin() {
    node::LogBatch birth = first_batch(metadata_group);
    birth.identity = wire::encode_identity(identity());
    ASSERT_TRUE(edge::test::write(*log_, birth));
  }
  void propose(std::uint64_t index, const meta::MetaEntry& what) {
    const Bytes entry = meta::encode(what);
    const Blob payload = wire::encode_command({Hlc{std::int64_t(index), 0}, {}, entry});
    ASSERT_TRUE(edge::test::write(*log_, append(index, Bytes(payload.view()), metadata_group)));
  }
  void commit(std::uint64_t index) {
    node::GroupLogUpdate update;
    update.group = metadata_group;
    update.hard = raft::HardState{Term(1), NodeId(1), Index(index)};
    ASSERT_TRUE(edge::test::write(*log_, batch_of(std::move(update))));
  }
  void store_genesis(const std::vector<Put>& rows) {
    node::GroupStateUpdate update{metadata_group, {}, {Index(1), Term(1)}};
    for (const Put& row : rows) update.writes.push_back(node::to_stored(row));
    ASSERT_TRUE(state_->write({update}));
    ASSERT_TRUE(state_->flush());
  }
  void stop() {
    log_.reset();
    state_.reset();
    running_.reset();
  }

  const std::string& directory() const { return directory_.path(); }
  /// What it knows then, at the last look that succeeds.
  Json look() const {
    const auto node = open_offline(directory());
    EXPECT_TRUE(node);
    const auto catalog = read_catalog(directory(), *node);
    EXPECT_TRUE(catalog) << catalog.error().detail;
    return catalog ? catalog_json(*catalog, now_ms) : Json();
  }
  static std::string value_of(const Json& catalog, const std::string& setting) {
    for (const Json& one : catalog["settings"].items())
      if (one["name"].text() == setting) return one["value"].text();
    return {};
  }
  Exit dump() const {
    testing::internal::CaptureStdout();
    const Exit exit = run_catalog_dump(directory(), Output::table);
    said_ = testing::internal::GetCapturedStdout();
    return exit;
  }

  mutable std::string said_;

 private:
  edge::TemporaryDirectory directory_;
  std::optional<edge::DataDirectory> running_;
  std::unique_ptr<edge::SegmentLogStore> log_;
  std::unique_ptr<node::StateStore> state_;
};

TEST_F(CatalogOf, a_running_node_is_left_alone) {
  begin();
  EXPECT_EQ(dump(), Exit::locked);
}

TEST_F(CatalogOf, no_data_directory_and_no_member) {
  stop();
  EXPECT_EQ(run_catalog_dump("/nonexistent", Output::table), Exit::not_found);
  EXPECT_EQ(dump(), Exit::not_initialised);
}

TEST_F(CatalogOf, what_the_log_has_committed_counts_and_nothing_else) {
  begin();
  propose(2, meta::SettingChange{"token.ttl", "7m", {3'000, "anna"}});
  propose(3, meta::SettingChange{"repair.after", "9m", {4'000, "bert"}});
  commit(2);
  stop();
  const Json catalog = look();
  EXPECT_EQ(catalog["version"].number(), 1);
  EXPECT_EQ(catalog["stored"]["index"].number(), 1);
  EXPECT_EQ(catalog["applied"]["index"].number(), 2);
  EXPECT_EQ(catalog["last"]["index"].number(), 3);
  EXPECT_EQ(value_of(catalog, "token.ttl"), "7m");
  EXPECT_EQ(value_of(catalog, "repair.after"), "5m");
  EXPECT_EQ(catalog["members"].items()[0]["quic"].text(), "10.0.0.1:1");
  EXPECT_EQ(catalog["placement"].items().size(), std::size_t{vshard_count});
  EXPECT_EQ(catalog["audit"].items().at(0)["actor"].text(), "anna");

  EXPECT_EQ(dump(), Exit::ok);
  EXPECT_NE(said_.find("group 0 at 2 of term 1: 1 entries of it are in the log only, which ends at 3"),
            std::string::npos)
      << said_;
  EXPECT_NE(said_.find("anna"), std::string::npos);
}

TEST_F(CatalogOf, what_is_stored_is_gone_on_from_and_not_changed) {
  begin();
  std::vector<Put> rows = meta::rows_of(identity().genesis);
  rows.push_back({meta::setting_key("repair.after"), meta::encode(meta::Setting{"repair.after", "8m"})});
  store_genesis(rows);
  propose(2, meta::SettingChange{"token.ttl", "7m", {3'000, "anna"}});
  commit(2);
  stop();
  const auto before = edge::bytes_in(directory() + "/state");
  const Json first = look();
  EXPECT_EQ(value_of(first, "repair.after"), "8m");
  EXPECT_EQ(value_of(first, "token.ttl"), "7m");
  EXPECT_EQ(look().dump(), first.dump());
  EXPECT_EQ(first["stored"]["index"].number(), 1) << "the second look began where the first one did";
  EXPECT_EQ(edge::bytes_in(directory() + "/state"), before);
}

TEST_F(CatalogOf, tokens_are_shown_without_what_guards_them) {
  begin();
  meta::TokenCreate token{
      .id = TokenId(77), .digest = {}, .node_name = "n9", .ttl_ms = 1'000, .by = {3'000, "anna"}};
  token.digest.bytes.fill(0xab);
  propose(2, token);
  commit(2);
  stop();
  const Json catalog = look();
  ASSERT_EQ(catalog["tokens"].items().size(), 1u);
  EXPECT_EQ(catalog["tokens"].items()[0]["state"].text(), "expired");
  EXPECT_EQ(catalog.dump().find("abababab"), std::string::npos);
}

TEST_F(CatalogOf, damage_is_told) {
  begin();
  std::vector<Put> rows = meta::rows_of(identity().genesis);
  store_genesis(rows);
  stop();
  for (const auto& file : std::filesystem::directory_iterator(directory() + "/state")) {
    if (file.path().extension() != ".sst") continue;
    std::fstream table(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    table.seekp(100);
    table.write("????????", 8);
  }
  EXPECT_EQ(dump(), Exit::storage);
}

TEST_F(CatalogOf, a_row_that_does_not_parse_is_damage) {
  begin();
  std::vector<Put> rows = meta::rows_of(identity().genesis);
  rows.push_back({meta::member_key(NodeId(9)), "no member"});
  store_genesis(rows);
  stop();
  EXPECT_EQ(dump(), Exit::storage);
}

TEST_F(CatalogOf, a_row_of_a_migration_that_cannot_be_trusted_is_named_and_the_rest_shown) {
  begin();
  std::vector<Put> rows = meta::rows_of(identity().genesis);
  rows.push_back({meta::checkpoint_key(Uuid{{5}}), "no checkpoint"});
  store_genesis(rows);
  stop();
  EXPECT_EQ(dump(), Exit::storage);
  EXPECT_NE(said_.find("cannot be trusted: "), std::string::npos) << said_;
  EXPECT_NE(said_.find("10.0.0.1:1"), std::string::npos);
}

}  // namespace
}  // namespace nodedb::app
