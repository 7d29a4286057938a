// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster kv get | put | del | scan`: keys as an operator reaches them, over QUIC with the operator's
// certificate: also where there is no Redis port, or one with a password. Binary safe: a value goes to stdout
// as it is; in JSON, bytes are base64, and text beside that if they are UTF-8.

#include <cstdint>
#include <string>

#include "app/exit_code.h"
#include "app/operator_calls.h"
#include "app/output.h"

namespace nodedb::app {

/// How a read is done, as its user has said it.
struct ReadWords {
  std::string level = "lease";
  std::string max_staleness = "1s";  ///< with `bounded`
};

struct ScanWords {
  std::string match;        ///< a glob; empty: every key
  std::string prefix;       ///< what the keys begin with, byte for byte
  std::uint64_t limit = 0;  ///< so many keys; 0: all
};

/// Exit::not_found if there is no such key.
Exit run_kv_get(const Operator& from, const std::string& key, const ReadWords& read, Output output);
/// `value` "-": what stdin has, up to its end.
Exit run_kv_put(const Operator& from, const std::string& key, const std::string& value, Output output);
/// Exit::not_found if there was no such key.
Exit run_kv_delete(const Operator& from, const std::string& key, Output output);
/// A key a line, as they come; in JSON, an object a line. What is promised is what SCAN promises: every key
/// that is there during the whole walk comes, once.
Exit run_kv_scan(const Operator& from, const ScanWords& scan, const ReadWords& read, Output output);

/// The glob that means both: the keys that begin with `prefix`, or, without one, those that `match`.
std::string pattern_of(const ScanWords& scan);
/// `{"key":…,"key_base64":…}`: the first only if it is UTF-8.
void set_bytes(Json& body, const char* name, BytesView bytes);

}  // namespace nodedb::app
