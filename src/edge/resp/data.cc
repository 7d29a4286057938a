// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/data.h"

#include <algorithm>

#include "base/limits.h"
#include "base/slot.h"
#include "edge/resp/scatter.h"
#include "kv/argv.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

bool spreads(const kv::CommandSpec& spec) {
  return spec.name == "mget" || spec.name == "mset" || spec.name == "del" || spec.name == "unlink" ||
         spec.name == "exists" || spec.name == "touch";
}

bool same_vshard(const std::vector<BytesView>& keys) {
  const VShardId first = vshard_of_slot(slot_of(keys.front()));
  return std::all_of(keys.begin() + 1, keys.end(),
                     [first](BytesView key) { return vshard_of_slot(slot_of(key)) == first; });
}

}  // namespace

std::optional<std::uint16_t> common_slot(const std::vector<BytesView>& keys) {
  const std::uint16_t slot = slot_of(keys.front());
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (slot_of(keys[i]) != slot) return std::nullopt;
  }
  return slot;
}

std::optional<Reply> redirect(const Gateway& gateway, const Session& session, std::uint16_t slot,
                              bool write) {
  const Redirect policy = gateway.options().redirect;
  if (policy == Redirect::never || (policy == Redirect::when_aware && !session.cluster_aware)) {
    return std::nullopt;
  }
  const auto address = gateway.topology().elsewhere(slot, session.read_only && !write);
  if (!address) return std::nullopt;
  return Reply::error("MOVED " + std::to_string(slot) + " " + *address);
}

Outcome plan_data(Gateway& gateway, Session& session, const kv::CommandSpec& spec, const kv::Argv& argv) {
  if (auto checked = kv::check(argv); !checked) return Reply::error(checked.error());
  std::uint16_t slot = 0;
  if (spec.first_key == 1 && spec.last_key == 1) {
    slot = slot_of(argv[1]);
  } else if (const auto keys = kv::keys_of(spec, argv); !keys.empty()) {
    const auto common = common_slot(keys);
    if (!common && !spreads(spec)) return Reply::error(cross_slot_text);
    if (!common && !same_vshard(keys)) {
      return spread(spec, argv, gateway.options().call_timeout_ns);
    }
    slot = common.value_or(slot_of(keys.front()));
  }
  if (auto moved = redirect(gateway, session, slot, spec.writes())) return std::move(*moved);
  return VShardCall{.vshard = vshard_of_slot(slot),
                    .write = spec.writes(),
                    .command = Blob(kv::encode(argv)),
                    .timeout_ns = gateway.options().call_timeout_ns};
}

Reply enqueue(Gateway& gateway, Session& session, const kv::CommandSpec& spec, const LocalCommand* local,
              const kv::Argv& argv) {
  Multi& multi = session.multi;
  if (local == nullptr) {
    // A subcommand is part of the name: Redis looks at it now, and at other words only in EXEC.
    if (spec.name == "object") {
      if (auto checked = kv::check(argv); !checked) return Reply::error(checked.error());
    }
    const auto keys = kv::keys_of(spec, argv);
    if (!keys.empty()) {
      const auto slot = common_slot(keys);
      if (!slot || (multi.slot && *multi.slot != *slot)) return Reply::error(cross_slot_text);
      if (auto moved = redirect(gateway, session, *slot, spec.writes())) return std::move(*moved);
      multi.slot = slot;
    }
  }
  Queued queued{.name = spec.name,
                .local = local,
                .write = local == nullptr && spec.writes(),
                .command = kv::encode(argv)};
  multi.bytes += queued.command.size() + sizeof queued;
  if (multi.bytes > limits::request_bytes_max) {
    multi.queue.clear();
    return Reply::error("ERR the transaction is too large");
  }
  if (!multi.broken) multi.queue.push_back(std::move(queued));
  return Reply::simple("QUEUED");
}

}  // namespace nodedb::resp
