// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Redis client that does one command after another and waits for each. One thread.

#include <optional>
#include <string>
#include <vector>

#include "kv/reply.h"
#include "load/link.h"

namespace nodedb::load {

/// How to get in.
struct Access {
  std::vector<Server> servers;
  resp::TlsTrust* trust = nullptr;  ///< null: no TLS; outlives who uses it
  std::string password{};           ///< empty: none is given
};

class RedisClient {
 public:
  /// Connects, for at most so long; the same patience holds for every command.
  RedisClient(const Server& server, const Access& access, std::int64_t patience_ns);

  bool connected() const { return !trouble_; }
  /// Why it is not: unreachable, unauthenticated (the server, or the password, is refused).
  const Error& trouble() const { return *trouble_; }
  /// An error reply is an answer. Errors: unreachable; what became of the command is not known then, and the
  /// client is of no use any more.
  Result<kv::Reply> command(std::initializer_list<BytesView> words);

 private:
  std::unexpected<Error> give_up(Code code, const std::string& why);
  bool flush(std::int64_t until_ns);
  Result<kv::Reply> receive(std::int64_t until_ns);

  std::string server_;
  std::int64_t patience_ns_;
  Link link_;
  std::optional<Error> trouble_;
  std::string unsent_;
  std::string received_;
};

}  // namespace nodedb::load
