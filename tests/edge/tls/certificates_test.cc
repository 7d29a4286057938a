// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/certificates.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "edge/tls/credentials.h"
#include "edge/tls/files.h"
#include "tests/edge/tls/names.h"
#include "tests/edge/tls/temp_directory.h"

namespace nodedb::tls {
namespace {

using test::cluster;
using test::node;

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

class Certificates : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(create_ca(directory / "ca", cluster));
    ASSERT_TRUE(
        issue_node(directory / "ca", directory / "n1", {node, {"db1.example.org", "127.0.0.1", "::1"}}));
  }
  test::TempDirectory directory;
};

TEST_F(Certificates, ADirectoryMayBeNamedFromWhereOneIs) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  const auto made = create_ca("here", cluster);
  std::filesystem::current_path(before);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_TRUE(read_file(directory / "here/ca.crt"));
}

TEST_F(Certificates, KeysArePrivateAndNothingIsOverwritten) {
  EXPECT_EQ(mode_of(directory / "ca/ca.key"), 0600U);
  EXPECT_EQ(mode_of(directory / "n1/node.key"), 0600U);
  EXPECT_FALSE(read_file(directory / "n1/ca.key"));
  const auto before = *read_file(directory / "ca/ca.key");
  EXPECT_EQ(create_ca(directory / "ca", cluster).error().code, Code::conflict);
  EXPECT_EQ(issue_node(directory / "ca", directory / "n1", {node, {}}).error().code, Code::conflict);
  EXPECT_EQ(*read_file(directory / "ca/ca.key"), before);
}

TEST_F(Certificates, AnExistingCertificateIsNotOverwrittenEither) {
  ASSERT_EQ(std::remove((directory / "n1/node.key").c_str()), 0);
  EXPECT_EQ(issue_node(directory / "ca", directory / "n1", {node, {}}).error().code, Code::conflict);
  EXPECT_FALSE(read_file(directory / "n1/node.key"));
}

TEST_F(Certificates, ShowTellsWhatIsInside) {
  const auto info = show(directory / "n1/node.crt");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->uri, "nodedb://" + cluster.text() + "/node/" + node.text());
  EXPECT_EQ(info->hosts, (std::vector<std::string>{"db1.example.org", "127.0.0.1", "::1"}));
  EXPECT_EQ(info->purposes, (std::vector<Purpose>{Purpose::server, Purpose::client}));
  EXPECT_FALSE(info->authority);
  EXPECT_EQ(info->fingerprint.size(), 64U);
  const auto ca = show(directory / "ca/ca.crt");
  ASSERT_TRUE(ca);
  EXPECT_TRUE(ca->authority);
  EXPECT_EQ(ca->uri, "nodedb://" + cluster.text() + "/ca");
  EXPECT_EQ(ca->subject, info->issuer);
  EXPECT_NE(ca->serial, info->serial);
}

TEST_F(Certificates, ClientsHaveTheClientPurposeOnly) {
  ASSERT_TRUE(issue_client(directory / "ca", directory / "op", {"alice", Role::operator_}));
  const auto info = show(directory / "op/client.crt");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->purposes, std::vector<Purpose>{Purpose::client});
  EXPECT_EQ(identity_of(directory / "op/client.crt")->role, Role::operator_);
  EXPECT_EQ(issue_client(directory / "ca", directory / "x", {"a/b", Role::client}).error().code,
            Code::malformed);
  EXPECT_EQ(issue_client(directory / "ca", directory / "x", {"a", Role::node}).error().code, Code::malformed);
}

TEST_F(Certificates, CredentialsLoad) {
  const auto credentials = Credentials::load(directory / "n1", Holder::node);
  ASSERT_TRUE(credentials) << credentials.error().detail;
  EXPECT_EQ(credentials->self(), (PeerIdentity{cluster, Role::node, node, {}}));
}

TEST_F(Certificates, AKeyThatOthersCanReadIsRefused) {
  for (const mode_t mode : {0640U, 0604U, 0660U}) {
    ASSERT_EQ(::chmod((directory / "n1/node.key").c_str(), mode), 0);
    const auto credentials = Credentials::load(directory / "n1", Holder::node);
    ASSERT_FALSE(credentials);
    EXPECT_EQ(credentials.error().code, Code::forbidden);
  }
}

TEST_F(Certificates, AStrangeKeyOrCertificateIsRefused) {
  ASSERT_TRUE(issue_node(directory / "ca", directory / "n2", {node, {}}));
  ASSERT_EQ(std::rename((directory / "n2/node.key").c_str(), (directory / "n1/node.key").c_str()), 0);
  EXPECT_EQ(Credentials::load(directory / "n1", Holder::node).error().code, Code::unauthenticated);
  EXPECT_EQ(Credentials::load(directory / "n1", Holder::client).error().code, Code::not_found);
  std::ofstream(directory / "n1/node.crt")
      << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(Credentials::load(directory / "n1", Holder::node).error().code, Code::malformed);
}

TEST_F(Certificates, ACertificateOfAnotherCaOrOutOfDateIsRefused) {
  ASSERT_TRUE(create_ca(directory / "other", cluster));
  EXPECT_EQ(issue_node(directory / "other", directory / "n1", {node, {}}).error().code, Code::wrong_cluster);
  ASSERT_TRUE(issue_node(directory / "other", directory / "n3", {node, {}}));
  ASSERT_EQ(std::rename((directory / "ca/ca.crt").c_str(), (directory / "n3/ca.crt").c_str()), 0);
  EXPECT_EQ(Credentials::load(directory / "n3", Holder::node).error().code, Code::unauthenticated);

  const Validity past{valid_for_days(0).from_s - 10 * seconds_per_day, valid_for_days(0).from_s};
  ASSERT_TRUE(issue_node(directory / "other", directory / "n4", {node, {}, past}));
  const auto expired = Credentials::load(directory / "n4", Holder::node);
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code, Code::unauthenticated);
  EXPECT_NE(expired.error().detail.find("expired"), std::string::npos) << expired.error().detail;
}

TEST_F(Certificates, OpensslAgrees) {
  if (std::system("command -v openssl >/dev/null 2>&1") != 0) GTEST_SKIP() << "no openssl here";
  const auto verify = [&](const std::string& purpose, const std::string& file) {
    const auto command = "openssl verify -x509_strict -purpose " + purpose + " -CAfile '" +
                         (directory / "ca/ca.crt") + "' '" + (directory / file) + "' >/dev/null 2>&1";
    return std::system(command.c_str()) == 0;
  };
  ASSERT_TRUE(issue_client(directory / "ca", directory / "op", {"alice", Role::operator_}));
  EXPECT_TRUE(verify("sslserver", "n1/node.crt"));
  EXPECT_TRUE(verify("sslclient", "n1/node.crt"));
  EXPECT_TRUE(verify("sslclient", "op/client.crt"));
  EXPECT_FALSE(verify("sslserver", "op/client.crt"));
}

TEST_F(Certificates, SecretsAreMadeOnceAndStay) {
  const auto first = load_or_create_secret(directory / "secret");
  ASSERT_TRUE(first);
  EXPECT_EQ(mode_of(directory / "secret"), 0600U);
  EXPECT_EQ(*load_or_create_secret(directory / "secret"), *first);
  std::ofstream(directory / "secret") << "short";
  EXPECT_EQ(load_or_create_secret(directory / "secret").error().code, Code::damaged);
}

}  // namespace
}  // namespace nodedb::tls
