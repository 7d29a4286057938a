// SPDX-License-Identifier: Apache-2.0
#include "load/redis_client.h"

#include <array>

#include "edge/base/clock.h"
#include "load/reply.h"

namespace nodedb::load {

RedisClient::RedisClient(const Server& server, const Access& access, std::int64_t patience_ns)
    : server_(server.name), patience_ns_(patience_ns), link_(server, access.trust) {
  const std::int64_t until = edge::monotonic_time().ns + patience_ns;
  while (link_.state() == Link::State::opening && edge::monotonic_time().ns < until) {
    link_.wait(true, until - edge::monotonic_time().ns);
    link_.open();
  }
  if (link_.state() != Link::State::open) {
    static_cast<void>(give_up(Code::unreachable, access.trust == nullptr
                                                     ? "does not take a connection"
                                                     : "does not take a connection in TLS"));
    return;
  }
  if (access.password.empty()) return;
  const auto answer = command({"AUTH", access.password});
  if (answer && answer->is_error()) static_cast<void>(give_up(Code::unauthenticated, answer->text));
}

std::unexpected<Error> RedisClient::give_up(Code code, const std::string& why) {
  trouble_ = Error{code, "Redis port " + server_ + ": " + why};
  return std::unexpected(*trouble_);
}

Result<kv::Reply> RedisClient::command(std::initializer_list<BytesView> words) {
  if (trouble_) return std::unexpected(*trouble_);
  append_command(unsent_, words);
  const std::int64_t until = edge::monotonic_time().ns + patience_ns_;
  if (!flush(until)) return give_up(Code::unreachable, "the connection was lost");
  return receive(until);
}

bool RedisClient::flush(std::int64_t until_ns) {
  std::size_t sent = 0;
  while (sent < unsent_.size()) {
    sent += link_.send(BytesView(unsent_).substr(sent));
    if (link_.state() == Link::State::lost || edge::monotonic_time().ns > until_ns) return false;
    if (sent < unsent_.size()) link_.wait(true, until_ns - edge::monotonic_time().ns);
  }
  unsent_.clear();
  return true;
}

Result<kv::Reply> RedisClient::receive(std::int64_t until_ns) {
  std::array<char, 16 * 1024> room;
  for (;;) {
    auto parsed = parse_reply(received_);
    if (!parsed) return give_up(Code::malformed, parsed.error().detail);
    if (*parsed) {
      received_.erase(0, (*parsed)->bytes);
      return std::move((*parsed)->reply);
    }
    const std::int64_t left = until_ns - edge::monotonic_time().ns;
    if (left <= 0) return give_up(Code::unreachable, "did not answer in time");
    link_.wait(false, left);
    const std::size_t got = link_.receive(room);
    received_.append(room.data(), got);
    if (link_.state() == Link::State::lost && got == 0)
      return give_up(Code::unreachable, "the connection was lost");
  }
}

}  // namespace nodedb::load
