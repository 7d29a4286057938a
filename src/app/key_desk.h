// SPDX-License-Identifier: Apache-2.0
#pragma once

// Operators' requests for keys on their way into the node and back (app/key_requests.h): a read or a write of
// one vShard each; a page of a scan goes through vShard after vShard until it is full or has taken a second.
// What it holds is bounded by the operators' requests under way and by what a page may be. Net thread.

#include <functional>
#include <map>

#include "app/client_port.h"
#include "app/json.h"
#include "app/key_requests.h"
#include "base/time.h"

namespace nodedb::app {

class KeyDesk {
 public:
  /// In the tags of its requests, and in no client's.
  static constexpr std::uint64_t tag_bit = std::uint64_t{1} << 63;
  using Answer = std::function<void(std::uint64_t id, const Result<Json>&)>;

  /// `desk` outlives it. `answer` is called once for each request, with its id.
  KeyDesk(ClientDesk& desk, std::int64_t timeout_ns, Answer answer)
      : desk_(desk), timeout_ns_(timeout_ns), answer_(std::move(answer)) {}

  void ask(std::uint64_t id, KeyRequest request);
  /// Pre: the tag is one of its own.
  void completed(const node::ClientReply& reply);

 private:
  struct Open {
    std::uint64_t id = 0;
    KeyRequest request;
    // Of a scan.
    Time began;
    Json keys = Json::array();
    std::size_t bytes = 0;
    std::size_t found = 0;
  };

  void submit(Open open);
  void go_on(Open open, const kv::Reply& reply);

  ClientDesk& desk_;
  std::int64_t timeout_ns_;
  Answer answer_;
  std::map<std::uint64_t, Open> open_;  ///< by tag
  std::uint64_t last_ = 0;
};

}  // namespace nodedb::app
