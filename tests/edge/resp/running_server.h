// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Redis port that runs on a thread of its own, and plain blocking clients to talk to it.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "tests/edge/resp/loop_backend.h"

namespace nodedb::resp::test {

class RunningServer {
 public:
  explicit RunningServer(Options options = {}) : backend_(loop_), work_(asio::make_work_guard(loop_)) {
    options.address = "127.0.0.1:0";
    auto opened = Server::open(loop_, std::move(options), backend_, Rng(1));
    EXPECT_TRUE(opened.has_value()) << opened.error().detail;
    server_ = std::move(*opened);
    backend_.server = server_.get();
    port_ = server_->port();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~RunningServer() {
    on_loop([this] { server_->close(); });
    work_.reset();
    loop_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

  /// Runs `deed` on the server's thread and waits for its result.
  template <class Deed>
  std::invoke_result_t<Deed&> on_loop(Deed deed) {
    std::packaged_task<std::invoke_result_t<Deed&>()> task(std::move(deed));
    auto result = task.get_future();
    asio::post(loop_, [&task] { task(); });
    return result.get();
  }
  std::size_t connections() {
    return on_loop([this] { return server_->connections(); });
  }
  std::size_t held_bytes() {
    return on_loop([this] { return server_->gateway().held_bytes(); });
  }
  Result<void> reload_certificate() {
    return on_loop([this] { return server_->reload_certificate(); });
  }
  void freeze() {
    on_loop([this] { backend_.frozen = true; });
  }
  void thaw() {
    on_loop([this] { backend_.thaw(); });
  }

 private:
  asio::io_context loop_;
  LoopBackend backend_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// A TCP socket and nothing else. Reads give up after five seconds, which fails the test.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_bytes = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_bytes != 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    }
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  int socket() const { return socket_; }

  /// False once the server has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Exactly `size` bytes, or fewer if the server closes.
  std::string read(std::size_t size) {
    std::string out(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t n = ::recv(socket_, out.data() + got, size - got, 0);
      if (n <= 0) break;
      got += static_cast<std::size_t>(n);
    }
    out.resize(got);
    return out;
  }
  /// Everything until the server closes.
  std::string read_all() {
    std::string out;
    char piece[4096];
    for (ssize_t n = 0; (n = ::recv(socket_, piece, sizeof piece, 0)) > 0;) {
      out.append(piece, static_cast<std::size_t>(n));
    }
    return out;
  }

 private:
  int socket_;
};

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
using RedisClient = std::unique_ptr<redisContext, FreeContext>;

inline RedisClient redis_client(std::uint16_t port) {
  RedisClient client(redisConnect("127.0.0.1", port));
  EXPECT_TRUE(client != nullptr && client->err == 0);
  return client;
}

/// A reply as text: statuses, errors, integers and strings as they are, arrays in brackets.
inline std::string text_of(const redisReply* reply) {
  if (reply == nullptr) return "(no reply)";
  switch (reply->type) {
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply->integer);
    case REDIS_REPLY_NIL:
      return "(nil)";
    case REDIS_REPLY_ARRAY: {
      std::string out = "[";
      for (std::size_t i = 0; i < reply->elements; ++i) {
        out += (i == 0 ? "" : " ") + text_of(reply->element[i]);
      }
      return out + "]";
    }
    default:
      return std::string(reply->str, static_cast<std::size_t>(reply->len));
  }
}

inline std::string ask(const RedisClient& client, const std::vector<std::string>& words) {
  std::vector<const char*> argv;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    argv.push_back(word.data());
    sizes.push_back(word.size());
  }
  auto* reply = static_cast<redisReply*>(
      redisCommandArgv(client.get(), static_cast<int>(argv.size()), argv.data(), sizes.data()));
  const std::string text = text_of(reply);
  if (reply != nullptr) freeReplyObject(reply);
  return text;
}

}  // namespace nodedb::resp::test
