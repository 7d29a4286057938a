// SPDX-License-Identifier: Apache-2.0
#pragma once

// The options of SET and GETEX, and the expiry times that they and SETEX carry. Pure; shared by check and
// run.

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "kv/command.h"

namespace nodedb::kv {

enum class TimeUnit : std::uint8_t { seconds, milliseconds };

/// A time as the client wrote it: not yet a number, since Redis parses it after the other options.
struct TimeArgument {
  BytesView amount;
  TimeUnit unit = TimeUnit::seconds;
  bool absolute = false;
};

struct SetOptions {
  bool only_absent = false;   ///< NX
  bool only_present = false;  ///< XX
  bool get = false;
  bool keep_ttl = false;
  bool persist = false;
  std::optional<TimeArgument> expiry;
};

/// SET's options from argv[3] on; GETEX's from argv[2] on. Errors: malformed (syntax).
Result<SetOptions> parse_set_options(const Argv& argv);
Result<SetOptions> parse_getex_options(const Argv& argv);

/// Absolute ms since the Unix epoch, always positive. Errors: malformed, naming the command.
Result<std::int64_t> expire_at_ms(const TimeArgument& time, std::int64_t now_ms, std::string_view command);

}  // namespace nodedb::kv
