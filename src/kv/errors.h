// SPDX-License-Identifier: Apache-2.0
#pragma once

// The error lines of the data commands, in Redis's wording where Redis has one: clients and Redis's own test
// suite match on them.

#include <string_view>

#include "base/bytes.h"

namespace nodedb::kv::errors {

inline constexpr std::string_view syntax = "ERR syntax error";
inline constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";
inline constexpr std::string_view not_a_float = "ERR value is not a valid float";
inline constexpr std::string_view not_finite = "ERR increment would produce NaN or Infinity";
inline constexpr std::string_view increment_overflow = "ERR increment or decrement would overflow";
inline constexpr std::string_view decrement_overflow = "ERR decrement would overflow";
inline constexpr std::string_view offset_range = "ERR offset is out of range";
inline constexpr std::string_view no_such_key = "ERR no such key";
inline constexpr std::string_view string_too_long =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
inline constexpr std::string_view same_object = "ERR source and destination objects are the same";
inline constexpr std::string_view db_range = "ERR DB index is out of range";
inline constexpr std::string_view copy_db = "ERR Copying to another database is not allowed in cluster mode";
inline constexpr std::string_view expire_nx_with_others =
    "ERR NX and XX, GT or LT options at the same time are not compatible";
inline constexpr std::string_view expire_gt_with_lt =
    "ERR GT and LT options at the same time are not compatible";
inline constexpr std::string_view lcs_len_with_idx =
    "ERR If you want both the length and indexes, please just use IDX.";
inline constexpr std::string_view lcs_memory =
    "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";
inline constexpr std::string_view no_lfu =
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
    "switching "
    "between policies at runtime LRU and LFU data will take some time to adjust.";

// Where Redis has no such case.
inline constexpr std::string_view key_too_long = "ERR key exceeds maximum allowed size of 65536 bytes";
inline constexpr std::string_view pattern_too_long = "ERR pattern exceeds maximum allowed size of 4096 bytes";
inline constexpr std::string_view reply_too_large = "ERR the reply would exceed its maximum size";
inline constexpr std::string_view wrong_vshard =
    "TRYAGAIN a key does not belong to the vShard that was asked";
inline constexpr std::string_view write_in_read = "ERR a write was sent as a read";
inline constexpr std::string_view scan_in_transaction = "ERR command not allowed inside a transaction";
inline constexpr std::string_view damaged_row = "ERR a stored row is damaged";

inline Bytes invalid_expire(std::string_view command) {
  return "ERR invalid expire time in '" + Bytes(command) + "' command";
}

}  // namespace nodedb::kv::errors
