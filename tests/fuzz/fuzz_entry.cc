// SPDX-License-Identifier: Apache-2.0
// A log entry or a query of the key-value machine, against a vShard that holds a few keys. What decodes
// encodes to the same bytes again; what the door lets in, the machine can apply; whatever is applied leaves
// rows that keep their rules, and an answer that a gateway can read. The first byte chooses the hour.

#include "base/slot.h"
#include "kv/argv.h"
#include "kv/machine.h"
#include "kv/reply.h"
#include "kv/rows.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/kv/map_view.h"

namespace {

using namespace nodedb;

const VShardId home = vshard_of_slot(slot_of("{t}"));

constexpr std::int64_t start_ms = 1'000'000;

ApplyInput entry_at(BytesView command, std::uint64_t index, std::int64_t ms) {
  return {home, Index(index), Hlc{ms * ns_per_ms, 0}, command};
}

kv::test::MapView few_keys() {
  kv::test::MapView view;
  const kv::Argv commands[] = {
      {"set", "{t}a", "1"},           {"set", "{t}b", "two words", "px", "5000"}, {"append", "{t}c", "xyz"},
      {"incrbyfloat", "{t}f", "1.5"}, {"mset", "{t}d", "", "{t}e", "-7"},
  };
  std::uint64_t index = 1;
  for (const kv::Argv& argv : commands) {
    const Bytes bytes = kv::encode(argv);
    const auto output = kv::Machine().apply(view, entry_at(bytes, ++index, start_ms));
    CHECK(output.has_value());
    view.apply(output->writes);
  }
  return view;
}

Bytes encode_again(const kv::Command& command) {
  return std::visit([](const auto& one) { return kv::encode(one); }, command);
}

void check_rows(const kv::test::MapView& view) {
  std::uint64_t keys = 0;
  std::uint64_t expiring = 0;
  std::uint64_t expiries = 0;
  for (const auto& [key, value] : view.rows) {
    if (const auto item = kv::rows::value_key_in(key) ? kv::rows::item_in(value) : std::nullopt) {
      ++keys;
      expiring += item->expire_at_ms != 0 ? 1U : 0U;
    }
    expiries += kv::rows::expiry_key_in(key) ? 1U : 0U;
  }
  const auto stats = view.get(kv::rows::stats_key);
  CHECK(stats && kv::rows::stats_in(*stats)->keys == keys);
  CHECK(expiring == expiries);
}

}  // namespace

extern "C" int NODEDB_FUZZER(entry)(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView bytes = fuzz::view(data, size).substr(1);
  const std::int64_t now_ms = start_ms + std::int64_t{data[0]} * 100;
  const auto command = kv::decode(bytes);
  if (command) CHECK(encode_again(*command) == bytes);

  static const kv::test::MapView before = few_keys();
  const kv::Machine machine;
  CHECK(kv::decode_reply(machine.read(before, {home, Index(9), Hlc{now_ms * ns_per_ms, 0}, bytes})));
  const auto output = machine.apply(before, entry_at(bytes, 10, now_ms));
  if (kv::check_entry(bytes)) CHECK(output.has_value());
  if (!output) return 0;
  CHECK(kv::decode_reply(output->reply));
  kv::test::MapView after = before;
  after.apply(output->writes);
  check_rows(after);
  return 0;
}
