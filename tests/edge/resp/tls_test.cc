// SPDX-License-Identifier: Apache-2.0
// The port behind TLS: a client that speaks it, one that does not, and one that never says anything.

#include <gnutls/gnutls.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "edge/tls/certificates.h"
#include "tests/edge/resp/running_server.h"

namespace nodedb::resp {
namespace {

using test::RawClient;
using test::RunningServer;

class TlsFiles {
 public:
  TlsFiles() {
    char name[] = "/tmp/nodedb-resp-tls-XXXXXX";
    directory_ = ::mkdtemp(name);
    Rng rng(9);
    EXPECT_TRUE(tls::create_ca(directory_ + "/ca", Uuid::v4(rng)).has_value());
    const auto issued = tls::issue_node(directory_ + "/ca", directory_ + "/node",
                                        {.node = Uuid::v4(rng), .hosts = {"localhost", "127.0.0.1"}});
    EXPECT_TRUE(issued.has_value()) << issued.error().detail;
  }
  ~TlsFiles() { std::filesystem::remove_all(directory_); }

  Options options() const {
    Options options;
    options.certificate_file = directory_ + "/node/node.crt";
    options.key_file = directory_ + "/node/node.key";
    return options;
  }
  /// Another certificate and key of the same authority take the place of those there.
  void renew() {
    Rng rng(10);
    std::filesystem::remove(directory_ + "/node/node.crt");
    std::filesystem::remove(directory_ + "/node/node.key");
    const auto issued = tls::issue_node(directory_ + "/ca", directory_ + "/node",
                                        {.node = Uuid::v4(rng), .hosts = {"localhost"}});
    EXPECT_TRUE(issued.has_value()) << issued.error().detail;
  }
  void spoil() {
    std::filesystem::copy_file(directory_ + "/ca/ca.key", directory_ + "/node/node.key",
                               std::filesystem::copy_options::overwrite_existing);
  }
  std::string ca() const { return directory_ + "/node/ca.crt"; }

 private:
  std::string directory_;
};

class TlsClient {
 public:
  TlsClient(std::uint16_t port, const std::string& ca) : raw_(port) {
    gnutls_certificate_allocate_credentials(&credentials_);
    EXPECT_GT(gnutls_certificate_set_x509_trust_file(credentials_, ca.c_str(), GNUTLS_X509_FMT_PEM), 0);
    gnutls_init(&session_, GNUTLS_CLIENT);
    gnutls_set_default_priority(session_);
    gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, credentials_);
    gnutls_session_set_verify_cert(session_, "localhost", 0);
    gnutls_transport_set_int(session_, raw_.socket());
    int result = 0;
    do {
      result = gnutls_handshake(session_);
    } while (result < 0 && gnutls_error_is_fatal(result) == 0);
    EXPECT_EQ(result, GNUTLS_E_SUCCESS) << gnutls_strerror(result);
  }
  ~TlsClient() {
    gnutls_deinit(session_);
    gnutls_certificate_free_credentials(credentials_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// DER.
  std::string server_certificate() {
    unsigned count = 0;
    const gnutls_datum_t* chain = gnutls_certificate_get_peers(session_, &count);
    return {reinterpret_cast<const char*>(chain[0].data), chain[0].size};
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = gnutls_record_send(session_, bytes.data(), bytes.size());
      ASSERT_GT(sent, 0) << gnutls_strerror(static_cast<int>(sent));
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  std::string read(std::size_t size) {
    std::string out(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t n = gnutls_record_recv(session_, out.data() + got, size - got);
      if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) continue;
      if (n <= 0) break;
      got += static_cast<std::size_t>(n);
    }
    out.resize(got);
    return out;
  }

 private:
  RawClient raw_;
  gnutls_certificate_credentials_t credentials_ = nullptr;
  gnutls_session_t session_ = nullptr;
};

TEST(RespTls, CarriesSmallAndLarge) {
  TlsFiles files;
  RunningServer server(files.options());
  TlsClient client(server.port(), files.ca());
  client.send("PING\r\n");
  EXPECT_EQ(client.read(7), "+PONG\r\n");
  const std::string value(3'000'000, 'v');
  client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3000000\r\n" + value + "\r\n");
  EXPECT_EQ(client.read(5), "+OK\r\n");
  client.send("GET k\r\nGET k\r\nGET k\r\n");
  for (int i = 0; i < 3; ++i) ASSERT_EQ(client.read(value.size() + 12), "$3000000\r\n" + value + "\r\n");
  client.send("QUIT\r\n");
  EXPECT_EQ(client.read(100), "+OK\r\n");
}

TEST(RespTls, AClientWithoutTlsIsClosedAndOthersAreServed) {
  TlsFiles files;
  RunningServer server(files.options());
  RawClient plain(server.port());
  plain.send("PING\r\nPING\r\nPING\r\nPING\r\n");
  EXPECT_FALSE(plain.read_all().starts_with("+PONG"));
  TlsClient client(server.port(), files.ca());
  client.send("PING\r\n");
  EXPECT_EQ(client.read(7), "+PONG\r\n");
}

TEST(RespTls, ANewCertificateIsForNewConnectionsAndABadOneForNone) {
  TlsFiles files;
  RunningServer server(files.options());
  TlsClient before(server.port(), files.ca());
  before.send("PING\r\nSET k");
  EXPECT_EQ(before.read(7), "+PONG\r\n");
  files.renew();
  ASSERT_TRUE(server.reload_certificate());
  TlsClient after(server.port(), files.ca());
  EXPECT_NE(after.server_certificate(), before.server_certificate());
  before.send(" v\r\nGET k\r\n");
  EXPECT_EQ(before.read(12), "+OK\r\n$1\r\nv\r\n");
  files.spoil();
  EXPECT_EQ(server.reload_certificate().error().code, Code::unauthenticated);
  TlsClient last(server.port(), files.ca());
  EXPECT_EQ(last.server_certificate(), after.server_certificate());
  for (TlsClient* client : {&before, &after, &last}) {
    client->send("PING\r\n");
    EXPECT_EQ(client->read(7), "+PONG\r\n");
  }
}

TEST(RespTls, AHandshakeThatNeverComesIsEnded) {
  TlsFiles files;
  Options options = files.options();
  options.handshake_ns = ns_per_ms;
  RunningServer server(options);
  RawClient silent(server.port());
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(server.connections(), 0u);
}

}  // namespace
}  // namespace nodedb::resp
