// SPDX-License-Identifier: Apache-2.0
#include "kv/machine.h"

#include <algorithm>
#include <limits>

#include "base/limits.h"
#include "base/slot.h"
#include "base/time.h"
#include "kv/argv.h"
#include "kv/errors.h"
#include "kv/executors.h"
#include "kv/keyspace.h"
#include "kv/reply.h"
#include "kv/rows.h"

namespace nodedb::kv {

namespace {

std::int64_t ms_of(Hlc hlc) {
  return hlc.wall_ns / ns_per_ms;
}

/// Why an executor may not run on `argv`, if so: arity, sizes, a write in a read, a key that lives elsewhere.
Result<void> admit(const Keyspace& keys, const Executor& executor, const Argv& argv) {
  if (!arity_fits(executor.spec, argv.size())) {
    return fail(Code::malformed, wrong_arity_text(executor.spec.name));
  }
  if (executor.spec.writes() && !keys.context().may_write) {
    return fail(Code::malformed, Bytes(errors::write_in_read));
  }
  const KeyPlaces places = key_places(executor.spec, argv.size());
  for (std::size_t i = places.first; i < places.end; i += places.step) {
    const BytesView key = argv[i];
    if (key.size() > limits::key_bytes_max) return fail(Code::too_large, Bytes(errors::key_too_long));
    if (vshard_of_slot(slot_of(key)) != keys.context().vshard) {
      return fail(Code::malformed, Bytes(errors::wrong_vshard));
    }
  }
  return {};
}

/// Errors: incompatible. A build that knows the command would write where this one cannot.
Result<const Executor*> known(const Argv& argv) {
  const Executor* executor = find_executor(argv[0]);
  if (executor == nullptr) return fail(Code::incompatible, unknown_command_text(argv));
  return executor;
}

Result<Reply> run(Keyspace& keys, const Argv& argv) {
  const auto executor = known(argv);
  if (!executor) return std::unexpected(executor.error());
  const auto admitted = admit(keys, **executor, argv);
  return admitted ? (*executor)->run(keys, argv) : Reply::error(admitted.error());
}

bool unchanged(Keyspace& keys, const Watch& watch, std::uint64_t last_delete_index) {
  const auto item = keys.look(watch.key);
  if (item) return watch.present && item->modified_index <= watch.token.value;
  // Absent at both times. It may have come and gone in between; any delete since counts as that.
  return !watch.present && last_delete_index <= watch.token.value;
}

bool unchanged(Keyspace& keys, const std::vector<Watch>& watches) {
  if (watches.empty()) return true;
  // Taken first: finding a key whose time has come deletes it, and that is no change to who saw it absent.
  const std::uint64_t last_delete_index = keys.stats().last_delete_index;
  return std::ranges::all_of(watches,
                             [&](const Watch& watch) { return unchanged(keys, watch, last_delete_index); });
}

std::size_t bytes_in(const Reply& reply) {
  std::size_t bytes = reply.text.size();
  for (const Reply& item : reply.items) bytes += bytes_in(item);
  return bytes;
}

std::size_t items_in(const Reply& reply) {
  std::size_t items = 1;
  for (const Reply& item : reply.items) items += items_in(item);
  return items;
}

/// What a transaction may answer. The replies together must stay small enough to decode: once
/// they are not, a command still takes effect, but its answer is replaced by an error.
class ReplyBudget {
 public:
  Reply take(Reply reply) {
    const std::size_t bytes = bytes_in(reply);
    const std::size_t items = items_in(reply);
    if (bytes > bytes_left_ || items > items_left_) return Reply::error(errors::reply_too_large);
    bytes_left_ -= bytes;
    items_left_ -= items;
    return reply;
  }

 private:
  std::size_t bytes_left_ = limits::reply_bytes_max;
  // Every command has one element for certain, if only for its error.
  std::size_t items_left_ = limits::reply_items_max - limits::arguments_max;
};

Result<Reply> run(Keyspace& keys, const Transaction& transaction) {
  std::vector<const Executor*> executors;
  for (const Argv& argv : transaction.commands) {
    const auto executor = known(argv);
    if (!executor) return std::unexpected(executor.error());
    executors.push_back(*executor);
  }
  if (!unchanged(keys, transaction.watches)) return Reply::null_array();
  Reply replies = Reply::array();
  replies.items.reserve(executors.size());
  ReplyBudget budget;
  for (std::size_t i = 0; i < executors.size(); ++i) {
    const Argv& argv = transaction.commands[i];
    const auto admitted = admit(keys, *executors[i], argv);
    if (!admitted) {
      replies.items.push_back(Reply::error(admitted.error()));
    } else if (executors[i]->walks_rows) {
      replies.items.push_back(Reply::error(errors::scan_in_transaction));
    } else {
      replies.items.push_back(budget.take(executors[i]->run(keys, argv)));
    }
  }
  return replies;
}

Result<Reply> run(Keyspace& keys, const Purge&) {
  if (!keys.context().may_write) return Reply::error(errors::write_in_read);
  std::vector<Bytes> due;
  for (auto cursor = keys.view().seek(rows::expiries_begin); cursor->valid(); cursor->next()) {
    const auto row = rows::expiry_key_in(cursor->key());
    if (!row || row->expire_at_ms > keys.now_ms() || due.size() >= limits::purge_keys_max) break;
    due.emplace_back(row->key);
  }
  for (const Bytes& key : due) keys.erase(key);
  return Reply::integer(static_cast<std::int64_t>(due.size()));
}

/// Errors: malformed, too_large, incompatible: bytes that this build does not understand; damaged: stored
/// rows.
Result<Reply> execute(Keyspace& keys, BytesView bytes) {
  const auto command = decode(bytes);
  if (!command) return std::unexpected(command.error());
  auto reply = std::visit([&](const auto& one) { return run(keys, one); }, *command);
  if (keys.damaged()) return fail(Code::damaged, Bytes(errors::damaged_row));
  return reply;
}

std::int64_t due_ns_of(const rows::ExpiryKey& row) {
  constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
  return row.expire_at_ms > highest / ns_per_ms ? highest : row.expire_at_ms * ns_per_ms;
}

/// When the first of the keys that the batch gives a lifetime is due.
std::optional<std::int64_t> earliest_due_ns(const Batch& batch) {
  std::optional<std::int64_t> earliest;
  for (const Write& write : batch) {
    const auto* put = std::get_if<Put>(&write);
    const auto row = put == nullptr ? std::nullopt : rows::expiry_key_in(put->key);
    if (row && (!earliest || due_ns_of(*row) < *earliest)) earliest = due_ns_of(*row);
  }
  return earliest;
}

Result<void> check_known(const Argv& argv) {
  const auto executor = known(argv);
  return executor ? check(**executor, argv) : verdict(executor);
}

}  // namespace

Result<void> check_entry(BytesView bytes) {
  const auto command = decode(bytes);
  if (!command) return verdict(command);
  if (const auto* argv = std::get_if<Argv>(&*command)) return check_known(*argv);
  if (const auto* transaction = std::get_if<Transaction>(&*command)) {
    for (const Argv& argv : transaction->commands) {
      if (auto checked = check_known(argv); !checked) return checked;
    }
  }
  return {};
}

Result<void> Machine::check(BytesView command) const {
  return check_entry(command);
}

Result<ApplyOutput> Machine::apply(const View& view, const ApplyInput& input) const {
  const Context context{
      .vshard = input.vshard, .index = input.index, .now_ms = ms_of(input.hlc), .may_write = true};
  Keyspace keys(view, context);
  const auto reply = execute(keys, input.command);
  if (!reply) return std::unexpected(reply.error());
  ApplyOutput output{.writes = {}, .reply = encode(*reply)};
  // A failed watch leaves nothing behind, not even the removal of keys whose time had come.
  if (reply->kind != Reply::Kind::null_array) output.writes = keys.take_batch();
  output.due_ns = earliest_due_ns(output.writes);
  return output;
}

Bytes Machine::read(const View& view, const ReadInput& input) const {
  const Context context{
      .vshard = input.vshard, .index = input.applied, .now_ms = ms_of(input.hlc), .may_write = false};
  Keyspace keys(view, context);
  const auto reply = execute(keys, input.query);
  return encode(reply ? *reply : Reply::error(reply.error()));
}

std::optional<std::int64_t> Machine::next_due_ns(const View& view) const {
  const auto cursor = view.seek(rows::expiries_begin);
  if (!cursor->valid()) return std::nullopt;
  const auto row = rows::expiry_key_in(cursor->key());
  if (!row) return std::nullopt;
  return due_ns_of(*row);
}

std::optional<Bytes> Machine::command_when_due(const View& view, Hlc hlc) const {
  const auto due = next_due_ns(view);
  if (!due || *due > hlc.wall_ns) return std::nullopt;
  return encode(Purge{});
}

}  // namespace nodedb::kv
