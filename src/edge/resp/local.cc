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
    LocalCommand{{"client|caching", 3, always, 0, 0, 0, connection},
                 run_client_caching,
                 "Refused: there is no tracking"},
    LocalCommand{
        {"client|getname", 2, always, 0, 0, 0, connection}, run_client_getname, "The connection's name"},
    LocalCommand{{"client|getredir", 2, always, 0, 0, 0, connection},
                 run_client_getredir,
                 "Where invalidations go: nowhere, -1"},
    LocalCommand{{"client|help", 2, looks, 0, 0, 0, connection}, run_help, "This"},
    LocalCommand{
        {"client|id", 2, always, 0, 0, 0, connection}, run_client_id, "The connection's number on this node"},
    LocalCommand{{"client|info", 2, always, 0, 0, 0, connection}, run_client_info, "This connection"},
    LocalCommand{{"client|kill", -3, manages, 0, 0, 0, connection},
                 run_client_kill,
                 "Closes connections by address, id, type or user"},
    LocalCommand{
        {"client|list", -2, manages, 0, 0, 0, connection}, run_client_list, "All connections of this node"},
    LocalCommand{{"client|no-evict", 3, manages, 0, 0, 0, connection},
                 run_client_on_off,
                 "Accepted: nothing is evicted"},
    LocalCommand{
        {"client|no-touch", 3, always, 0, 0, 0, connection}, run_client_on_off, "Accepted: nothing ages"},
    LocalCommand{{"client|reply", 3, always, 0, 0, 0, connection},
                 run_client_reply,
                 "Turns replies on or off, or skips one"},
    LocalCommand{
        {"client|setinfo", 4, always, 0, 0, 0, connection}, run_client_setinfo, "Names the client library"},
    LocalCommand{
        {"client|setname", 3, always, 0, 0, 0, connection}, run_client_setname, "Names the connection"},
    LocalCommand{{"client|traceparent", 3, always, 0, 0, 0, connection},
                 run_client_traceparent,
                 "The trace that commands belong to from now on; an empty one ends it"},
    LocalCommand{{"client|tracking", -3, always, 0, 0, 0, connection},
                 run_client_tracking,
                 "Only OFF: there is no tracking"},
    LocalCommand{{"client|trackinginfo", 2, always, 0, 0, 0, connection},
                 run_client_trackinginfo,
                 "The state of tracking: off"},
    LocalCommand{
        {"client|unblock", -3, manages, 0, 0, 0, connection}, run_client_unblock, "Accepted: nothing blocks"},
    LocalCommand{{"client|unpause", 2, manages, 0, 0, 0, connection},
                 run_client_unpause,
                 "Accepted: nothing is paused"},
};

constexpr std::array cluster_commands = {
    LocalCommand{{"cluster|countkeysinslot", 3, flag_stale | flag_no_multi, 0, 0, 0, nothing},
                 run_cluster_countkeysinslot,
                 "How many keys a slot has"},
    LocalCommand{{"cluster|getkeysinslot", 4, flag_stale | flag_no_multi, 0, 0, 0, nothing},
                 run_cluster_getkeysinslot,
                 "Some keys of a slot"},
    LocalCommand{{"cluster|help", 2, looks, 0, 0, 0, nothing}, run_help, "This"},
    LocalCommand{
        {"cluster|info", 2, flag_stale, 0, 0, 0, nothing}, run_cluster_info, "The state of the cluster"},
    LocalCommand{
        {"cluster|keyslot", 3, flag_stale, 0, 0, 0, nothing}, run_cluster_keyslot, "The slot of a key"},
    LocalCommand{
        {"cluster|myid", 2, flag_stale, 0, 0, 0, nothing}, run_cluster_myid, "The name of this node"},
    LocalCommand{{"cluster|nodes", 2, flag_stale, 0, 0, 0, nothing},
                 run_cluster_nodes,
                 "The nodes, each with the slots that it leads"},
    LocalCommand{{"cluster|shards", 2, flag_stale, 0, 0, 0, nothing},
                 run_cluster_shards,
                 "The slots with their leaders and replicas, as maps"},
    LocalCommand{{"cluster|slots", 2, flag_stale, 0, 0, 0, nothing},
                 run_cluster_slots,
                 "The slots with their leaders and replicas"},
};

constexpr std::array command_commands = {
    LocalCommand{
        {"command|count", 2, looks, 0, 0, 0, connection}, run_command_count, "How many commands there are"},
    LocalCommand{{"command|docs", -2, looks, 0, 0, 0, connection}, run_command_docs, "What commands are for"},
    LocalCommand{{"command|getkeys", -4, looks, 0, 0, 0, connection},
                 run_command_getkeys,
                 "The keys of a full command"},
    LocalCommand{{"command|getkeysandflags", -4, looks, 0, 0, 0, connection},
                 run_command_getkeysandflags,
                 "The keys of a full command, and what it does with each"},
    LocalCommand{{"command|help", 2, looks, 0, 0, 0, connection}, run_help, "This"},
    LocalCommand{{"command|info", -2, looks, 0, 0, 0, connection}, run_command_info, "Facts about commands"},
    LocalCommand{{"command|list", -2, looks, 0, 0, 0, connection}, run_command_list, "The names of commands"},
};

constexpr std::array config_commands = {
    LocalCommand{
        {"config|get", -3, manages, 0, 0, 0, nothing}, run_config_get, "Settings that match patterns"},
    LocalCommand{{"config|help", 2, looks, 0, 0, 0, nothing}, run_help, "This"},
    LocalCommand{{"config|resetstat", 2, manages, 0, 0, 0, nothing},
                 run_config_resetstat,
                 "Sets the counters of INFO to zero"},
    LocalCommand{{"config|rewrite", 2, manages, 0, 0, 0, nothing},
                 run_config_rewrite,
                 "Refused: there is no file to write"},
    LocalCommand{{"config|set", -4, manages, 0, 0, 0, nothing},
                 run_config_set,
                 "Grants what is so already, refuses the rest"},
};

constexpr std::array function_commands = {
    LocalCommand{{"function|flush", -2, flag_noscript, 0, 0, 0, nothing},
                 run_nothing_to_flush,
                 "Accepted: there are none"},
    LocalCommand{{"function|help", 2, looks, 0, 0, 0, nothing}, run_help, "This"},
    LocalCommand{
        {"function|list", -2, flag_noscript, 0, 0, 0, nothing}, run_nothing_to_list, "An empty list"},
};
constexpr std::array script_commands = {
    LocalCommand{{"script|flush", -2, flag_noscript, 0, 0, 0, nothing},
                 run_nothing_to_flush,
                 "Accepted: there are none"},
    LocalCommand{{"script|help", 2, looks, 0, 0, 0, nothing}, run_help, "This"},
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
    LocalCommand{{"save", 1, manages | flag_no_multi, 0, 0, 0, dangerous},
                 run_save,
                 "Accepted: what was acknowledged is on disk"},
    LocalCommand{{"scan", -2, wide_read, 0, 0, 0, keyspace}, run_scan, "Walks the keys"},
    LocalCommand{{"script", -2, 0, 0, 0, 0, nothing}, nullptr, "There are no scripts", script_commands},
    LocalCommand{{"select", 2, looks | flag_fast, 0, 0, 0, connection}, run_select, "Chooses database 0"},
    LocalCommand{{"shutdown", -1, manages | flag_no_multi, 0, 0, 0, dangerous}, run_shutdown, "Refused"},
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
static_assert(sorted(client_commands) && sorted(cluster_commands) && sorted(command_commands));
static_assert(sorted(config_commands) && sorted(function_commands) && sorted(script_commands));

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
