// SPDX-License-Identifier: Apache-2.0
#include "app/config.h"

#include <gtest/gtest.h>

#include "app/config_sources.h"
#include "app/suggest.h"
#include "app/table.h"

namespace nodedb::app {
namespace {

Config fine() {
  Config config;
  config.data = "d";
  config.certs = "c";
  config.listen = "127.0.0.1:7000";
  config.memory_budget = 4ULL << 30;
  return config;
}

TEST(Config, TakesEveryOptionFromToml) {
  std::string text;
  for (const OptionSpec& spec : option_specs()) {
    text += std::string(spec.name) + " = ";
    if (std::holds_alternative<AsTextList>(spec.kind))
      text += "['a:1', 'b:2']\n";
    else if (std::holds_alternative<AsFlag>(spec.kind))
      text += "true\n";
    else if (std::holds_alternative<AsFraction>(spec.kind))
      text += "0.25\n";
    else if (std::holds_alternative<AsNumber>(spec.kind))
      text += "5\n";
    else if (std::holds_alternative<AsDuration>(spec.kind))
      text += "'90ms'\n";
    else if (std::holds_alternative<AsSize>(spec.kind))
      text += "'3MiB'\n";
    else if (const auto* choice = std::get_if<AsChoice>(&spec.kind))
      text += "'" + std::string(choice->words.substr(0, choice->words.find(' '))) + "'\n";
    else
      text += "'words'\n";
  }
  const auto settings = settings_of_toml(text, "node.toml");
  ASSERT_TRUE(settings) << settings.error().detail;
  EXPECT_EQ(settings->size(), option_specs().size());
  const Configured made = configure(*settings);
  EXPECT_EQ(made.complaints, std::vector<std::string>{});
  EXPECT_EQ(made.config.seeds, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(made.config.pulse_ns, 90 * ns_per_ms);
  EXPECT_EQ(made.config.log_bytes_per_node, 3u << 20);
  EXPECT_EQ(made.config.replication_factor, 5u);
  EXPECT_EQ(made.config.clock_drift_max, 0.25);
  EXPECT_TRUE(made.config.tls_client);
  EXPECT_EQ(made.config.data, "words");
}

TEST(Config, RefusesUnknownNamesWithASuggestion) {
  const auto settings = settings_of_toml("# comment\nelection_timout = '1s'\nqqqqq = 1\n", "node.toml");
  const Configured made = configure(*settings);
  ASSERT_EQ(made.complaints.size(), 2u);
  EXPECT_EQ(made.complaints[0],
            "node.toml line 2: unknown option 'election_timout'; did you mean 'election_timeout'?");
  EXPECT_EQ(made.complaints[1], "node.toml line 3: unknown option 'qqqqq'");
}

TEST(Config, RefusesBadValuesAllAtOnce) {
  const auto settings = settings_of_toml(
      "pulse = 250\nlog_bytes_per_node = '64M'\nlog_level = 'loud'\ntls_client = 1\nclock_drift_max = 'x'\n"
      "listen = ['a:1', 'b:2']\nreplication_factor = -3\n",
      "f");
  ASSERT_TRUE(settings);
  EXPECT_EQ(configure(*settings).complaints.size(), 7u);
}

TEST(Config, RefusesWhatIsNoTomlWithItsLine) {
  for (const char* text : {"a = \n", "[table]\nx = 1\n", "x = [[1]]\n", "x = {a = 1}\n", "d = 2020-01-01\n",
                           "x = 1\nx = 2\n", "\xff\xfe", "x = \xcf\x9a 1\n"}) {
    const auto settings = settings_of_toml(text, "node.toml");
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().code, Code::malformed);
    EXPECT_TRUE(settings.error().detail.starts_with("node.toml line ")) << settings.error().detail;
  }
}

TEST(Config, LaterSourcesOverride) {
  const char* const environment[] = {"NODEDB_PULSE=80ms", "NODEDB_SEEDS=a:1,b:2", "HOME=/", "NODEDB_TEST_X=1",
                                     nullptr};
  auto settings = *settings_of_toml("pulse = '70ms'\nseeds = ['c:3']\n", "f");
  for (auto& setting : settings_of_environment(environment)) settings.push_back(setting);
  EXPECT_EQ(configure(settings).config.pulse_ns, 80 * ns_per_ms);
  EXPECT_EQ(configure(settings).config.seeds, (std::vector<std::string>{"a:1", "b:2"}));
  settings.push_back({"pulse", {"90ms"}, "--pulse"});
  EXPECT_EQ(configure(settings).config.pulse_ns, 90 * ns_per_ms);
}

TEST(Config, TheHttpPortIsOnLoopbackUnlessItIsNamedOrTurnedOff) {
  EXPECT_TRUE(Config().http.starts_with("127.0.0.1:"));
  const char* const off[] = {"NODEDB_HTTP=", nullptr};
  EXPECT_EQ(configure(settings_of_environment(off)).config.http, "");
  Config config = fine();
  for (const char* good : {"", "127.0.0.1:0", "10.0.0.1:80", "[::1]:7080"}) {
    config.http = good;
    EXPECT_TRUE(config.validate().empty()) << good;
  }
  for (const char* bad : {"7080", ":7080", "127.0.0.1", "127.0.0.1:99999"}) {
    config.http = bad;
    EXPECT_EQ(config.validate().size(), 1u) << bad;
  }
}

TEST(Config, AnUnknownVariableIsRefused) {
  const char* const environment[] = {"NODEDB_PULS=80ms", nullptr};
  const Configured made = configure(settings_of_environment(environment));
  ASSERT_EQ(made.complaints.size(), 1u);
  EXPECT_EQ(made.complaints[0], "NODEDB_PULS: unknown option 'puls'; did you mean 'pulse'?");
}

TEST(Config, ValidateListsEveryComplaint) {
  EXPECT_EQ(fine().validate(), std::vector<std::string>{});
  Config empty;
  empty.memory_budget = fine().memory_budget;
  EXPECT_EQ(empty.validate().size(), 3u);  // data, certs, listen

  Config config = fine();
  config.listen = "127.0.0.1:0";
  config.client = "nowhere";
  config.seeds = {"a", "b:1"};
  config.replication_factor = 2;
  config.pulse_ns = 300 * ns_per_ms;
  config.clock_drift_max = 0.9;
  EXPECT_EQ(config.validate().size(), 6u);
}

TEST(Config, MemoryThatDoesNotSufficeIsComplainedOf) {
  Config config = fine();
  config.memory_budget = MemoryBudget::least_bytes - 1;
  ASSERT_EQ(config.validate().size(), 1u);
  EXPECT_TRUE(config.validate()[0].starts_with("memory_budget: must be at least 512MiB"));
  config.memory_budget = MemoryBudget::least_bytes;
  EXPECT_EQ(config.validate(), std::vector<std::string>{});
  config.log_bytes_for_move = 300u << 20;
  ASSERT_EQ(config.validate().size(), 1u);
  config.queue_time_ns = config.write_delay_max_ns;
  EXPECT_EQ(config.validate().size(), 2u) << "all at once";
  config.memory_budget = 4ULL << 30;
  config.queue_time_ns = 0;
  EXPECT_EQ(config.validate(), std::vector<std::string>{}) << "0: nobody is refused for the time";
}

TEST(Suggest, MeasuresEdits) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("abc", "acb"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Table, AlignsColumns) {
  Table table({"A", "LONG"});
  table.add({"wide cell", "x"});
  table.add({"y"});
  EXPECT_EQ(table.text(), "A          LONG\nwide cell  x\ny\n");
}

}  // namespace
}  // namespace nodedb::app
