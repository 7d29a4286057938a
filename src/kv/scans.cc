// SPDX-License-Identifier: Apache-2.0
// Walks over a vShard's rows, and the other internal commands of kv/internal.h.

#include <algorithm>
#include <memory>

#include "base/limits.h"
#include "base/slot.h"
#include "kv/errors.h"
#include "kv/executors.h"
#include "kv/glob.h"
#include "kv/numbers.h"

namespace nodedb::kv {

namespace {

/// Value rows from a position up to, not including, another one. Ends at a damaged row and reports it.
class Walk {
 public:
  Walk(Keyspace& keys, std::uint64_t from, std::uint64_t end)
      : keys_(keys), cursor_(keys.view().seek(rows::value_from(from))), end_(end) {
    settle();
  }

  bool valid() const { return valid_; }
  std::uint64_t position() const { return at_.position; }
  BytesView key() const { return at_.key; }
  bool due() const { return item_.due(keys_.now_ms()); }
  void next() {
    cursor_->next();
    settle();
  }

 private:
  void settle() {
    valid_ = false;
    if (!cursor_->valid()) return;
    const auto at = rows::value_key_in(cursor_->key());
    if (!at || at->position >= end_) return;
    const auto item = rows::item_in(cursor_->value());
    if (!item) return keys_.report_damage();
    at_ = *at;
    item_ = *item;
    valid_ = true;
  }

  Keyspace& keys_;
  std::unique_ptr<Cursor> cursor_;
  std::uint64_t end_;
  rows::ValueKey at_;
  rows::Item item_;
  bool valid_ = false;
};

constexpr std::uint64_t slot_start(std::uint64_t slot) {
  return slot << 48;
}

std::uint64_t shard_start(const Keyspace& keys) {
  return slot_start(std::uint64_t{keys.context().vshard.value} * slots_per_vshard);
}

std::uint64_t shard_end(const Keyspace& keys) {
  return shard_start(keys) + slot_start(slots_per_vshard);
}

struct ScanOptions {
  std::uint64_t position = 0;
  std::uint64_t count = 10;
  std::optional<BytesView> match;
  std::optional<BytesView> type;

  bool wants(BytesView key) const {
    return (!type || same_word(*type, "STRING")) && (!match || glob_matches(*match, key));
  }
};

Result<ScanOptions> parse_scan(const Argv& argv) {
  const auto syntax = [] { return fail(Code::malformed, Bytes(errors::syntax)); };
  const auto position = parse_unsigned(argv[1]);
  if (!position) return fail(Code::malformed, "ERR invalid cursor");
  ScanOptions options;
  options.position = *position;
  for (std::size_t i = 2; i < argv.size(); i += 2) {
    if (i + 1 == argv.size()) return syntax();
    if (same_word(argv[i], "COUNT")) {
      const auto count = integer_argument(argv[i + 1]);
      if (!count) return std::unexpected(count.error());
      if (*count < 1) return syntax();
      options.count = std::min<std::uint64_t>(static_cast<std::uint64_t>(*count), limits::scan_rows_max);
    } else if (same_word(argv[i], "MATCH")) {
      if (argv[i + 1].size() > limits::glob_bytes_max) {
        return fail(Code::too_large, Bytes(errors::pattern_too_long));
      }
      options.match = argv[i + 1];
    } else if (same_word(argv[i], "TYPE")) {
      options.type = argv[i + 1];
    } else {
      return syntax();
    }
  }
  return options;
}

Result<std::uint64_t> slot_argument(const Keyspace& keys, BytesView text) {
  const auto slot = parse_unsigned(text);
  if (!slot || *slot >= slot_count) return fail(Code::malformed, "ERR Invalid or out of range slot");
  if (vshard_of_slot(static_cast<std::uint16_t>(*slot)) != keys.context().vshard) {
    return fail(Code::malformed, Bytes(errors::wrong_vshard));
  }
  return *slot;
}

}  // namespace

Reply run_scan(Keyspace& keys, const Argv& argv) {
  const auto options = parse_scan(argv);
  if (!options) return Reply::error(options.error());
  std::vector<Reply> found;
  std::uint64_t rows_seen = 0;
  std::size_t bytes_seen = 0;
  std::uint64_t last = 0;
  Walk walk(keys, std::max(options->position, shard_start(keys)), shard_end(keys));
  for (; walk.valid(); walk.next()) {
    const bool full = rows_seen >= options->count || bytes_seen >= limits::scan_bytes_max;
    // A page never parts keys that share a position: the next one could not say where in between to go on.
    if (full && walk.position() != last) break;
    last = walk.position();
    ++rows_seen;
    bytes_seen += walk.key().size();
    if (!walk.due() && options->wants(walk.key())) found.push_back(Reply::bulk(Bytes(walk.key())));
  }
  Reply next = walk.valid() ? Reply::integer(static_cast<std::int64_t>(last + 1)) : Reply::null();
  return Reply::array({std::move(next), Reply::array(std::move(found))});
}

Reply run_keys(Keyspace& keys, const Argv& argv) {
  if (argv[1].size() > limits::glob_bytes_max) return Reply::error(errors::pattern_too_long);
  std::vector<Reply> found;
  std::size_t bytes = 0;
  for (Walk walk(keys, shard_start(keys), shard_end(keys)); walk.valid(); walk.next()) {
    if (walk.due() || !glob_matches(argv[1], walk.key())) continue;
    bytes += walk.key().size();
    if (bytes > limits::reply_bytes_max || found.size() >= limits::arguments_max) {
      return Reply::error(errors::reply_too_large);
    }
    found.push_back(Reply::bulk(Bytes(walk.key())));
  }
  return Reply::array(std::move(found));
}

Reply run_dbsize(Keyspace& keys, const Argv&) {
  return Reply::integer(static_cast<std::int64_t>(keys.stats().keys));
}

Reply run_random_key(Keyspace& keys, const Argv& argv) {
  const auto random = parse_unsigned(argv[1]);
  if (!random) return Reply::error(errors::not_an_integer);
  const std::uint64_t start = shard_start(keys);
  const std::uint64_t from = start + *random % slot_start(slots_per_vshard);
  for (Walk walk(keys, from, shard_end(keys)); walk.valid(); walk.next()) {
    if (!walk.due()) return Reply::bulk(Bytes(walk.key()));
  }
  for (Walk walk(keys, start, from); walk.valid(); walk.next()) {
    if (!walk.due()) return Reply::bulk(Bytes(walk.key()));
  }
  return Reply::null();
}

Reply run_count_slot(Keyspace& keys, const Argv& argv) {
  const auto slot = slot_argument(keys, argv[1]);
  if (!slot) return Reply::error(slot.error());
  std::int64_t count = 0;
  for (Walk walk(keys, slot_start(*slot), slot_start(*slot + 1)); walk.valid(); walk.next()) {
    count += walk.due() ? 0 : 1;
  }
  return Reply::integer(count);
}

Reply run_keys_in_slot(Keyspace& keys, const Argv& argv) {
  const auto slot = slot_argument(keys, argv[1]);
  if (!slot) return Reply::error(slot.error());
  const auto wanted = integer_argument(argv[2]);
  if (!wanted) return Reply::error(wanted.error());
  if (*wanted < 0) return Reply::error("ERR Invalid number of keys");
  const auto keys_max = std::min(static_cast<std::uint64_t>(*wanted), std::uint64_t{limits::arguments_max});
  std::vector<Reply> found;
  std::size_t bytes = 0;
  for (Walk walk(keys, slot_start(*slot), slot_start(*slot + 1)); walk.valid(); walk.next()) {
    if (found.size() >= keys_max) break;
    if (walk.due()) continue;
    bytes += walk.key().size();
    if (bytes > limits::reply_bytes_max) break;
    found.push_back(Reply::bulk(Bytes(walk.key())));
  }
  return Reply::array(std::move(found));
}

Reply run_watch_version(Keyspace& keys, const Argv& argv) {
  const auto applied = static_cast<std::int64_t>(keys.context().index.value);
  return Reply::array({Reply::integer(applied), Reply::integer(keys.contains(argv[1]) ? 1 : 0)});
}

Reply run_flush(Keyspace& keys, const Argv&) {
  keys.clear();
  return Reply::ok();
}

}  // namespace nodedb::kv
