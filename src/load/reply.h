// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a Redis server answers, in RESP2, as values. Pure.

#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "kv/reply.h"

namespace nodedb::load {

struct ParsedReply {
  kv::Reply reply;
  std::size_t bytes = 0;  ///< that it took
};

/// The reply that `text` begins with; nothing if it is not all there yet. Errors: malformed, too_large
/// (base/limits.h).
Result<std::optional<ParsedReply>> parse_reply(BytesView text);

/// The first word of an error reply: what Redis clients tell errors apart by.
std::string error_code(const kv::Reply& error);

/// A command as Redis servers read it.
void append_command(std::string& out, std::initializer_list<BytesView> words);

}  // namespace nodedb::load
