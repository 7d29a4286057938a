// SPDX-License-Identifier: Apache-2.0
// Handlers of CLUSTER. Who asks for the slots will also follow MOVED: those mark the session as aware.

#include "base/slot.h"
#include "edge/resp/gateway.h"
#include "edge/resp/local.h"
#include "kv/internal.h"
#include "kv/numbers.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

std::optional<std::uint16_t> slot_argument(BytesView text) {
  const auto slot = kv::parse_unsigned(text);
  if (!slot || *slot >= slot_count) return std::nullopt;
  return static_cast<std::uint16_t>(*slot);
}

VShardCall read_of_slot(const Context& context, std::uint16_t slot, Bytes query) {
  return {.vshard = vshard_of_slot(slot),
          .write = false,
          .command = Blob(std::move(query)),
          .timeout_ns = context.gateway.options().call_timeout_ns};
}

}  // namespace

Outcome run_cluster_slots(Context& context, const kv::Argv&) {
  context.session.cluster_aware = true;
  return context.gateway.topology().slots();
}

Outcome run_cluster_shards(Context& context, const kv::Argv&) {
  context.session.cluster_aware = true;
  return context.gateway.topology().shards();
}

Outcome run_cluster_nodes(Context& context, const kv::Argv&) {
  context.session.cluster_aware = true;
  return context.gateway.topology().nodes();
}

Outcome run_cluster_info(Context& context, const kv::Argv&) {
  return context.gateway.topology().info();
}

Outcome run_cluster_keyslot(Context&, const kv::Argv& argv) {
  return Reply::integer(slot_of(argv[2]));
}

Outcome run_cluster_myid(Context& context, const kv::Argv&) {
  return context.gateway.topology().my_id();
}

Outcome run_cluster_countkeysinslot(Context& context, const kv::Argv& argv) {
  if (!kv::parse_integer(argv[2])) return Reply::error("ERR value is not an integer or out of range");
  const auto slot = slot_argument(argv[2]);
  if (!slot) return Reply::error("ERR Invalid slot");
  return read_of_slot(context, *slot, kv::count_slot_query(*slot));
}

Outcome run_cluster_getkeysinslot(Context& context, const kv::Argv& argv) {
  const auto count = kv::parse_integer(argv[3]);
  if (!kv::parse_integer(argv[2]) || !count) {
    return Reply::error("ERR value is not an integer or out of range");
  }
  const auto slot = slot_argument(argv[2]);
  if (!slot || *count < 0) return Reply::error("ERR Invalid slot or number of keys");
  return read_of_slot(context, *slot, kv::keys_in_slot_query(*slot, static_cast<std::uint64_t>(*count)));
}

}  // namespace nodedb::resp
