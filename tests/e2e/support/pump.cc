// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/support/pump.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace nodedb::e2e {

namespace {

constexpr int requests_at_once = 64;

}  // namespace

int connect_loopback(int port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return made;
  ::close(made);
  return -1;
}

bool send_all(int socket, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t sent = ::send(socket, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return true;
}

std::string command_bytes(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return bytes;
}

Pump::Pump(Options options) : options_(std::move(options)) {
  for (int i = 0; i < options_.connections; ++i) {
    auto connection = std::make_unique<Connection>();
    connection->socket =
        connect_loopback(options_.ports[static_cast<std::size_t>(i) % options_.ports.size()]);
    connections_.push_back(std::move(connection));
  }
  for (int i = 0; i < options_.connections; ++i) {
    Connection& one = *connections_[static_cast<std::size_t>(i)];
    one.sender = std::thread([this, i, &one] { send(i, one); });
    one.reader = std::thread([this, &one] { read(one); });
  }
}

void Pump::send(int number, Connection& connection) {
  const std::string value(options_.value_bytes, 'x');
  for (std::int64_t next = 0; !ending_; next += requests_at_once) {
    std::string bytes;
    for (int i = 0; i < requests_at_once; ++i)
      bytes += command_bytes({"SET", options_.key(number, next + i), value});
    connection.sent = next + requests_at_once;
    if (!send_all(connection.socket, bytes)) break;
  }
  ::shutdown(connection.socket, SHUT_WR);  // what was asked is still answered
}

void Pump::read(Connection& connection) {
  std::array<char, 64 * 1024> buffer;
  std::string rest;
  std::int64_t number = 0;
  for (ssize_t got = 0; (got = ::recv(connection.socket, buffer.data(), buffer.size(), 0)) > 0;) {
    rest.append(buffer.data(), static_cast<std::size_t>(got));
    std::size_t from = 0;
    for (std::size_t end = 0; (end = rest.find("\r\n", from)) != std::string::npos;
         from = end + 2, ++number) {
      const std::string line = rest.substr(from, end - from);
      if (line == "+OK") {
        ++connection.count.ok;
        connection.fine.push_back(number);
      } else if (line.starts_with("-TRYAGAIN Too many requests wait")) {
        ++connection.count.busy;
      } else {
        ++connection.count.others;
        connection.count.other = line;
      }
    }
    rest.erase(0, from);
  }
}

Pump::Count Pump::stop() {
  ending_ = true;
  Count sum;
  for (const auto& one : connections_) {
    if (one->sender.joinable()) one->sender.join();
    if (one->reader.joinable()) one->reader.join();
    if (one->socket >= 0) ::close(one->socket);
    one->socket = -1;
    sum.ok += one->count.ok;
    sum.busy += one->count.busy;
    sum.others += one->count.others;
    if (!one->count.other.empty()) sum.other = one->count.other;
  }
  return sum;
}

std::vector<std::string> Pump::acknowledged() const {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < connections_.size(); ++i)
    for (const std::int64_t number : connections_[i]->fine)
      keys.push_back(options_.key(static_cast<int>(i), number));
  return keys;
}

}  // namespace nodedb::e2e
