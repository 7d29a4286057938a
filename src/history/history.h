// SPDX-License-Identifier: Apache-2.0
#pragma once

// What clients of a key-value store did and saw, one operation each, and its line of JSON (docs/testing.md,
// "Formats"), so that checkers which are not ours can judge. Values are text; those of `put`, `cas` and
// `append` are unique within a run. A client waits for one operation before it starts the next; after `info`
// it goes on under a new number, because the old operation may still take effect at any later time.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodedb::history {

enum class Op : std::uint8_t { get, put, cas, incr, del, append };
enum class Status : std::uint8_t {
  ok,
  fail,  ///< surely not done
  info,  ///< unknown: may have been done, may still be
};

struct Operation {
  std::uint64_t client = 0;
  Op op = Op::get;
  std::string key;
  std::string value;       ///< put, cas: what is written; append: what is added; else empty
  std::string expect;      ///< cas: what the key must hold
  std::int64_t delta = 1;  ///< incr
  // What came back, meaningful with `ok`.
  std::optional<std::string> read;  ///< get: nothing when the key is absent
  bool swapped = false;             ///< cas: false when it saw another value
  std::int64_t number = 0;          ///< incr: new value; append: new length; del: keys removed, 0 or 1
  Status status = Status::info;
  std::int64_t call_ns = 0;
  std::int64_t return_ns = 0;  ///< unless `info`
};
using History = std::vector<Operation>;

/// One line without the line break.
std::string to_json(const Operation& operation);
/// The text with quotes, escaped as RFC 8259 asks; bytes above 0x7f are kept.
std::string json_text(std::string_view text);

}  // namespace nodedb::history
