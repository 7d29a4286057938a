// SPDX-License-Identifier: Apache-2.0
#pragma once

// What operators ask of keys, as words of the operator protocol (app/operator_protocol.h) and as commands of
// the key-value machine. Keys, patterns and values travel as `b:` and base64. Pure.
//
//   get KEY LEVEL STALENESS       {"value":base64 or null}
//   put KEY VALUE                 {}
//   del KEY                       {"deleted":0 or 1}
//   scan FROM END PATTERN LEVEL STALENESS
//                                 {"keys":[base64…],"next":position}; next 0: that was all up to END. A page
//                                 can be empty without being the last
//
// LEVEL is one of nodedb/cluster/read.h that needs nothing of the caller: linearizable, lease, bounded
// (within STALENESS nanoseconds) or local.

#include <optional>
#include <span>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/error.h"
#include "kv/reply.h"
#include "node/event.h"
#include "nodedb/cluster/read.h"

namespace nodedb::app {

/// A request is small; what is larger goes in by the Redis port.
inline constexpr std::size_t operator_value_bytes_max = 512 * 1024;

struct ReadWish {
  ReadLevel level = ReadLevel::lease;
  std::int64_t max_staleness_ns = 0;
  bool operator==(const ReadWish&) const = default;
};

struct AskGet {
  Bytes key;
  ReadWish wish{};
  bool operator==(const AskGet&) const = default;
};
struct AskPut {
  Bytes key;
  Bytes value;
  bool operator==(const AskPut&) const = default;
};
struct AskDelete {
  Bytes key;
  bool operator==(const AskDelete&) const = default;
};
struct AskScan {
  // Positions of kv/internal.h.
  std::uint64_t from = 0;  ///< 0, or what the page before has given
  std::uint64_t end = 0;   ///< the first that is of no interest
  Bytes pattern;           ///< a glob; empty: every key
  ReadWish wish{};
  bool operator==(const AskScan&) const = default;
};
using KeyRequest = std::variant<AskGet, AskPut, AskDelete, AskScan>;

Bytes encode_key_request(const KeyRequest& request);
/// Errors: malformed, too_large. Nothing: the words are none of these.
std::optional<Result<KeyRequest>> parse_key_request(std::span<const BytesView> words);

/// Errors: malformed.
Result<ReadLevel> parse_level(BytesView text);

/// How many rows a page of a scan looks at, in each vShard.
inline constexpr std::uint64_t scan_page_rows = 1'000;
/// As the node takes it, without tag and times. Of a scan: in the vShard where it begins.
node::ClientRequest command_of(const KeyRequest& request);
/// What the audit log says of a write, before it is made; nothing of a read.
std::optional<std::string> audit_text(const KeyRequest& request);
/// What the machine has answered. Errors: the node's, or what an error reply says.
Result<kv::Reply> sound_reply(const Result<Blob>& answer);

}  // namespace nodedb::app
