// SPDX-License-Identifier: Apache-2.0
// One cluster, several authorities: what is trusted while one takes the other's place, and what may replace
// what.
#include "edge/tls/credentials.h"

#include <gtest/gtest.h>

#include <fstream>

#include "edge/tls/certificates.h"
#include "edge/tls/file_watch.h"
#include "edge/tls/files.h"
#include "tests/edge/tls/names.h"
#include "tests/edge/tls/temp_directory.h"

namespace nodedb::tls {
namespace {

using test::cluster;
using test::node;
using test::other_cluster;
using test::other_node;

class Authorities : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(create_ca(directory / "old", cluster));
    ASSERT_TRUE(create_ca(directory / "new", cluster));
    ASSERT_TRUE(issue_node(directory / "old", directory / "n1", {node, {}}));
    ASSERT_TRUE(issue_node(directory / "new", directory / "n2", {node, {}}));
  }
  Bytes text(const std::string& name) { return *read_file(directory / name); }
  void trust(const std::string& to, const std::vector<std::string>& authorities) {
    std::ofstream out(directory / (to + "/ca.crt"));
    for (const auto& name : authorities) out << text(name + "/ca.crt");
  }
  Result<Credentials> load(const std::string& name) {
    return Credentials::load(directory / name, Holder::node);
  }
  test::TempDirectory directory;
};

TEST_F(Authorities, BothAreTrustedAndTheIssuerIsTold) {
  for (const auto& [holder, issuer] : {std::pair{"n1", "old"}, {"n2", "new"}}) {
    for (const auto& order : {std::vector<std::string>{"old", "new"}, {"new", "old"}}) {
      trust(holder, order);
      const auto credentials = load(holder);
      ASSERT_TRUE(credentials) << credentials.error().detail;
      EXPECT_EQ(credentials->authorities().size(), 2U);
      EXPECT_EQ(credentials->issuer().text(),
                show(directory / (std::string(issuer) + "/ca.crt"))->fingerprint);
      EXPECT_EQ(credentials->own().fingerprint.text(),
                show(directory / (std::string(holder) + "/node.crt"))->fingerprint);
      EXPECT_EQ(credentials->self().cluster, cluster);
    }
  }
}

TEST_F(Authorities, WithoutItsOwnACertificateIsRefused) {
  trust("n1", {"new"});
  EXPECT_EQ(load("n1").error().code, Code::unauthenticated);
}

TEST_F(Authorities, AnotherClustersIsNoneOfOurs) {
  ASSERT_TRUE(create_ca(directory / "foreign", other_cluster));
  trust("n1", {"old", "foreign"});
  EXPECT_EQ(load("n1").error().code, Code::wrong_cluster);
  // Nor is a certificate that is no authority's.
  std::ofstream(directory / "n1/ca.crt") << text("old/ca.crt") << text("n1/node.crt");
  EXPECT_EQ(load("n1").error().code, Code::malformed);
}

TEST_F(Authorities, TooManyAreRefused) {
  trust("n1", std::vector<std::string>(9, "old"));
  EXPECT_EQ(load("n1").error().code, Code::too_large);
}

TEST_F(Authorities, OnlyTheSameHolderMayTakeItsPlace) {
  const auto before = load("n1");
  EXPECT_TRUE(before->accepts(*load("n2")));
  ASSERT_TRUE(issue_node(directory / "old", directory / "n3", {other_node, {}}));
  EXPECT_EQ(before->accepts(*load("n3")).error().code, Code::conflict);
  ASSERT_TRUE(create_ca(directory / "foreign", other_cluster));
  ASSERT_TRUE(issue_node(directory / "foreign", directory / "n4", {node, {}}));
  EXPECT_EQ(before->accepts(*load("n4")).error().code, Code::wrong_cluster);
}

TEST(FileWatch, EveryChangeIsToldOnce) {
  test::TempDirectory directory;
  std::ofstream(directory / "a") << "1";
  FileWatch watch({directory / "a", directory / "b"});
  EXPECT_FALSE(watch.changed());
  std::ofstream(directory / "b") << "1";
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.changed());
  std::ofstream(directory / "c") << "2";
  ASSERT_EQ(std::rename((directory / "c").c_str(), (directory / "a").c_str()), 0);
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.changed());
  ASSERT_EQ(std::remove((directory / "b").c_str()), 0);
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.changed());
}

}  // namespace
}  // namespace nodedb::tls
