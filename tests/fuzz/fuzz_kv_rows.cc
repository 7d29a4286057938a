// SPDX-License-Identifier: Apache-2.0
// A vShard's stored rows, as a snapshot brings them or a damaged disk gives them, under the machine: every
// command answers or calls the rows damaged. Only what may be in a log is run.

#include "base/slot.h"
#include "kv/argv.h"
#include "kv/internal.h"
#include "kv/machine.h"
#include "kv/reply.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/kv/map_view.h"
#include "wire/rows.h"

namespace {

using namespace nodedb;

constexpr Hlc now{1'003'000 * ns_per_ms, 0};

std::vector<Bytes> entries() {
  return {
      kv::encode(kv::Argv{"get", "{t}a"}),
      kv::encode(kv::Argv{"incr", "{t}a"}),
      kv::encode(kv::Argv{"append", "{t}b", "x"}),
      kv::encode(kv::Argv{"pttl", "{t}b"}),
      kv::encode(kv::Argv{"persist", "{t}b"}),
      kv::encode(kv::Argv{"set", "{t}c", "v", "keepttl", "get"}),
      kv::encode(kv::Argv{"rename", "{t}a", "{t}b"}),
      kv::encode(kv::Argv{"object", "encoding", "{t}a"}),
      kv::encode(kv::Argv{"del", "{t}a", "{t}b", "{t}c"}),
      kv::encode(kv::Purge{}),
      kv::scan_query({.position = kv::first_position(vshard_of_slot(slot_of("{t}")).value)}),
      kv::keys_query("*"),
      kv::dbsize_query(),
      kv::random_key_query(77),
      kv::count_slot_query(slot_of("{t}")),
      kv::keys_in_slot_query(slot_of("{t}"), 3),
      kv::watch_version_query("{t}a"),
      kv::flush_command(),
  };
}

}  // namespace

extern "C" int NODEDB_FUZZER(kv_rows)(const std::uint8_t* data, std::size_t size) {
  kv::test::MapView view;
  wire::RowReader reader(fuzz::view(data, size));
  for (auto row = reader.next(); row && *row; row = reader.next()) {
    view.rows.insert_or_assign(Bytes((*row)->key), Bytes((*row)->value));
  }
  static const std::vector<Bytes> commands = entries();
  const VShardId home = vshard_of_slot(slot_of("{t}"));
  const kv::Machine machine;
  for (const Bytes& command : commands) {
    CHECK(kv::decode_reply(machine.read(view, {home, Index(50), now, command})));
    const auto output = machine.apply(view, {home, Index(51), now, command});
    if (output) {
      CHECK(kv::decode_reply(output->reply));
    } else {
      CHECK(output.error().code == Code::damaged);
    }
  }
  (void)machine.next_due_ns(view);
  (void)machine.command_when_due(view, now);
  return 0;
}
