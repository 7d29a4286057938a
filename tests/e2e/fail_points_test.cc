// SPDX-License-Identifier: Apache-2.0
// The crash matrix with real processes: a node ends as by kill -9 right before or right after a durable write
// of a migration (app/fail_points.h), is started again, and the migration ends. A few points here; all of
// them, for each role, with NODEDB_TEST_FAIL_POINTS=all.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "app/operator_calls.h"
#include "meta/migration.h"
#include "tests/e2e/support/load.h"
#include "tests/e2e/support/moving_cluster.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::e2e {
namespace {

constexpr int patience_ms = 20'000;

enum class Victim : std::uint8_t { driver, source, target, everyone };

struct Case {
  std::string point;
  Victim victim;
};

std::string describe(const Case& one) {
  constexpr const char* names[] = {"driver", "source", "target", "everyone"};
  return one.point + " on the " + names[static_cast<std::size_t>(one.victim)];
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  std::vector<std::string> events;
  for (const meta::MigrationPhase phase : meta::migration_phases) events.emplace_back(meta::name(phase));
  events.emplace_back("end");
  for (const std::string& event : events)
    for (const char* boundary : {".before-log", ".after-log", ".before-apply", ".after-apply"})
      for (const Victim victim : {Victim::driver, Victim::source, Victim::target, Victim::everyone})
        cases.push_back({event + boundary, victim});
  for (const char* boundary : {".before-log", ".after-log", ".before-apply", ".after-apply"})
    for (const Victim victim : {Victim::driver, Victim::source})
      cases.push_back({std::string("abort") + boundary, victim});
  for (const char* point : {"install.before", "install.after"}) cases.push_back({point, Victim::target});
  for (const char* point : {"destroy.before", "destroy.after"}) cases.push_back({point, Victim::source});
  return cases;
}

std::vector<Case> some_cases() {
  return {{"promote_learner.before-log", Victim::driver},
          {"cutover.after-log", Victim::everyone},
          {"complete.after-apply", Victim::source},
          {"install.after", Victim::target}};
}

class FailPoints : public MovingCluster<FailPoints> {
 protected:
  static void SetUpTestSuite() {
    ::setenv("NODEDB_TEST_BINARY", NODEDB_FAILPOINTS_BINARY, 1);
    // So little that a few megabytes are copied by snapshot.
    ::setenv("NODEDB_LOG_BYTES_PER_NODE", "4MiB", 1);
    ::setenv("NODEDB_LOG_BYTES_PER_GROUP", "64KiB", 1);
    start_moving("nodedb-fail-points");
  }

  /// Stopped politely, so that it flushes: what it applied again at boot would reach points of earlier moves.
  static void arm(std::size_t node, const std::string& point) {
    EXPECT_TRUE(cluster_->end(node, SIGTERM, 30));
    cluster_->restart(node, "NODEDB_FAILPOINT=" + point);
  }
  /// Pauses whoever leads group 0 until that is `node`.
  static bool make_driver(std::size_t node) {
    for (int round = 0; round < 20; ++round) {
      if (!cluster_->wait_healthy(60)) return false;
      const std::size_t leader = metadata_leader();
      if (leader == node) return true;
      ::kill(cluster_->nodes()[leader].pid, SIGSTOP);
      sleep_ms(2'500);
      ::kill(cluster_->nodes()[leader].pid, SIGCONT);
    }
    return false;
  }

  /// Asks again for as long as a busy machine refuses.
  static testing::AssertionResult set(const std::string& key, const std::string& value) {
    Answer answer;
    const bool taken = eventually(30, [&] {
      answer = Redis(ports()[0], patience_ms).command({"SET", key, value});
      if (!answer.is("OK")) std::cout << "asks again after: " << answer.describe() << std::endl;
      return answer.is("OK");
    });
    return taken ? testing::AssertionSuccess() : testing::AssertionFailure() << answer.describe();
  }

  /// Every founder's log of the vShard begins behind the replica's birth.
  static bool compacted(std::uint16_t vshard) {
    for (std::size_t node = 0; node < newcomer; ++node) {
      const auto status = app::ask({cluster_->operator_certs(), cluster_->nodes()[node].quic, 5 * ns_per_s},
                                   app::AskStatus{{.groups = true}});
      if (!status) return false;
      for (const app::Json& group : (*status)["groups"].items())
        if (group["group"].number() == vshard + 1 && group["replica"].boolean() &&
            group["base"]["index"].number() <= 1)
          return false;
    }
    return true;
  }

  static void survive(const Case& one, std::uint16_t vshard);
};

void FailPoints::survive(const Case& one, std::uint16_t vshard) {
  ASSERT_TRUE(cluster_->wait_healthy(60));
  const bool aborts = one.point.starts_with("abort");
  // The source is a founder that does not drive; the driver is another one.
  const std::size_t driver = metadata_leader();
  const std::size_t source = (driver + 1) % 3;
  std::vector<std::size_t> victims;
  if (one.victim == Victim::driver) victims = {driver};
  if (one.victim == Victim::source) victims = {source};
  if (one.victim == Victim::target) victims = {newcomer};
  if (one.victim == Victim::everyone) victims = {0, 1, 2, newcomer};
  const std::string key = key_in(VShardId(vshard), "kept");
  ASSERT_TRUE(set(key, one.point));
  for (int i = 0; i < 64; ++i)
    ASSERT_TRUE(set("{" + key + "}:" + std::to_string(i), std::string(64 << 10, 'x')));
  // Only what is no longer in the logs is copied by snapshot.
  ASSERT_TRUE(eventually(30, [&] { return compacted(vshard); }));
  for (const std::size_t victim : victims) arm(victim, one.point);
  ASSERT_TRUE(one.victim == Victim::driver ? make_driver(driver) : cluster_->wait_healthy(60));

  Load load(ports(), key_in(VShardId(vshard), "busy"));
  if (aborts) ::kill(cluster_->nodes()[newcomer].pid, SIGSTOP);
  const int from = static_cast<int>(source) + 1;
  std::string id = first_id(start(vshard, from, newcomer + 1));
  // Who was asked may have died of it, so the id is then found out when it is back.
  if (aborts) cli({"migration", "cancel", id}, source == 0 ? 1 : 0);
  const bool died = eventually(30, [&] {
    for (const std::size_t victim : victims)
      if (cluster_->end(victim, 0, 0)) return true;
    return false;
  });
  EXPECT_TRUE(died) << "the point was not reached";
  if (aborts) ::kill(cluster_->nodes()[newcomer].pid, SIGCONT);
  sleep_ms(300);
  for (const std::size_t victim : victims) {
    cluster_->kill(victim);
    cluster_->restart(victim);
  }
  ASSERT_TRUE(cluster_->wait_healthy(60));
  // A request that nobody has taken may be made again; one that was taken is refused as under way, or done.
  if (id.empty()) id = first_id(start(vshard, from, newcomer + 1));
  const bool over = eventually(end_patience_s, [] {
    const Finished listed = cli({"migration", "ls"});
    return listed.status == 0 && json_of(listed).items().empty();
  });
  EXPECT_TRUE(over) << cli({"migration", "ls"}).output;
  const std::int64_t written = load.stop();
  Nodes wanted = {1, 2, 3};
  if (!aborts) wanted[source] = newcomer + 1;
  std::ranges::sort(wanted);
  EXPECT_TRUE(eventually(30, [&] { return holders(vshard) == wanted; }));
  for (const int port : ports()) {
    EXPECT_TRUE(Redis(port, patience_ms).command({"GET", key}).is(one.point));
    EXPECT_EQ(load.lost(port), 0);
  }
  EXPECT_GT(written, 0);
  EXPECT_TRUE(eventually(30, [] { return json_of(cli({"ghost", "ls"})).items().empty(); }));
}

TEST_F(FailPoints, WhoeverEndsThereNothingIsLost) {
  // Unset: a few. "all", or a part of the names of those that are wanted, as in "install.after on the
  // target".
  const char* const wanted = ::getenv("NODEDB_TEST_FAIL_POINTS");
  std::vector<Case> cases = wanted == nullptr ? some_cases() : all_cases();
  if (wanted != nullptr && std::string(wanted) != "all")
    std::erase_if(cases, [&](const Case& one) { return describe(one).find(wanted) == std::string::npos; });
  ASSERT_FALSE(cases.empty()) << "no such fail point: " << wanted;
  std::uint16_t vshard = 500;
  for (const Case& one : cases) {
    SCOPED_TRACE(describe(one));
    survive(one, ++vshard);
    if (HasFatalFailure()) return;
    std::cout << describe(one) << ": over" << std::endl;
  }
}

TEST_F(FailPoints, OnlyABuildForItTakesThem) {
  std::vector<std::string> line = cluster_->nodes()[0].start;
  line.insert(line.begin(), {"/usr/bin/env", "NODEDB_FAILPOINT=cutover.after-log"});
  line[2] = NODEDB_PLAIN_BINARY;
  const Finished refused = run(line);
  EXPECT_EQ(refused.status, 2) << refused.output;
  EXPECT_NE(refused.output.find("failpoint"), std::string::npos) << refused.output;
  line[1] = "NODEDB_FAILPOINT=nowhere";
  line[2] = NODEDB_FAILPOINTS_BINARY;
  const Finished unknown = run(line);
  EXPECT_EQ(unknown.status, 2) << unknown.output;
  EXPECT_NE(unknown.output.find("cutover.after-log"), std::string::npos) << unknown.output;
}

}  // namespace
}  // namespace nodedb::e2e
