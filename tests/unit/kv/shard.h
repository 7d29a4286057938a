// SPDX-License-Identifier: Apache-2.0
#pragma once

// A vShard under test: a machine over a MapView, with an index and a clock that the test moves. Keys of the
// tests carry the tag {t}, so they all live here. After every entry the rules of kv/rows.h are checked.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/slot.h"
#include "kv/argv.h"
#include "kv/machine.h"
#include "kv/reply.h"
#include "map_view.h"

namespace nodedb::kv::test {

/// "SET {t}a 'two words' ''" as words: split at blanks, quotes keep them. \xNN is a byte.
std::vector<Bytes> split(std::string_view line);
/// Replies in one line: OK, nil, nil-array, :1, "text", [..], {k: v}, -ERR ….
std::string show(const Reply& reply);

class Shard {
 public:
  Shard();

  /// One entry or one read, by what the command's flags say; shown as text. An Error shows as !code.
  std::string operator()(std::string_view line);
  std::string entry(BytesView bytes);
  std::string query(BytesView bytes);
  /// One entry of several commands.
  std::string transaction(std::initializer_list<std::string_view> lines, std::vector<Watch> watches = {});
  /// What WATCH would keep for the key.
  Watch watch(BytesView key);

  Reply apply(BytesView bytes);
  Reply read(BytesView bytes) const;

  /// Runs everything due, as the leader would propose it. Returns how many keys went.
  std::int64_t purge();

  Machine machine;
  MapView view;
  VShardId vshard;
  std::uint64_t index = 1;
  std::int64_t now_ms = 1'700'000'000'000;
  Batch last_batch;
  std::optional<std::int64_t> last_due_ns;  ///< ApplyOutput::due_ns of the last entry

 private:
  void check_rows() const;
};

}  // namespace nodedb::kv::test
