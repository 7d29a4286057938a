// SPDX-License-Identifier: Apache-2.0
// The HTTP port over real sockets: its paths, its bounds, and clients that do not behave.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "edge/http/server.h"
#include "tests/edge/http/http_client.h"

namespace nodedb::http {
namespace {

/// Answers /now at once, /soon from another thread, /never not at all, /large with many bytes.
struct Paths final : Handler {
  bool knows(std::string_view path) const override {
    return path == "/now" || path == "/soon" || path == "/never" || path == "/large";
  }
  std::optional<Answer> handle(RequestId id, const Request& request) override {
    if (request.path == "/now") return Answer{200, "text/plain", request.has("loud") ? "NOW" : "now"};
    if (request.path == "/large") return Answer{200, "text/plain", Bytes(32'000'000, 'x')};
    if (request.path == "/soon")
      threads.emplace_back([this, id] {
        server->answer(id, [] { return Answer{200, "text/plain", "soon"}; });
      });
    return std::nullopt;
  }
  Answer late(const Request& request) override { return refusal(503, "timeout", request.path + " is late"); }

  Server* server = nullptr;
  std::vector<std::jthread> threads;
};

class HttpServer : public testing::Test {
 protected:
  void open(Options options = {}) {
    options.address = "127.0.0.1:0";
    auto opened = Server::open(options, "/events", paths_);
    ASSERT_TRUE(opened) << opened.error().detail;
    server_ = std::move(*opened);
    paths_.server = server_.get();
  }
  std::uint16_t port() const { return server_->port(); }
  /// Waits for what the port's thread does by itself.
  bool listeners_become(std::size_t count) const {
    for (int i = 0; i < 500; ++i) {
      if (server_->listeners() == count) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  Paths paths_;
  std::unique_ptr<Server> server_;
};

TEST_F(HttpServer, AnswersAtOnceAndLater) {
  open();
  HttpClient client(port());
  const Reply now = client.get("/now");
  EXPECT_EQ(now.status, 200);
  EXPECT_EQ(now.body, "now");
  EXPECT_EQ(now.headers.at("content-type"), "text/plain");
  EXPECT_EQ(now.headers.at("cache-control"), "no-store");
  EXPECT_EQ(client.get("/now?loud").body, "NOW");
  EXPECT_EQ(client.get("/now?a=1&loud=x%20y").body, "NOW");
  EXPECT_EQ(client.get("/soon").body, "soon") << "on the same connection";
  EXPECT_EQ(http_get(port(), "/large").body.size(), 32'000'000u);
}

TEST_F(HttpServer, RefusesWhatIsNotThere) {
  open();
  for (const char* path : {"/", "/no", "/now/", "//now", "/NOW", "/now%2f", "/../now", "*"}) {
    const Reply reply = http_get(port(), path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_EQ(reply.body, "{\"code\":\"not_found\",\"error\":\"no such path; /openapi.json tells them\"}\n");
    EXPECT_EQ(reply.headers.at("content-type"), "application/json");
  }
}

TEST_F(HttpServer, IsReadOnly) {
  open();
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"}) {
    HttpClient client(port());
    ASSERT_TRUE(client.send(std::string(method) + " /now HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 405) << method;
    EXPECT_EQ(reply.headers.at("allow"), "GET, HEAD");
  }
  HttpClient head(port());
  ASSERT_TRUE(head.send("HEAD /now HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const Reply reply = head.read_reply(true);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("content-length"), "3");
  EXPECT_EQ(head.get("/now").body, "now") << "nothing follows the headers of HEAD";
}

TEST_F(HttpServer, HeadOfTheEventsEnds) {
  open();
  HttpClient client(port());
  ASSERT_TRUE(client.send("HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(client.read_reply(true).headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(server_->listeners(), 0u);
}

TEST_F(HttpServer, TakesNoBodies) {
  open();
  HttpClient sized(port());
  ASSERT_TRUE(sized.send("GET /now HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"));
  EXPECT_EQ(sized.read_reply().status, 400);
  HttpClient chunked(port());
  ASSERT_TRUE(chunked.send("GET /now HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_EQ(chunked.read_reply().status, 400);
  HttpClient posted(port());
  ASSERT_TRUE(posted.send("POST /now HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n"));
  EXPECT_EQ(posted.read_reply().status, 405);
}

TEST_F(HttpServer, BoundsPathsAndHeaders) {
  open();
  EXPECT_EQ(http_get(port(), "/" + std::string(3'000, 'x')).status, 414);
  EXPECT_EQ(http_get(port(), "/" + std::string(100'000, 'x')).status, 414);
  HttpClient client(port());
  client.send("GET /now HTTP/1.1\r\nHost: localhost\r\n");
  bool open = true;
  for (int i = 0; i < 10'000 && open; ++i)
    open = client.send("X-" + std::to_string(i) + ": " + std::string(100, 'x') + "\r\n");
  client.send("\r\n");
  EXPECT_NE(client.read_reply().status, 200);
}

TEST_F(HttpServer, SurvivesGarbage) {
  open();
  const std::string garbage[] = {std::string(1, '\0'),
                                 "\r\n\r\n",
                                 "GET\r\n\r\n",
                                 "GET /now\r\n\r\n",
                                 "GET /now HTTP/9.9\r\n\r\n",
                                 "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                                 "GET /%zz%00%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                 "GET /now HTTP/1.1\r\n: \r\n\r\n",
                                 "GET /now HTTP/1.1\r\nHost localhost\r\n\r\n",
                                 "GET /now HTTP/1.1\r\nContent-Length: -1\r\nHost: localhost\r\n\r\n",
                                 std::string(50'000, '\xff'),
                                 "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n",
                                 "GET /now?%&&==&%=%2 HTTP/1.1\r\nHost: localhost\r\n\r\n"};
  for (const std::string& bytes : garbage) {
    HttpClient client(port(), 200);
    client.send(bytes);
    static_cast<void>(client.closed_by_peer());
    EXPECT_EQ(http_get(port(), "/now").body, "now") << bytes.substr(0, 40);
  }
}

TEST_F(HttpServer, KnowsItselfByAddressOnLoopback) {
  open();
  const auto asked_as = [&](const std::string& host) {
    HttpClient client(port());
    client.send("GET /now HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    return client.read_reply().status;
  };
  EXPECT_EQ(asked_as("localhost:7080"), 200);
  EXPECT_EQ(asked_as("127.0.0.1"), 200);
  EXPECT_EQ(asked_as("[::1]:7080"), 200);
  EXPECT_EQ(asked_as("attacker.example"), 403);
  EXPECT_EQ(asked_as("127.0.0.1.attacker.example:7080"), 403);
  EXPECT_EQ(asked_as("localhost.attacker.example"), 403);
}

TEST_F(HttpServer, AnswersLateWhenNobodyElseDoes) {
  Options options;
  options.answer_ns = 100 * ns_per_ms;
  open(options);
  const Reply reply = http_get(port(), "/never");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, "{\"code\":\"timeout\",\"error\":\"/never is late\"}\n");
}

TEST_F(HttpServer, EndsWithRequestsUnderWay) {
  open();
  HttpClient asking(port());
  asking.send("GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n");
  HttpClient listening(port());
  listening.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  listening.read_until("retry: 2000");
  server_.reset();
  EXPECT_TRUE(asking.closed_by_peer());
  EXPECT_TRUE(listening.closed_by_peer());
}

TEST_F(HttpServer, AnAnswerForNobodyIsThrownAway) {
  open();
  for (RequestId id = 0; id < 10; ++id) server_->answer(id, [] { return Answer{200, "text/plain", "x"}; });
  EXPECT_EQ(http_get(port(), "/now").body, "now");
}

/// One byte a while is no request: the connection ends, whatever it goes on sending.
TEST_F(HttpServer, SlowRequestsAreCutOff) {
  Options options;
  options.request_ns = 300 * ns_per_ms;
  open(options);
  HttpClient slow(port());
  bool taken = true;
  const std::string line = "GET /now HTTP/1.1\r\nX-Slow: " + std::string(1'000, 'x');
  for (std::size_t i = 0; i < line.size() && taken; ++i) {
    taken = slow.send(line.substr(i, 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(taken);
  HttpClient silent(port());
  EXPECT_TRUE(silent.closed_by_peer());
}

TEST_F(HttpServer, AnswersThatAreNotTakenAreCutOff) {
  Options options;
  options.taken_ns = 300 * ns_per_ms;
  open(options);
  HttpClient slow(port());
  slow.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(2'500));
  EXPECT_LT(slow.read_reply().body.size(), 32'000'000u);
  EXPECT_EQ(http_get(port(), "/now").body, "now");
}

/// More than are let in hold connections: who comes after them is served once they have been cut off.
TEST_F(HttpServer, ManySilentClientsKeepNobodyOutForLong) {
  Options options;
  options.connections_max = 8;
  options.connections_per_ip_max = 8;
  options.request_ns = 300 * ns_per_ms;
  open(options);
  std::vector<HttpClient> silent;
  for (int i = 0; i < 20; ++i) silent.emplace_back(port());
  Reply reply;
  for (int i = 0; i < 20 && reply.status == 0; ++i) reply = http_get(port(), "/now");
  EXPECT_EQ(reply.body, "now");
}

TEST_F(HttpServer, ManyClientsAtOnceAreAllServed) {
  open();
  std::vector<HttpClient> clients;
  for (int i = 0; i < 40; ++i) clients.emplace_back(port());
  for (int round = 0; round < 20; ++round) {
    for (HttpClient& client : clients)
      ASSERT_TRUE(client.send("GET " + std::string(round % 2 == 0 ? "/now" : "/soon") +
                              " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    for (HttpClient& client : clients) ASSERT_EQ(client.read_reply().status, 200);
  }
}

TEST_F(HttpServer, ListenersHearEverythingInOrder) {
  open();
  std::vector<HttpClient> listening;
  for (int i = 0; i < 3; ++i) {
    listening.emplace_back(port());
    listening.back().send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_NE(listening.back().read_until("\r\n\r\n").find("text/event-stream"), std::string::npos);
  }
  ASSERT_TRUE(listeners_become(3));
  for (int i = 0; i < 300; ++i) server_->publish({"count", std::to_string(i)});
  for (HttpClient& one : listening)
    for (int i = 0; i < 300; ++i) {
      const std::string event = "event: count\ndata: " + std::to_string(i) + "\n\n";
      ASSERT_TRUE(one.read_until(event).ends_with(event)) << i;
    }
  listening.clear();
  EXPECT_TRUE(listeners_become(0)) << "who has gone is noticed";
}

TEST_F(HttpServer, OnlySoManyListen) {
  Options options;
  options.listeners_max = 2;
  open(options);
  std::vector<HttpClient> listening;
  for (int i = 0; i < 2; ++i) {
    listening.emplace_back(port());
    listening.back().send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    listening.back().read_until("retry");
  }
  EXPECT_EQ(http_get(port(), "/events").status, 503);
}

TEST_F(HttpServer, SlowListenersAreDropped) {
  open();
  HttpClient slow(port());
  slow.shrink_receive_buffer();
  slow.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  HttpClient quick(port());
  quick.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  quick.read_until("retry");
  ASSERT_TRUE(listeners_become(2));
  for (int i = 0; i < 20'000 && server_->listeners() > 1; ++i) {
    server_->publish({"fill", std::to_string(i) + std::string(2'000, 'x')});
    ASSERT_NE(quick.read_until("event: fill\ndata: " + std::to_string(i) + "x").size(), 0u);
  }
  EXPECT_EQ(server_->listeners(), 1u);
}

TEST_F(HttpServer, ListenersHearSignsOfLife) {
  Options options;
  options.keep_alive_ns = 1;
  open(options);
  HttpClient client(port());
  client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(client.read_until(": still here\n\n").ends_with(": still here\n\n"));
}

TEST(HttpServerOpen, TellsWhyItCannotListen) {
  Paths paths;
  const auto open = [&](const std::string& address) {
    Options options;
    options.address = address;
    return Server::open(options, "/events", paths);
  };
  EXPECT_EQ(open("nowhere").error().code, Code::malformed);
  EXPECT_EQ(open("nowhere.example:1").error().code, Code::malformed);
  auto first = open("127.0.0.1:0");
  ASSERT_TRUE(first);
  EXPECT_EQ(open("127.0.0.1:" + std::to_string((*first)->port())).error().code, Code::unreachable);
  EXPECT_TRUE(open("[::1]:0")) << "IPv6";
}

}  // namespace
}  // namespace nodedb::http
