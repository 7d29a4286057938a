// SPDX-License-Identifier: Apache-2.0
#include "kv/internal.h"

#include "base/slot.h"
#include "kv/argv.h"

namespace nodedb::kv {

namespace {

constexpr std::uint64_t positions_per_vshard = std::uint64_t{slots_per_vshard} << 48;

std::unexpected<Error> unexpected_reply(const Reply& reply) {
  return fail(Code::malformed, reply.is_error() ? reply.text : Bytes("ERR unexpected reply of a vShard"));
}

}  // namespace

std::uint64_t first_position(std::uint32_t vshard) {
  return vshard * positions_per_vshard;
}

std::optional<VShardId> vshard_of_position(std::uint64_t position) {
  const std::uint64_t vshard = position / positions_per_vshard;
  if (vshard >= vshard_count) return std::nullopt;
  return VShardId(static_cast<std::uint16_t>(vshard));
}

Bytes scan_query(const ScanQuery& query) {
  const Bytes position = std::to_string(query.position);
  const Bytes count = std::to_string(query.count);
  Argv argv{"_SCAN", position, "COUNT", count};
  if (query.match) argv.insert(argv.end(), {"MATCH", *query.match});
  if (query.type) argv.insert(argv.end(), {"TYPE", *query.type});
  return encode(argv);
}

Bytes keys_query(BytesView pattern) {
  return encode(Argv{"_KEYS", pattern});
}

Bytes dbsize_query() {
  return encode(Argv{"_DBSIZE"});
}

Bytes random_key_query(std::uint64_t random) {
  const Bytes number = std::to_string(random);
  return encode(Argv{"_RANDOMKEY", number});
}

Bytes count_slot_query(std::uint16_t slot) {
  const Bytes number = std::to_string(slot);
  return encode(Argv{"_COUNTSLOT", number});
}

Bytes keys_in_slot_query(std::uint16_t slot, std::uint64_t count) {
  const Bytes number = std::to_string(slot);
  const Bytes limit = std::to_string(count);
  return encode(Argv{"_KEYSINSLOT", number, limit});
}

Bytes watch_version_query(BytesView key) {
  return encode(Argv{"_WATCHVERSION", key});
}

Bytes flush_command() {
  return encode(Argv{"_FLUSH"});
}

Result<ScanPage> scan_page(const Reply& reply) {
  const auto& items = reply.items;
  if (reply.kind != Reply::Kind::array || items.size() != 2) return unexpected_reply(reply);
  if (items[1].kind != Reply::Kind::array) return unexpected_reply(reply);
  ScanPage page;
  if (items[0].kind == Reply::Kind::integer && items[0].number > 0) {
    page.next = static_cast<std::uint64_t>(items[0].number);
  } else if (items[0].kind != Reply::Kind::null) {
    return unexpected_reply(reply);
  }
  for (const Reply& key : items[1].items) {
    if (key.kind != Reply::Kind::bulk) return unexpected_reply(reply);
    page.keys.push_back(key.text);
  }
  return page;
}

Result<WatchVersion> watch_version(const Reply& reply) {
  const auto& items = reply.items;
  if (reply.kind != Reply::Kind::array || items.size() != 2) return unexpected_reply(reply);
  for (const Reply& item : items) {
    if (item.kind != Reply::Kind::integer || item.number < 0) return unexpected_reply(reply);
  }
  return WatchVersion{.present = items[1].number == 1,
                      .token = Index(static_cast<std::uint64_t>(items[0].number))};
}

}  // namespace nodedb::kv
