// SPDX-License-Identifier: Apache-2.0
// The dashboard in a real Chromium on a real cluster: what it says is what is so, while things go right and
// wrong; it can be read and walked through by anybody; and it makes the screenshots of the documentation
// (NODEDB_TEST_SCREENSHOTS: the directory; none are made without).
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "tests/dashboard/browser.h"
#include "tests/dashboard/page_checks.h"
#include "tests/e2e/support/load.h"
#include "tests/e2e/support/moving_cluster.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::e2e {
namespace {

using app::Json;

constexpr int redis_patience_ms = 30'000;
constexpr View desk{1280, 800, false}, desk_at_night{1280, 800, true};
constexpr View phone{390, 844, false}, phone_at_night{390, 844, true};

class Dashboard : public MovingCluster<Dashboard> {
 protected:
  static void SetUpTestSuite() {
    // The browser keeps the machine busy; leaders are to stay where they are meanwhile.
    ::setenv("NODEDB_ELECTION_TIMEOUT", "4s", 1);
    start_cluster("nodedb-dashboard", {"--join", "1", "--rebalance", "advise"});
    if (!cluster_) return;
    browser_.emplace();
    browser_->look(desk);
  }
  static void TearDownTestSuite() {
    browser_.reset();
    MovingCluster::TearDownTestSuite();
  }
  void SetUp() override {
    MovingCluster::SetUp();
    ASSERT_TRUE(show(0));
    browser_->forget_complaints();
  }
  void TearDown() override {
    EXPECT_EQ(browser_->complaints(), std::vector<std::string>());
    for (const std::string& url : browser_->urls())
      EXPECT_TRUE(url.starts_with("http://127.0.0.1:") || url == "about:blank") << url;
  }

  static std::string address(std::size_t node) {
    return "http://127.0.0.1:" + std::to_string(cluster_->nodes()[node].http_port);
  }
  /// The page of that node, once it has told everything.
  static bool show(std::size_t node) {
    return browser_->open(address(node) + "/") &&
           browser_->eventually(20, "document.querySelectorAll('#cells [data-look]').length === 1024");
  }
  static std::string sentence() { return browser_->text_of("#sentence"); }
  static bool says(int seconds, const std::string& part) {
    return browser_->eventually(
        seconds, "document.querySelector('#sentence').textContent.includes(" + app::json_string(part) + ")");
  }
  static Json ask(std::size_t node, const std::string& path) {
    return browser_->evaluate("fetch('" + address(node) + path + "').then((answer) => answer.json())");
  }
  static std::vector<std::string> list(const std::string& expression) {
    std::vector<std::string> all;
    const Json value = browser_->evaluate(expression);
    for (const Json& one : value.items()) all.push_back(one.text());
    return all;
  }
  static int cells(const std::string& look) {
    return static_cast<int>(
        browser_->evaluate("document.querySelectorAll('#cells [data-look=\"" + look + "\"]').length")
            .number());
  }
  static void colour_by(const std::string& what) {
    browser_->evaluate("document.querySelector('[value=" + what + "]').click()");
  }
  static void expect_readable() {
    using None = std::vector<std::string>;
    for (const View& view : {desk, desk_at_night, phone, phone_at_night}) {
      browser_->look(view);
      for (const char* what : {"health", "load", "leader"}) {
        colour_by(what);
        EXPECT_EQ(list(low_contrast), None()) << what << (view.dark ? ", dark" : ", light");
      }
      EXPECT_EQ(list(sticking_out), None()) << view.width;
    }
    browser_->look(desk);
  }
  static void screenshots(const std::string& name) {
    const char* const directory = std::getenv("NODEDB_TEST_SCREENSHOTS");
    if (directory == nullptr) return;
    for (const View& view : {desk, desk_at_night, phone, phone_at_night}) {
      browser_->look(view);
      browser_->screenshot(std::string(directory) + "/dashboard-" + name + "-" + std::to_string(view.width) +
                           (view.dark ? "-dark.png" : "-light.png"));
    }
    browser_->look(desk);
  }
  static void load_data() {
    Redis client(cluster_->nodes()[0].redis_port, redis_patience_ms);
    for (int batch = 0; batch < 100; ++batch) {
      std::vector<std::vector<std::string>> commands;
      for (int i = 0; i < 40; ++i)
        commands.push_back({"SET", "k" + std::to_string(batch * 40 + i), std::string(200, 'v')});
      for (const Answer& answer : client.pipeline(commands))
        ASSERT_TRUE(answer.is("OK")) << answer.describe();
    }
  }

  inline static std::optional<Browser> browser_;
};

/// First: from then on the fourth node has its part of everything.
TEST_F(Dashboard, MovesAreSeenWhileTheyRunAndAfterwards) {
  load_data();
  const std::size_t driver = metadata_leader();
  ASSERT_TRUE(show(driver));
  ASSERT_TRUE(browser_->eventually(
      10, "document.querySelector('#events .aside').textContent.startsWith('Listening')"));
  sleep_ms(2'500);  // the first look at the node is nothing new
  ASSERT_EQ(cli({"migration", "start", "--random", "60", "--to", "4"}).status, 0);
  EXPECT_TRUE(browser_->eventually(
      20, "document.querySelector('#moves .under-way').textContent.includes('→ node 4')"))
      << browser_->text_of("#moves");
  screenshots("moves");
  EXPECT_TRUE(browser_->eventually(120, "!document.querySelector('#moves article')"));
  EXPECT_TRUE(
      browser_->eventually(10, "document.querySelector('#moves .ended').textContent.includes('completed')"));
  EXPECT_TRUE(browser_->eventually(10, "document.querySelector('#events [data-name=migration_ended]')"))
      << browser_->text_of("#events");
}

TEST_F(Dashboard, AHealthyClusterIsWellAndAllIsShown) {
  Load load({cluster_->nodes()[0].redis_port}, "overview");
  EXPECT_TRUE(says(10, "All is well: 4 nodes")) << sentence();
  EXPECT_EQ(browser_->evaluate("document.querySelectorAll('#problems li').length").number(), 0);
  EXPECT_EQ(browser_->evaluate("document.querySelectorAll('#nodes tbody tr').length").number(), 4);
  EXPECT_TRUE(
      browser_->eventually(15,
                           "[...document.querySelectorAll('#nodes td.cpu, #nodes td.disk')].every((one) => "
                           "one.textContent.includes('%'))"))
      << "each node has told its vitals: " << browser_->text_of("#nodes");
  EXPECT_TRUE(eventually(30, [] {
    const Json map = ask(0, "/v1/map");
    for (std::int64_t node = 1; node <= 4; ++node) {
      const auto led =
          std::ranges::count(map["leader"].items(), node, [](const Json& one) { return one.number(); });
      if (led != cells("leader-" + std::to_string(node - 1))) return false;
    }
    return true;
  }));
  EXPECT_TRUE(browser_->eventually(5, "document.querySelector('#freshness').textContent === 'live'"));
  const std::string answers = "document.querySelector('#nodes tr[data-key=\"1\"] td.answers').textContent";
  EXPECT_TRUE(browser_->eventually(15, answers + ".includes('s')")) << browser_->evaluate(answers).text();
  EXPECT_TRUE(browser_->eventually(30, "document.querySelector('#figures polyline')?.points.length > 4"));
  screenshots("overview");
}

TEST_F(Dashboard, EveryTextCanBeReadAndNothingSticksOut) {
  expect_readable();
}

TEST_F(Dashboard, EverythingHasAName) {
  const std::set<std::string> named{"button",     "link",     "radio", "textbox",
                                    "spinbutton", "gridcell", "grid",  "region"};
  std::set<std::string> met;
  for (const Json& one : browser_->accessible()) {
    const std::string role = one["role"].text();
    met.insert(role);
    const bool must =
        named.contains(role) || (one["focusable"].boolean() && role != "RootWebArea" && role != "code");
    EXPECT_FALSE(must && one["name"].text().empty()) << one.dump();
  }
  for (const char* role :
       {"banner", "main", "region", "heading", "grid", "gridcell", "radio", "table", "status"})
    EXPECT_TRUE(met.contains(role)) << role;
}

TEST_F(Dashboard, AllCanBeReachedByKeyboard) {
  browser_->press("Tab");
  EXPECT_TRUE(browser_->evaluate(focused).text().starts_with("A: Skip to what is wrong"));
  browser_->press("Enter");
  EXPECT_TRUE(browser_->evaluate(focused).text().starts_with("health: "))
      << browser_->evaluate(focused).text();
  std::set<std::string> reached;
  for (int i = 0; i < 40 && !reached.contains("/openapi.json"); ++i) {
    browser_->press("Tab");
    const std::string at = browser_->evaluate(focused).text();
    reached.insert(at.substr(at.find(": ") + 2));
    const std::string seen = browser_
                                 ->evaluate(
                                     "(({outlineStyle: line, opacity}) => `${line} "
                                     "${opacity}`)(getComputedStyle(document.activeElement))")
                                 .text();
    EXPECT_TRUE(seen.ends_with(" 0") || !seen.starts_with("none")) << at << " shows no focus";
    if (at.starts_with("gridcell: vShard 0,")) {
      for (const char* key : {"ArrowRight", "ArrowDown", "ArrowDown", "End", "ArrowLeft", "Home", "ArrowUp"})
        browser_->press(key);
      EXPECT_TRUE(browser_->evaluate(focused).text().starts_with("gridcell: vShard 32,"))
          << browser_->evaluate(focused).text();
      browser_->press("PageDown");
      browser_->press("End", true);
      EXPECT_TRUE(browser_->evaluate(focused).text().starts_with("gridcell: vShard 1023,"));
      EXPECT_EQ(browser_->evaluate("document.querySelector('#shard-number').value").text(), "1023");
    }
  }
  EXPECT_TRUE(reached.contains("vShard to look at"));
  EXPECT_TRUE(reached.contains("/openapi.json"));
}

TEST_F(Dashboard, AThemeThatIsChosenIsRemembered) {
  const std::string ground = "getComputedStyle(document.body).backgroundColor";
  browser_->look(desk);
  const std::string light = browser_->evaluate(ground).text();
  browser_->evaluate("document.querySelector('#theme').click(); document.querySelector('#theme').click()");
  EXPECT_EQ(browser_->text_of("#theme"), "Theme: dark");
  const std::string dark = browser_->evaluate(ground).text();
  EXPECT_NE(dark, light);
  ASSERT_TRUE(show(0));
  EXPECT_EQ(browser_->evaluate(ground).text(), dark);
  browser_->evaluate("document.querySelector('#theme').click()");
  EXPECT_EQ(browser_->evaluate(ground).text(), light);
}

TEST_F(Dashboard, AVShardThatIsChosenIsToldAsTheCommandLineDoes) {
  browser_->evaluate("document.querySelectorAll('#cells [role=gridcell]')[77].click()");
  const std::string text = browser_->text_of("#shard dl");
  const Json shard = json_of(cli({"shard", "show", "77"}));
  const std::int64_t leader = shard["replicas"].items().at(0)["state"]["leader"].number();
  EXPECT_NE(text.find("Leader\nnode " + std::to_string(leader)), std::string::npos) << text << shard.dump();
  for (const std::int64_t node : holders(77))
    EXPECT_NE(text.find("node " + std::to_string(node)), std::string::npos) << text;
  EXPECT_TRUE(browser_->text_of("#shard code").starts_with("nodedb-cluster shard show 77 --node 127.0.0.1:"));
}

TEST_F(Dashboard, ADeadNodeIsNamedWithTheCommandThatHelps) {
  cluster_->kill(newcomer);
  EXPECT_TRUE(says(40, "Node 4 (127.0.0.1:")) << sentence();
  EXPECT_TRUE(says(40, "has been down")) << sentence();
  const std::string commands = browser_->text_of("#problems");
  EXPECT_NE(commands.find("systemctl start nodedb-cluster"), std::string::npos) << commands;
  EXPECT_NE(commands.find("nodedb-cluster node decommission 4 --wait --node " + cluster_->nodes()[0].quic),
            std::string::npos)
      << commands;
  EXPECT_EQ(browser_->evaluate("document.querySelector('#nodes tr[data-gravity=broken] .number').textContent")
                .text(),
            "4");
  colour_by("health");
  const Json map = ask(0, "/v1/map");
  const auto held = std::ranges::count_if(map["replicas"].items(), [](const Json& nodes) {
    return std::ranges::any_of(nodes.items(), [](const Json& node) { return node.number() == 4; });
  });
  EXPECT_GT(held, 30);
  EXPECT_TRUE(browser_->eventually(
      20, "document.querySelectorAll('#cells [data-look=short]').length === " + std::to_string(held)))
      << cells("short") << " of " << held;
  screenshots("node-down");
  expect_readable();
  cluster_->restart(newcomer);
  EXPECT_TRUE(says(60, "All is well")) << sentence();
  EXPECT_TRUE(browser_->eventually(20, "document.querySelectorAll('#cells [data-look=short]').length === 0"));
}

/// Last: the node that serves the page.
TEST_F(Dashboard, APageWhoseNodeIsGoneSaysSoAndComesBack) {
  cluster_->kill(0);
  EXPECT_TRUE(says(20, "This node is silent: it cannot be reached. What is shown is of ")) << sentence();
  EXPECT_TRUE(browser_->evaluate("document.documentElement.classList.contains('old')").boolean());
  EXPECT_NE(browser_->text_of("#freshness").find("silent for"), std::string::npos);
  screenshots("silent");
  cluster_->restart(0);
  EXPECT_TRUE(says(60, "All is well")) << sentence();
  EXPECT_FALSE(browser_->evaluate("document.documentElement.classList.contains('old')").boolean());
  EXPECT_TRUE(browser_->eventually(20, "document.querySelector('#freshness').textContent === 'live'"))
      << "events come again: " << browser_->text_of("#freshness");
  // A browser complains by itself of what it cannot load.
  EXPECT_TRUE(std::ranges::all_of(browser_->complaints(), [](const std::string& one) {
    return one.starts_with("Failed to load resource: net::ERR_");
  })) << browser_->complaints().front();
  browser_->forget_complaints();
}

}  // namespace
}  // namespace nodedb::e2e
