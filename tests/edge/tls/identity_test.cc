// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/identity.h"

#include <gtest/gtest.h>

#include <string>

namespace nodedb::tls {
namespace {

const std::string cluster_text = "3f2a9c10-1111-4222-8333-944455556666";
const std::string node_text = "a0b1c2d3-0000-4000-8000-000000000001";

TEST(Identity, RoundTripOfEachRole) {
  const Uuid cluster = *Uuid::parse(cluster_text);
  const PeerIdentity identities[] = {
      {cluster, Role::authority, {}, {}},
      {cluster, Role::node, *Uuid::parse(node_text), {}},
      {cluster, Role::operator_, {}, "alice.w-2_x"},
      {cluster, Role::client, {}, "A"},
  };
  for (const auto& identity : identities) {
    const auto parsed = parse_identity(uri(identity));
    ASSERT_TRUE(parsed) << uri(identity);
    EXPECT_EQ(*parsed, identity);
  }
  EXPECT_EQ(uri(identities[0]), "nodedb://" + cluster_text + "/ca");
  EXPECT_EQ(uri(identities[1]), "nodedb://" + cluster_text + "/node/" + node_text);
  EXPECT_EQ(uri(identities[2]), "nodedb://" + cluster_text + "/operator/alice.w-2_x");
  EXPECT_EQ(uri(identities[3]), "nodedb://" + cluster_text + "/client/A");
}

TEST(Identity, GarbageIsRefused) {
  const std::string base = "nodedb://" + cluster_text;
  const std::string zero = "00000000-0000-0000-0000-000000000000";
  std::string upper = cluster_text;
  upper[1] = 'F';
  const std::string table[] = {
      "",
      "nodedb://",
      "nodedb:/" + cluster_text + "/ca",
      "NODEDB://" + cluster_text + "/ca",
      " " + base + "/ca",
      "http://" + cluster_text + "/ca",
      base,
      base + "/",
      base + "/ca/",
      base + "/ca ",
      base + "/CA",
      base + "//ca",
      base + "/ca?x=1",
      base + "/node",
      base + "/node/",
      base + "/node/" + node_text + "/",
      base + "/node/" + node_text + "0",
      base + "/node/" + node_text.substr(1),
      base + "/node/{" + node_text + "}",
      base + "/node/" + zero,
      base + "/node/x",
      base + "/operator/",
      base + "/operator/a b",
      base + "/operator/a/b",
      base + "/operator/-a",
      base + "/operator/.",
      base + "/operator/" + std::string(65, 'a'),
      base + "/client/\xc3\xa4",
      base + "/client/a\n",
      base + "/root/a",
      base + "/node/" + node_text + std::string(1, '\0'),
      base + std::string(1, '\0') + "/ca",
      "nodedb://" + upper + "/ca",
      "nodedb://" + zero + "/ca",
      "nodedb://{" + cluster_text + "}/ca",
      "nodedb://user@" + cluster_text + "/ca",
      "nodedb://" + cluster_text + ":1/ca",
  };
  for (const auto& text : table) {
    const auto parsed = parse_identity(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::malformed) << text;
  }
  EXPECT_TRUE(parse_identity(base + "/operator/" + std::string(64, 'a')));
}

TEST(Identity, EveryTruncationIsRefused) {
  const std::string whole = "nodedb://" + cluster_text + "/node/" + node_text;
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(parse_identity(whole.substr(0, n))) << n;
  EXPECT_TRUE(parse_identity(whole));
}

}  // namespace
}  // namespace nodedb::tls
