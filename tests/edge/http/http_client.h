// SPDX-License-Identifier: Apache-2.0
#pragma once

// A client of the HTTP port that is not ours to trust: a plain socket that sends any bytes, slowly or not at
// all, and reads answers as curl would.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace nodedb::http {

struct Reply {
  int status = 0;  ///< 0: the connection ended, or the patience did, before the headers were there
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port, int patience_ms = 5'000);
  ~HttpClient();
  HttpClient(HttpClient&& other) noexcept;
  HttpClient& operator=(HttpClient&&) = delete;

  bool connected() const { return socket_ >= 0; }
  /// False: the other end has closed.
  bool send(std::string_view bytes);
  /// Reads until `text` has come; what came, or what came before the end or the patience's end.
  std::string read_until(std::string_view text);
  /// Reads one answer; `head`: without a body.
  Reply read_reply(bool head = false);
  Reply get(const std::string& target);
  /// True if the other end closes within the patience; what it sends before that is thrown away.
  bool closed_by_peer();
  /// Never reads more than the kernel does by itself.
  void shrink_receive_buffer();

 private:
  bool receive();

  int socket_ = -1;
  std::string unread_;
};

/// One request on a connection of its own.
Reply http_get(std::uint16_t port, const std::string& target);

}  // namespace nodedb::http
