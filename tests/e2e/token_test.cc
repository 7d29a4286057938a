// SPDX-License-Identifier: Apache-2.0
// Machines that come with a token: let in once, whatever happens, and refused with a line in the audit log
// when the token is reused, revoked, forged, for another name, or of another cluster.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>

#include "base/join_token.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/shared_cluster.h"

namespace nodedb::e2e {
namespace {

class Token : public SharedCluster<Token> {
 protected:
  static void SetUpTestSuite() { start_cluster("nodedb-token"); }

  static std::string create(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"token", "create"};
    words.insert(words.end(), more.begin(), more.end());
    return json_of(operate(*cluster_, 0, words))["token"].text();
  }
  static std::string home(const std::string& name) { return directory_->path() + "/" + name; }
  /// The command line of a machine that shows the token.
  static std::vector<std::string> line(const std::string& token, const std::string& name) {
    return {binary(), "start", "--join",   token + "@" + cluster_->nodes()[0].quic,    "--data", home(name),
            "--name", name,    "--listen", "127.0.0.1:" + std::to_string(free_port()), "--http", ""};
  }
  static std::string token_state(const std::string& token) {
    const std::string id = text(parse_join_token(token)->id);
    const app::Json all = json_of(operate(*cluster_, 1, {"token", "ls"}));
    for (const app::Json& one : all.items())
      if (one["id"].text() == id) return one["state"].text();
    return "unknown";
  }
  static bool audited(const std::string& what) {
    const app::Json all = json_of(operate(*cluster_, 1, {"audit", "ls"}));
    return std::ranges::any_of(all.items(), [&](const app::Json& line) {
      return line["what"].text().find(what) != std::string::npos;
    });
  }
  static bool is_active(const std::string& name) {
    const app::Json all = json_of(operate(*cluster_, 0, {"node", "ls"}));
    return std::ranges::any_of(all.items(), [&](const app::Json& member) {
      return member["name"].text() == name && member["state"].text() == "active";
    });
  }
  static void refused(const std::vector<std::string>& words, const std::string& why) {
    const Finished finished = run(words);
    EXPECT_NE(finished.status, 0);
    EXPECT_NE(finished.output.find(why), std::string::npos) << finished.output;
  }
};

TEST_F(Token, LetsAMachineInOnceEvenIfItIsKilledOnTheWay) {
  const std::string token = create();
  ASSERT_EQ(token_state(token), "issued");
  const auto words = line(token, "once");
  for (const int ms : {5, 15, 40}) {
    const Process killed(words, home("once") + ".log");
    sleep_ms(ms);
  }
  const Process node(words, home("once") + ".log");
  EXPECT_TRUE(eventually(30, [] { return is_active("once"); })) << node.log();
  EXPECT_EQ(token_state(token), "consumed");
  EXPECT_EQ(std::filesystem::status(home("once") + "/certs/node.key").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  refused(line(token, "again"), "has been used");
  EXPECT_TRUE(audited("named again: refused")) << "who tried is remembered";
}

TEST_F(Token, IsRefusedWhenRevokedExpiredOrForAnotherName) {
  const std::string revoked = create();
  const std::string id = text(parse_join_token(revoked)->id);
  ASSERT_EQ(operate(*cluster_, 2, {"token", "revoke", id}).status, 0);
  refused(line(revoked, "late"), "has been revoked");
  EXPECT_EQ(token_state(revoked), "revoked");
  const std::string named = create({"--node-name", "seven"});
  refused(line(named, "eight"), "admits only a node named seven");
  EXPECT_EQ(token_state(named), "issued") << "what is refused uses nothing up";
  const std::string brief = create({"--ttl", "1ms"});
  sleep_ms(5);
  refused(line(brief, "slow"), "has expired");
  EXPECT_EQ(token_state(brief), "expired");
}

TEST_F(Token, IsRefusedWhenForgedOrOfAnotherCluster) {
  JoinToken forged = parse_join_token(create()).value();
  forged.secret[0] ^= 1;
  refused(line(text(forged), "forger"), "not known here, or its secret is wrong");
  EXPECT_TRUE(audited("named forger: refused"));
  JoinToken foreign = forged;
  foreign.authority.bytes[0] ^= 1;
  refused(line(text(foreign), "lost"), "");
  EXPECT_FALSE(audited("named lost")) << "it has said nothing to nodes that the pinned CA does not vouch for";
  std::string mistyped = text(forged);
  mistyped[20] = mistyped[20] == 'a' ? 'b' : 'a';
  refused(line(mistyped, "typist"), "");
}

}  // namespace
}  // namespace nodedb::e2e
