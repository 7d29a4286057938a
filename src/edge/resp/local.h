// SPDX-License-Identifier: Apache-2.0
#pragma once

// Commands about the connection, the server or the cluster as a whole: everything that is not a data command
// of one vShard (kv/command.h has those). One table, sorted by name, whose rows have the same specification
// type, and a handler each. Handlers are pure over the Context.

#include <span>
#include <string_view>

#include "base/time.h"
#include "edge/resp/job.h"
#include "edge/resp/session.h"
#include "kv/command.h"

namespace nodedb::resp {

class Gateway;

struct Context {
  Gateway& gateway;
  Session& session;
  Now now;
  bool inside_exec = false;  ///< only a reply at once will do
};

using Handler = Outcome (*)(Context&, const kv::Argv&);

struct LocalCommand {
  kv::CommandSpec spec;  ///< a subcommand is called "config|get"
  Handler run = nullptr;
  std::string_view summary = {};
  std::span<const LocalCommand> subcommands = {};
};

std::span<const LocalCommand> local_commands();
/// In any case; null if there is none.
const LocalCommand* find_local(BytesView name);
const LocalCommand* find_subcommand(const LocalCommand& command, BytesView name);

/// What Redis calls the data command in COMMAND DOCS.
std::string_view data_command_group(const kv::CommandSpec& spec);

// --- handlers, by file ---
// connection.cc
Outcome run_ping(Context&, const kv::Argv&);
Outcome run_echo(Context&, const kv::Argv&);
Outcome run_hello(Context&, const kv::Argv&);
Outcome run_auth(Context&, const kv::Argv&);
Outcome run_select(Context&, const kv::Argv&);
Outcome run_quit(Context&, const kv::Argv&);
Outcome run_reset(Context&, const kv::Argv&);
Outcome run_readonly(Context&, const kv::Argv&);
Outcome run_readwrite(Context&, const kv::Argv&);
Outcome run_asking(Context&, const kv::Argv&);
Outcome run_time(Context&, const kv::Argv&);
Outcome run_wait(Context&, const kv::Argv&);
Outcome run_lolwut(Context&, const kv::Argv&);
Outcome run_save(Context&, const kv::Argv&);
Outcome run_shutdown(Context&, const kv::Argv&);
Outcome run_debug(Context&, const kv::Argv&);
Outcome run_nothing_to_flush(Context&, const kv::Argv&);
Outcome run_nothing_to_list(Context&, const kv::Argv&);
// client.cc
Outcome run_client_id(Context&, const kv::Argv&);
Outcome run_client_getname(Context&, const kv::Argv&);
Outcome run_client_setname(Context&, const kv::Argv&);
Outcome run_client_setinfo(Context&, const kv::Argv&);
Outcome run_client_info(Context&, const kv::Argv&);
Outcome run_client_list(Context&, const kv::Argv&);
Outcome run_client_kill(Context&, const kv::Argv&);
Outcome run_client_reply(Context&, const kv::Argv&);
Outcome run_client_caching(Context&, const kv::Argv&);
Outcome run_client_getredir(Context&, const kv::Argv&);
Outcome run_client_on_off(Context&, const kv::Argv&);
Outcome run_client_traceparent(Context&, const kv::Argv&);
Outcome run_client_tracking(Context&, const kv::Argv&);
Outcome run_client_trackinginfo(Context&, const kv::Argv&);
Outcome run_client_unblock(Context&, const kv::Argv&);
Outcome run_client_unpause(Context&, const kv::Argv&);
// introspection.cc
Outcome run_help(Context&, const kv::Argv&);
Outcome run_command(Context&, const kv::Argv&);
Outcome run_command_count(Context&, const kv::Argv&);
Outcome run_command_info(Context&, const kv::Argv&);
Outcome run_command_docs(Context&, const kv::Argv&);
Outcome run_command_list(Context&, const kv::Argv&);
Outcome run_command_getkeys(Context&, const kv::Argv&);
Outcome run_command_getkeysandflags(Context&, const kv::Argv&);
// config.cc
Outcome run_config_get(Context&, const kv::Argv&);
Outcome run_config_set(Context&, const kv::Argv&);
Outcome run_config_resetstat(Context&, const kv::Argv&);
Outcome run_config_rewrite(Context&, const kv::Argv&);
// info.cc
Outcome run_info(Context&, const kv::Argv&);
// cluster.cc
Outcome run_cluster_slots(Context&, const kv::Argv&);
Outcome run_cluster_shards(Context&, const kv::Argv&);
Outcome run_cluster_nodes(Context&, const kv::Argv&);
Outcome run_cluster_info(Context&, const kv::Argv&);
Outcome run_cluster_keyslot(Context&, const kv::Argv&);
Outcome run_cluster_myid(Context&, const kv::Argv&);
Outcome run_cluster_countkeysinslot(Context&, const kv::Argv&);
Outcome run_cluster_getkeysinslot(Context&, const kv::Argv&);
// wide.cc
Outcome run_dbsize(Context&, const kv::Argv&);
Outcome run_keys(Context&, const kv::Argv&);
Outcome run_scan(Context&, const kv::Argv&);
Outcome run_randomkey(Context&, const kv::Argv&);
Outcome run_flush(Context&, const kv::Argv&);
// transaction.cc
Outcome run_multi(Context&, const kv::Argv&);
Outcome run_exec(Context&, const kv::Argv&);
Outcome run_discard(Context&, const kv::Argv&);
Outcome run_watch(Context&, const kv::Argv&);
Outcome run_unwatch(Context&, const kv::Argv&);

}  // namespace nodedb::resp
