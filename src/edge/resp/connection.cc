// SPDX-License-Identifier: Apache-2.0
// Handlers of commands about the connection itself.

#include <algorithm>

#include "edge/resp/gateway.h"
#include "edge/resp/local.h"
#include "edge/resp/words.h"
#include "kv/errors.h"
#include "kv/numbers.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

constexpr std::string_view wrong_password = "WRONGPASS invalid username-password pair or user is disabled.";
/// Which Redis the command set is modelled on: clients choose features by it.
constexpr std::string_view redis_version = "7.0.15";

/// In a time that does not tell where the first difference is.
bool same_secret(BytesView given, BytesView wanted) {
  unsigned difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = wanted.empty() ? '\0' : wanted[i % wanted.size()];
    difference |= static_cast<unsigned char>(given[i] ^ other);
  }
  return difference == 0;
}

/// With no password set, the default user is open to any password, as in Redis.
bool authenticate(Context& context, BytesView user, BytesView password) {
  const std::string& wanted = context.gateway.options().password;
  if (user != "default") return false;
  if (!wanted.empty() && !same_secret(password, wanted)) return false;
  context.session.authenticated = true;
  return true;
}

bool printable_name(BytesView name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
}

Reply hello_reply(Context& context) {
  const bool three = context.session.protocol == Protocol::resp3;
  return Reply::map({Reply::bulk("server"), Reply::bulk("redis"), Reply::bulk("version"),
                     Reply::bulk(Bytes(redis_version)), Reply::bulk("proto"), Reply::integer(three ? 3 : 2),
                     Reply::bulk("id"), Reply::integer(static_cast<std::int64_t>(context.session.id)),
                     Reply::bulk("mode"), Reply::bulk("cluster"), Reply::bulk("role"), Reply::bulk("master"),
                     Reply::bulk("modules"), Reply::array()});
}

}  // namespace

Outcome run_ping(Context&, const kv::Argv& argv) {
  if (argv.size() > 2) return Reply::error(kv::wrong_arity_text("ping"));
  return argv.size() == 2 ? Reply::bulk(Bytes(argv[1])) : Reply::simple("PONG");
}

Outcome run_echo(Context&, const kv::Argv& argv) {
  return Reply::bulk(Bytes(argv[1]));
}

Outcome run_hello(Context& context, const kv::Argv& argv) {
  Session& session = context.session;
  Protocol protocol = session.protocol;
  if (argv.size() >= 2) {
    const auto version = kv::parse_integer(argv[1]);
    if (!version) return Reply::error("ERR Protocol version is not an integer or out of range");
    if (*version != 2 && *version != 3) return Reply::error("NOPROTO unsupported protocol version");
    protocol = *version == 3 ? Protocol::resp3 : Protocol::resp2;
  }
  std::optional<BytesView> name;
  std::optional<std::pair<BytesView, BytesView>> login;
  for (std::size_t i = 2; i < argv.size(); ++i) {
    const std::size_t more = argv.size() - 1 - i;
    if (kv::same_word(argv[i], "AUTH") && more >= 2) {
      login = {argv[i + 1], argv[i + 2]};
      i += 2;
    } else if (kv::same_word(argv[i], "SETNAME") && more >= 1) {
      name = argv[++i];
      if (!printable_name(*name)) {
        return Reply::error("ERR Client names cannot contain spaces, newlines or special characters.");
      }
    } else {
      return Reply::error("ERR Syntax error in HELLO option '" + Bytes(argv[i].substr(0, 128)) + "'");
    }
  }
  if (login && !authenticate(context, login->first, login->second)) return Reply::error(wrong_password);
  if (!session.authenticated) {
    return Reply::error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
        "<user> <pass> option can be used to authenticate the client and select the RESP protocol version at "
        "the same time");
  }
  if (name) session.name = *name;
  session.protocol = protocol;
  return hello_reply(context);
}

Outcome run_auth(Context& context, const kv::Argv& argv) {
  if (argv.size() > 3) return Reply::error(kv::errors::syntax);
  if (argv.size() == 2 && context.gateway.options().password.empty()) {
    return Reply::error(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
        "configuration is correct?");
  }
  const BytesView user = argv.size() == 3 ? argv[1] : BytesView("default");
  return authenticate(context, user, argv.back()) ? Reply::ok() : Reply::error(wrong_password);
}

Outcome run_select(Context&, const kv::Argv& argv) {
  const auto database = kv::parse_integer(argv[1]);
  if (!database) return Reply::error(kv::errors::not_an_integer);
  return *database == 0 ? Reply::ok() : Reply::error(kv::errors::db_range);
}

Outcome run_quit(Context& context, const kv::Argv&) {
  context.session.closing = true;
  return Reply::ok();
}

Outcome run_reset(Context& context, const kv::Argv&) {
  Session& session = context.session;
  session.multi = {};
  session.watches = nullptr;
  session.protocol = Protocol::resp2;
  session.speech = Speech::on;
  session.cluster_aware = false;
  session.read_only = false;
  session.trace = {};
  session.name.clear();
  session.authenticated = context.gateway.options().password.empty();
  return Reply::simple("RESET");
}

Outcome run_readonly(Context& context, const kv::Argv&) {
  context.session.cluster_aware = true;
  context.session.read_only = true;
  return Reply::ok();
}

Outcome run_readwrite(Context& context, const kv::Argv&) {
  context.session.cluster_aware = true;
  context.session.read_only = false;
  return Reply::ok();
}

Outcome run_asking(Context& context, const kv::Argv&) {
  context.session.cluster_aware = true;
  return Reply::ok();
}

Outcome run_time(Context& context, const kv::Argv&) {
  const std::int64_t us = context.now.wall.ns / ns_per_us;
  return Reply::array(
      {Reply::bulk(std::to_string(us / 1'000'000)), Reply::bulk(std::to_string(us % 1'000'000))});
}

/// Answers leave in order, so every write before the WAIT has been answered, which means that a majority has
/// it on disk: that many replicas beside the leader surely do, and there is nothing to wait for.
Outcome run_wait(Context& context, const kv::Argv& argv) {
  const auto replicas = kv::parse_integer(argv[1]);
  const auto timeout = kv::parse_integer(argv[2]);
  if (!replicas) return Reply::error(kv::errors::not_an_integer);
  if (!timeout) return Reply::error("ERR timeout is not an integer or out of range");
  if (*timeout < 0) return Reply::error("ERR timeout is negative");
  return Reply::integer(context.gateway.topology().replication_factor() / 2);
}

Outcome run_lolwut(Context& context, const kv::Argv&) {
  return Reply::verbatim("  o---o\n   \\ /   three heads,\n    o    one memory\n\nnodedb-cluster ver. " +
                         context.gateway.options().version + "\n");
}

/// Every acknowledged write is on disk already.
Outcome run_save(Context&, const kv::Argv&) {
  return Reply::ok();
}

Outcome run_shutdown(Context&, const kv::Argv&) {
  return Reply::error("ERR SHUTDOWN is not allowed on this port: stop the node's process with SIGTERM");
}

Outcome run_debug(Context&, const kv::Argv&) {
  return Reply::error("ERR DEBUG command not allowed.");
}

/// SCRIPT FLUSH and FUNCTION FLUSH: there are none, so nothing is left of them.
Outcome run_nothing_to_flush(Context&, const kv::Argv& argv) {
  const bool known =
      argv.size() == 2 ||
      (argv.size() == 3 && (kv::same_word(argv[2], "SYNC") || kv::same_word(argv[2], "ASYNC")));
  if (!known) {
    const Bytes name = upper(argv[0]);
    return Reply::error("ERR " + name + " FLUSH only support" + (name == "FUNCTION" ? "s" : "") +
                        " SYNC|ASYNC option");
  }
  return Reply::ok();
}

Outcome run_nothing_to_list(Context&, const kv::Argv&) {
  return Reply::array();
}

}  // namespace nodedb::resp
