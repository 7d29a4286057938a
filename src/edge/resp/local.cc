// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/local.h"

#include <algorithm>
#include <array>

#include "edge/resp/words.h"

namespace nodedb::resp {

namespace {

using namespace kv;  // the flags of the tables below

constexpr std::string_view connection = "@connection";
constexpr std::string_view keyspace = "@keyspace";
constexpr std::string_view transaction = "@transaction";
constexpr std::string_view dangerous = "@dangerous";
constexpr std::string_view nothing = "";

constexpr std::uint32_t always = flag_noscript | flag_loading | flag_stale;
constexpr std::uint32_t always_fast = always | flag_fast;
constexpr std::uint32_t looks = flag_loading | flag_stale;
constexpr std::uint32_t manages = flag_admin | always;
constexpr std::uint32_t wide_read = flag_readonly | flag_no_multi;

constexpr std::array client_commands = {
    LocalCommand{{"client|caching", 3, always, 0, 0, 0, connection}, run_client_on_off},
    LocalCommand{{"client|getname", 2, always, 0, 0, 0, connection}, run_client_getname},
    LocalCommand{{"client|id", 2, always, 0, 0, 0, connection}, run_client_id},
    LocalCommand{{"client|info", 2, always, 0, 0, 0, connection}, run_client_info},
    LocalCommand{{"client|kill", -3, manages, 0, 0, 0, connection}, run_client_kill},
    LocalCommand{{"client|list", -2, manages, 0, 0, 0, connection}, run_client_list},
    LocalCommand{{"client|no-evict", 3, manages, 0, 0, 0, connection}, run_client_on_off},
    LocalCommand{{"client|no-touch", 3, always, 0, 0, 0, connection}, run_client_on_off},
    LocalCommand{{"client|reply", 3, always, 0, 0, 0, connection}, run_client_reply},
    LocalCommand{{"client|setinfo", 4, always, 0, 0, 0, connection}, run_client_setinfo},
    LocalCommand{{"client|setname", 3, always, 0, 0, 0, connection}, run_client_setname},
    LocalCommand{{"client|tracking", -3, always, 0, 0, 0, connection}, run_client_tracking},
};

constexpr std::array cluster_commands = {
    LocalCommand{{"cluster|countkeysinslot", 3, flag_stale | flag_no_multi, 0, 0, 0, nothing},
                 run_cluster_countkeysinslot},
    LocalCommand{{"cluster|getkeysinslot", 4, flag_stale | flag_no_multi, 0, 0, 0, nothing},
                 run_cluster_getkeysinslot},
    LocalCommand{{"cluster|info", 2, flag_stale, 0, 0, 0, nothing}, run_cluster_info},
    LocalCommand{{"cluster|keyslot", 3, flag_stale, 0, 0, 0, nothing}, run_cluster_keyslot},
    LocalCommand{{"cluster|myid", 2, flag_stale, 0, 0, 0, nothing}, run_cluster_myid},
    LocalCommand{{"cluster|nodes", 2, flag_stale, 0, 0, 0, nothing}, run_cluster_nodes},
    LocalCommand{{"cluster|shards", 2, flag_stale, 0, 0, 0, nothing}, run_cluster_shards},
    LocalCommand{{"cluster|slots", 2, flag_stale, 0, 0, 0, nothing}, run_cluster_slots},
};

constexpr std::array command_commands = {
    LocalCommand{{"command|count", 2, looks, 0, 0, 0, connection}, run_command_count},
    LocalCommand{{"command|docs", -2, looks, 0, 0, 0, connection}, run_command_docs},
    LocalCommand{{"command|getkeys", -4, looks, 0, 0, 0, connection}, run_command_getkeys},
    LocalCommand{{"command|info", -2, looks, 0, 0, 0, connection}, run_command_info},
    LocalCommand{{"command|list", -2, looks, 0, 0, 0, connection}, run_command_list},
};

constexpr std::array config_commands = {
    LocalCommand{{"config|get", -3, manages, 0, 0, 0, nothing}, run_config_get},
    LocalCommand{{"config|resetstat", 2, manages, 0, 0, 0, nothing}, run_config_resetstat},
    LocalCommand{{"config|rewrite", 2, manages, 0, 0, 0, nothing}, run_config_rewrite},
    LocalCommand{{"config|set", -4, manages, 0, 0, 0, nothing}, run_config_set},
};

constexpr std::array function_commands = {
    LocalCommand{{"function|flush", -2, flag_noscript, 0, 0, 0, nothing}, run_nothing_to_flush},
    LocalCommand{{"function|list", -2, flag_noscript, 0, 0, 0, nothing}, run_nothing_to_list},
};
constexpr std::array script_commands = {
    LocalCommand{{"script|flush", -2, flag_noscript, 0, 0, 0, nothing}, run_nothing_to_flush},
};

constexpr std::array table = {
    LocalCommand{{"asking", 1, flag_fast, 0, 0, 0, connection}, run_asking, "Accepted; does nothing"},
    LocalCommand{{"auth", -2, always_fast | flag_no_auth | flag_allow_busy, 0, 0, 0, connection},
                 run_auth,
                 "Authenticates the connection"},
    LocalCommand{{"client", -2, 0, 0, 0, 0, nothing}, nullptr, "About connections", client_commands},
    LocalCommand{{"cluster", -2, 0, 0, 0, 0, nothing}, nullptr, "About the cluster", cluster_commands},
    LocalCommand{
        {"command", -1, looks, 0, 0, 0, connection}, run_command, "About commands", command_commands},
    LocalCommand{{"config", -2, 0, 0, 0, 0, nothing}, nullptr, "About settings", config_commands},
    LocalCommand{{"dbsize", 1, wide_read | flag_fast, 0, 0, 0, keyspace}, run_dbsize, "Counts the keys"},
    LocalCommand{{"debug", -2, manages, 0, 0, 0, dangerous}, run_debug, "Refused"},
    LocalCommand{{"discard", 1, always_fast | flag_allow_busy, 0, 0, 0, transaction},
                 run_discard,
                 "Drops a transaction"},
    LocalCommand{{"echo", 2, looks | flag_fast, 0, 0, 0, connection}, run_echo, "Returns its argument"},
    LocalCommand{
        {"exec", 1, always | flag_skip_monitor, 0, 0, 0, transaction}, run_exec, "Runs a transaction as one"},
    LocalCommand{{"flushall", -1, flag_write | flag_no_multi, 0, 0, 0, keyspace},
                 run_flush,
                 "Removes all keys, vShard by vShard"},
    LocalCommand{{"flushdb", -1, flag_write | flag_no_multi, 0, 0, 0, keyspace},
                 run_flush,
                 "Removes all keys, vShard by vShard"},
    LocalCommand{{"function", -2, 0, 0, 0, 0, nothing}, nullptr, "There are no functions", function_commands},
    LocalCommand{{"hello", -1, always_fast | flag_no_auth | flag_allow_busy, 0, 0, 0, connection},
                 run_hello,
                 "Chooses the protocol and authenticates"},
    LocalCommand{{"info", -1, looks, 0, 0, 0, dangerous}, run_info, "Facts about the server"},
    LocalCommand{{"keys", 2, wide_read, 0, 0, 0, keyspace}, run_keys, "Lists the keys that match a pattern"},
    LocalCommand{{"lolwut", -1, flag_readonly | flag_fast, 0, 0, 0, nothing}, run_lolwut, "A picture"},
    LocalCommand{
        {"multi", 1, always_fast | flag_allow_busy, 0, 0, 0, transaction}, run_multi, "Starts a transaction"},
    LocalCommand{{"ping", -1, flag_fast, 0, 0, 0, connection}, run_ping, "Answers PONG"},
    LocalCommand{{"quit", -1, always_fast | flag_no_auth | flag_allow_busy, 0, 0, 0, connection},
                 run_quit,
                 "Closes the connection"},
    LocalCommand{{"randomkey", 1, wide_read, 0, 0, 0, keyspace}, run_randomkey, "Returns a random key"},
    LocalCommand{{"readonly", 1, looks | flag_fast, 0, 0, 0, connection},
                 run_readonly,
                 "Reads from replicas are fine"},
    LocalCommand{{"readwrite", 1, looks | flag_fast, 0, 0, 0, connection}, run_readwrite, "Ends READONLY"},
    LocalCommand{{"reset", 1, always_fast | flag_no_auth | flag_allow_busy, 0, 0, 0, connection},
                 run_reset,
                 "Makes the connection as new"},
    LocalCommand{{"scan", -2, wide_read, 0, 0, 0, keyspace}, run_scan, "Walks the keys"},
    LocalCommand{{"script", -2, 0, 0, 0, 0, nothing}, nullptr, "There are no scripts", script_commands},
    LocalCommand{{"select", 2, looks | flag_fast, 0, 0, 0, connection}, run_select, "Chooses database 0"},
    LocalCommand{{"time", 1, looks | flag_fast, 0, 0, 0, nothing}, run_time, "The node's clock"},
    LocalCommand{{"unwatch", 1, always_fast | flag_allow_busy, 0, 0, 0, transaction},
                 run_unwatch,
                 "Forgets watched keys"},
    LocalCommand{{"wait", 3, flag_noscript, 0, 0, 0, nothing},
                 run_wait,
                 "How many replicas surely hold the writes so far"},
    LocalCommand{{"watch", -2, always_fast | flag_allow_busy, 1, -1, 1, transaction},
                 run_watch,
                 "Watches keys for EXEC"},
};

constexpr bool sorted(std::span<const LocalCommand> commands) {
  return std::is_sorted(commands.begin(), commands.end(),
                        [](const auto& a, const auto& b) { return a.spec.name < b.spec.name; });
}
static_assert(sorted(table));

const LocalCommand* find_in(std::span<const LocalCommand> commands, std::string_view name) {
  const auto found = std::lower_bound(
      commands.begin(), commands.end(), name,
      [](const LocalCommand& command, std::string_view wanted) { return command.spec.name < wanted; });
  return found != commands.end() && found->spec.name == name ? &*found : nullptr;
}

/// No name is longer, and a long one must not be copied to find that out.
constexpr std::size_t name_bytes_max = 32;

}  // namespace

std::span<const LocalCommand> local_commands() {
  return table;
}

const LocalCommand* find_local(BytesView name) {
  if (name.size() > name_bytes_max) return nullptr;
  return find_in(table, lower(name));
}

const LocalCommand* find_subcommand(const LocalCommand& command, BytesView name) {
  if (name.size() > name_bytes_max) return nullptr;
  return find_in(command.subcommands, Bytes(command.spec.name) + "|" + lower(name));
}

std::string_view data_command_group(const kv::CommandSpec& spec) {
  return spec.category == "@string" ? "string" : "generic";
}

}  // namespace nodedb::resp
