// SPDX-License-Identifier: Apache-2.0
// Requests as nodes make them, and as strangers do, who write them by hand.
#include "edge/tls/signing.h"

#include <gnutls/crypto.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "edge/tls/credentials.h"
#include "edge/tls/digest.h"
#include "edge/tls/files.h"
#include "edge/tls/handles.h"
#include "tests/edge/tls/names.h"
#include "tests/edge/tls/temp_directory.h"
#include "wire/join_codec.h"

namespace nodedb::tls {
namespace {

using test::cluster;
using test::node;

/// A request that nobody here would make.
class Handmade {
 public:
  explicit Handmade(gnutls_pk_algorithm_t algorithm = GNUTLS_PK_ECDSA,
                    unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1))
      : key_(make_key()), request_(make_request()) {
    EXPECT_EQ(gnutls_x509_privkey_generate(key_.get(), algorithm, bits, 0), 0);
    EXPECT_EQ(gnutls_x509_crq_set_version(request_.get(), 1), 0);
    EXPECT_EQ(gnutls_x509_crq_set_key(request_.get(), key_.get()), 0);
  }
  Handmade& name(gnutls_x509_subject_alt_name_t type, const std::string& value) {
    EXPECT_EQ(gnutls_x509_crq_set_subject_alt_name(request_.get(), type, value.data(),
                                                   static_cast<unsigned>(value.size()), GNUTLS_FSAN_APPEND),
              0);
    return *this;
  }
  Handmade& uuid(const Uuid& value) { return name(GNUTLS_SAN_URI, "urn:uuid:" + value.text()); }
  gnutls_x509_crq_t raw() { return request_.get(); }
  Bytes der() {
    EXPECT_EQ(gnutls_x509_crq_sign2(request_.get(), key_.get(), GNUTLS_DIG_SHA256, 0), 0);
    gnutls_datum_t out{};
    EXPECT_EQ(gnutls_x509_crq_export2(request_.get(), GNUTLS_X509_FMT_DER, &out), 0);
    return take(out);
  }

 private:
  KeyHandle key_;
  RequestHandle request_;
};

Code refused(BytesView der) {
  const auto judged = judge_signing_request(der);
  return judged ? Code::stopping : judged.error().code;
}

class Signing : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(create_ca(directory / "ca", cluster));
    ASSERT_TRUE(authority());
  }
  Result<Authority> authority() { return Authority::load(directory / "ca/ca.key", directory / "ca/ca.crt"); }
  Result<Bytes> sign(BytesView der, NodeGrant grant) { return authority()->sign(der, grant); }
  CertificateInfo info_of(const Bytes& der) {
    const std::string path = directory / "signed.crt";
    std::ofstream(path) << *pem_of(std::span(&der, 1));
    return *show(path);
  }
  test::TempDirectory directory;
  const Bytes key = *make_key_text();
  const Validity day = valid_for_days(1);
};

TEST_F(Signing, ANodeIsCalledByItsKeyUnlessItHasANameAlready) {
  const auto first = make_signing_request(key);
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(make_signing_request(key)->node, first->node);
  EXPECT_NE(make_signing_request(*make_key_text())->node, first->node);
  EXPECT_EQ(first->node.version(), 8);
  EXPECT_EQ(first->node.variant(), 2);
  const auto judged = judge_signing_request(first->der);
  ASSERT_TRUE(judged) << judged.error().detail;
  EXPECT_EQ(judged->node, first->node);
  EXPECT_EQ(judged->key_is_node, first->node);
  const auto renewed = judge_signing_request(make_signing_request(key, node)->der);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(renewed->node, node);
  EXPECT_EQ(renewed->key_is_node, first->node);
}

TEST_F(Signing, TheCertificateSaysWhatTheGrantSaysAndFitsTheKey) {
  const auto request = make_signing_request(key);
  const auto der = sign(request->der, {request->node, "db-4", {"db4.example.org", "10.0.0.4", "::1"}, day});
  ASSERT_TRUE(der) << der.error().detail;
  const auto info = info_of(*der);
  EXPECT_EQ(info.uri, "nodedb://" + cluster.text() + "/node/" + request->node.text());
  EXPECT_EQ(info.hosts, (std::vector<std::string>{"db4.example.org", "10.0.0.4", "::1"}));
  EXPECT_EQ(info.purposes, (std::vector<Purpose>{Purpose::server, Purpose::client}));
  EXPECT_NE(info.subject.find("OU=db-4"), std::string::npos) << info.subject;
  EXPECT_EQ(info.validity.until_s, day.until_s);
  EXPECT_FALSE(info.authority);
  const CredentialTexts texts{*read_file(directory / "ca/ca.crt"), *pem_of(std::span(&*der, 1)), key};
  const auto credentials = Credentials::make(texts, Holder::node, "memory");
  ASSERT_TRUE(credentials) << credentials.error().detail;
  EXPECT_EQ(credentials->self().node, request->node);
  EXPECT_EQ(credentials->issuer(), authority()->fingerprint());
}

TEST_F(Signing, NothingIsCopiedFromARequest) {
  Handmade greedy;
  greedy.uuid(node).name(GNUTLS_SAN_DNSNAME, "bank.example.org");
  const std::string who = "CN=operator,O=nodedb-cluster";
  ASSERT_EQ(gnutls_x509_crq_set_dn(greedy.raw(), who.c_str(), nullptr), 0);
  ASSERT_EQ(gnutls_x509_crq_set_basic_constraints(greedy.raw(), 1, 5), 0);
  ASSERT_EQ(gnutls_x509_crq_set_key_usage(greedy.raw(), GNUTLS_KEY_KEY_CERT_SIGN), 0);
  ASSERT_EQ(gnutls_x509_crq_set_key_purpose_oid(greedy.raw(), GNUTLS_KP_CODE_SIGNING, 0), 0);
  const auto der = sign(greedy.der(), {node, "", {"10.0.0.4"}, day});
  ASSERT_TRUE(der) << der.error().detail;
  const auto info = info_of(*der);
  EXPECT_EQ(info.hosts, std::vector<std::string>{"10.0.0.4"});
  EXPECT_EQ(info.purposes, (std::vector<Purpose>{Purpose::server, Purpose::client}));
  EXPECT_FALSE(info.authority);
  EXPECT_EQ(info.subject.find("operator"), std::string::npos) << info.subject;
}

TEST_F(Signing, WhatIsNoRequestIsRefused) {
  const Bytes good = make_signing_request(key)->der;
  EXPECT_EQ(refused(""), Code::malformed);
  EXPECT_EQ(refused("garbage"), Code::malformed);
  EXPECT_EQ(refused(good + "x"), Code::malformed);
  EXPECT_EQ(refused(BytesView(good).substr(0, good.size() - 1)), Code::malformed);
  EXPECT_EQ(refused(Bytes(wire::signing_request_bytes_max + 1, '0')), Code::too_large);
  // A flipped bit is anything but a request that counts: each is in what is signed, or in the signature.
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    const auto judged = judge_signing_request(bad);
    EXPECT_FALSE(judged) << at;
  }
}

TEST_F(Signing, AStolenPublicKeyIsNoKey) {
  // A P-256 key in SubjectPublicKeyInfo: a bit string of 66 bytes, which holds an uncompressed point.
  const Bytes mark("\x03\x42\x00\x04", 4);
  const Bytes owner = make_signing_request(key, node)->der;
  Bytes thief = make_signing_request(*make_key_text(), node)->der;
  ASSERT_TRUE(judge_signing_request(thief));
  ASSERT_NE(owner.find(mark), Bytes::npos);
  thief.replace(thief.find(mark) + mark.size(), 64, owner, owner.find(mark) + mark.size(), 64);
  EXPECT_EQ(refused(thief), Code::unauthenticated);
}

TEST_F(Signing, OtherKindsOfKeyAreRefused) {
  EXPECT_EQ(refused(Handmade(GNUTLS_PK_RSA, 2048).uuid(node).der()), Code::malformed);
  EXPECT_EQ(refused(Handmade(GNUTLS_PK_RSA, 1024).uuid(node).der()), Code::malformed);
  EXPECT_EQ(
      refused(Handmade(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1)).uuid(node).der()),
      Code::malformed);
}

TEST_F(Signing, ExactlyOneUuidIsNamed) {
  EXPECT_EQ(refused(Handmade().der()), Code::malformed);
  EXPECT_EQ(refused(Handmade().uuid(node).uuid(cluster).der()), Code::malformed);
  EXPECT_EQ(refused(Handmade().uuid(Uuid{}).der()), Code::malformed);
  EXPECT_EQ(refused(Handmade().name(GNUTLS_SAN_URI, "nodedb://x/node/y").der()), Code::malformed);
  EXPECT_EQ(refused(Handmade().name(GNUTLS_SAN_URI, std::string(2000, 'u')).der()), Code::malformed);
  EXPECT_EQ(refused(Handmade().name(GNUTLS_SAN_URI, "urn:uuid:A0B1C2D3-0000-4000-8000-000000000001").der()),
            Code::malformed);
  EXPECT_TRUE(judge_signing_request(Handmade().uuid(node).name(GNUTLS_SAN_DNSNAME, "ignored").der()));
}

TEST_F(Signing, AGrantForAnotherNodeOrOfNonsenseIsRefused) {
  const auto request = make_signing_request(key);
  EXPECT_EQ(sign(request->der, {node, "", {}, day}).error().code, Code::conflict);
  EXPECT_EQ(sign(request->der, {{}, "", {}, day}).error().code, Code::malformed);
  EXPECT_EQ(sign(request->der, {request->node, "a b", {}, day}).error().code, Code::malformed);
  for (const char* host : {"", "a b", "a/b", "*.example.org", "a\nb"})
    EXPECT_EQ(sign(request->der, {request->node, "", {host}, day}).error().code, Code::malformed) << host;
}

TEST_F(Signing, NoCertificateOutlivesItsAuthority) {
  const Validity week = valid_for_days(7);
  ASSERT_TRUE(create_ca(directory / "short", cluster, week));
  const auto brief = Authority::load(directory / "short/ca.key", directory / "short/ca.crt");
  ASSERT_TRUE(brief);
  const auto request = make_signing_request(key);
  const auto der = brief->sign(request->der, {request->node, "", {}, valid_for_days(365)});
  ASSERT_TRUE(der);
  EXPECT_EQ(info_of(*der).validity.until_s, week.until_s);
  const Validity later{week.until_s, week.until_s + seconds_per_day};
  EXPECT_EQ(brief->sign(request->der, {request->node, "", {}, later}).error().code, Code::invalid_state);
}

TEST_F(Signing, TheKeyFindsItsCertificateAmongSeveral) {
  ASSERT_TRUE(create_ca(directory / "next", cluster));
  std::ofstream(directory / "both.crt")
      << *read_file(directory / "ca/ca.crt") << *read_file(directory / "next/ca.crt");
  const auto next = Authority::load(directory / "next/ca.key", directory / "both.crt");
  ASSERT_TRUE(next) << next.error().detail;
  EXPECT_EQ(next->fingerprint().text(), show(directory / "next/ca.crt")->fingerprint);
  EXPECT_EQ(next->cluster(), cluster);
  ASSERT_TRUE(create_ca(directory / "strange", cluster));
  EXPECT_EQ(Authority::load(directory / "strange/ca.key", directory / "both.crt").error().code,
            Code::unauthenticated);
  ASSERT_TRUE(issue_node(directory / "ca", directory / "n1", {node, {}}));
  EXPECT_EQ(Authority::load(directory / "n1/node.key", directory / "n1/node.crt").error().code,
            Code::unauthenticated);
}

TEST_F(Signing, OpensslReadsTheRequest) {
  if (std::system("command -v openssl >/dev/null 2>&1") != 0) GTEST_SKIP() << "no openssl here";
  std::ofstream(directory / "request.der", std::ios::binary) << make_signing_request(key)->der;
  const std::string command =
      "openssl req -inform DER -verify -noout -in '" + (directory / "request.der") + "' >/dev/null 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(Sha256, IsTheOneOfTheStandard) {
  EXPECT_EQ(sha256("abc").text(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(TokenSecret{}), sha256(Bytes(16, '\0')));
}

}  // namespace
}  // namespace nodedb::tls
