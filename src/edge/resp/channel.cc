// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/channel.h"

#include <sys/socket.h>

#include <cerrno>

namespace nodedb::resp {

namespace {

class PlainChannel final : public Channel {
 public:
  explicit PlainChannel(int socket) : socket_(socket) {}

  Stop handshake() override { return Stop::none; }

  Moved read(std::span<char> room) override {
    for (;;) {
      const ssize_t got = ::recv(socket_, room.data(), room.size(), 0);
      if (got > 0) return {.bytes = static_cast<std::size_t>(got)};
      if (got == 0) return {.stop = Stop::ended};
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return {.stop = Stop::want_read};
      return {.stop = Stop::closed};
    }
  }

  Moved write(BytesView bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t sent = ::send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (sent >= 0) {
        done += static_cast<std::size_t>(sent);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return {.bytes = done, .stop = Stop::want_write};
      } else if (errno != EINTR) {
        return {.bytes = done, .stop = Stop::closed};
      }
    }
    return {.bytes = done};
  }

  bool holds_input() const override { return false; }
  void say_goodbye() override { ::shutdown(socket_, SHUT_WR); }

 private:
  int socket_;
};

}  // namespace

std::unique_ptr<Channel> plain_channel(int socket) {
  return std::make_unique<PlainChannel>(socket);
}

}  // namespace nodedb::resp
