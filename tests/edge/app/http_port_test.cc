// SPDX-License-Identifier: Apache-2.0
// The HTTP port between a net thread and a core that are played here.
#include "app/http_port.h"

#include <gtest/gtest.h>

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <deque>
#include <thread>

#include "edge/base/clock.h"
#include "tests/edge/http/http_client.h"

namespace nodedb::app {
namespace {

/// A core that answers statuses when it is told to, and counts them. The loop has a thread of its own.
class HttpPortTest : public testing::Test {
 protected:
  void SetUp() override {
    HttpPort::Node node;
    node.data = "/";
    node.ask = [this](const node::GetStatus& ask) {
      if (full_) return false;
      asked_.push_back(ask);
      ++asked_in_all_;
      if (answering_) answer_all();
      return true;
    };
    node.figures = [] { return NodeFigures(); };
    node.step_began = [this] { return Time{step_began_ns_}; };
    auto opened = HttpPort::open(loop_, "127.0.0.1:0", std::move(node));
    ASSERT_TRUE(opened) << opened.error().detail;
    port_ = std::move(*opened);
  }
  void TearDown() override {
    loop_.stop();
    net_ = {};
    port_.reset();
  }
  void run() {
    net_ = std::jthread([this] {
      const auto work = asio::make_work_guard(loop_);
      loop_.run();
    });
  }
  void answer_all() {
    asio::post(loop_, [this] {
      for (const node::GetStatus& ask : std::exchange(asked_, {})) {
        node::Status status;
        status.in_touch = true;
        status.cluster.emplace();
        if (ask.wish.groups) status.groups.resize(5);
        port_->answered({ask.tag, status});
      }
    });
  }
  http::Reply get(const std::string& path) const { return http::http_get(port_->port(), path); }

  asio::io_context loop_{1};
  std::atomic<std::int64_t> step_began_ns_ = long_ago.ns;
  std::atomic<bool> full_ = false;
  std::atomic<bool> answering_ = true;
  std::atomic<int> asked_in_all_ = 0;
  std::deque<node::GetStatus> asked_;
  std::unique_ptr<HttpPort> port_;
  std::jthread net_;
};

TEST_F(HttpPortTest, TheDashboardNeedsNoCoreAndNobodyElse) {
  const http::Reply page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_TRUE(page.body.starts_with("<!doctype html>"));
  const std::string& policy = page.headers.at("content-security-policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self';")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(get("/dashboard/main.js").headers.at("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(get("/dashboard/none.js").status, 404);
  EXPECT_EQ(asked_in_all_, 0);
}

TEST_F(HttpPortTest, LifeIsToldWhileNobodyElseAnswers) {
  EXPECT_EQ(get("/livez").status, 200);
  step_began_ns_ = edge::monotonic_time().ns - 2 * ns_per_s;
  EXPECT_EQ(get("/livez").status, 200) << "a step may take a while";
  step_began_ns_ = edge::monotonic_time().ns - 12 * ns_per_s;
  const http::Reply stuck = get("/livez");
  EXPECT_EQ(stuck.status, 503);
  EXPECT_TRUE(stuck.body.starts_with("stuck: ")) << stuck.body;
}

TEST_F(HttpPortTest, WhoseCoreDoesNotAnswerIsNotReady) {
  http::HttpClient ready(port_->port(), 10'000), json(port_->port(), 10'000);
  json.send("GET /v1/nodes HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const http::Reply late = ready.get("/readyz");
  EXPECT_EQ(late.status, 503);
  EXPECT_EQ(late.body, "[-] core: the node is too busy to tell\nnot ready\n");
  EXPECT_EQ(json.read_reply().body, "{\"code\":\"timeout\",\"error\":\"the node is too busy to tell\"}\n");
}

TEST_F(HttpPortTest, AFullCoreIsBusy) {
  full_ = true;
  run();
  const http::Reply reply = get("/v1/cluster");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, "{\"code\":\"busy\",\"error\":\"the node is too busy to tell\"}\n");
  full_ = false;
  EXPECT_EQ(get("/v1/cluster").status, 200);
}

TEST_F(HttpPortTest, ManyWhoAskShareOneStatus) {
  answering_ = false;
  run();
  std::vector<http::HttpClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(port_->port());
    clients.back().send(std::string("GET ") + (i % 2 == 0 ? "/metrics" : "/v1/shards") +
                        " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  for (int i = 0; i < 500 && asked_in_all_ < 2; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  answer_all();
  for (http::HttpClient& client : clients) EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_EQ(asked_in_all_, 2) << "one of each kind";
}

TEST_F(HttpPortTest, NoticesGoToListenersAtOnce) {
  run();
  http::HttpClient listener(port_->port());
  listener.send("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  listener.read_until("retry");
  asio::post(loop_, [this] { port_->noted({"node 3 is \"gone\""}); });
  listener.read_until("event: notice\ndata: ");
  EXPECT_NE(listener.read_until("\n\n").find("\"text\":\"node 3 is \\\"gone\\\"\""), std::string::npos);
}

}  // namespace
}  // namespace nodedb::app
