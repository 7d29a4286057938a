// SPDX-License-Identifier: Apache-2.0
// Handlers of CLIENT: who is connected, under what name, and what it wants to hear.

#include <algorithm>
#include <optional>

#include "edge/resp/gateway.h"
#include "edge/resp/local.h"
#include "kv/errors.h"
#include "kv/numbers.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

constexpr std::string_view bad_name =
    "ERR Client names cannot contain spaces, newlines or special characters.";

bool printable(BytesView text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

/// What `argv` took as it arrived, if it came as an array of bulks.
std::size_t request_bytes(const kv::Argv& argv) {
  const auto head = [](std::size_t number) { return 3 + std::to_string(number).size(); };  // "*2\r\n"
  std::size_t bytes = head(argv.size());
  for (const BytesView word : argv) bytes += head(word.size()) + word.size() + 2;
  return bytes;
}

/// `asking`: the words of the request that is being answered, if it is this session's.
Bytes describe(const Session& session, Time now, const kv::Argv* asking) {
  Bytes flags;
  if (session.multi.active) flags += "x";
  if (session.read_only) flags += "r";
  if (session.closing) flags += "c";
  if (flags.empty()) flags = "N";
  const auto seconds = [now](Time since) { return std::to_string((now - since) / ns_per_s); };
  const Multi& multi = session.multi;
  Bytes line = "id=" + std::to_string(session.id) + " addr=" + session.peer + " laddr=" + session.local;
  line += " fd=0 name=" + session.name + " age=" + seconds(session.opened);
  line += " idle=" + seconds(session.last_command) + " flags=" + flags + " db=0 sub=0 psub=0 ssub=0 multi=";
  line += multi.active ? std::to_string(multi.queue.size()) : "-1";
  std::size_t words_bytes = 0;
  if (asking != nullptr) {
    for (const BytesView word : *asking) words_bytes += word.size();
  }
  line += " qbuf=" + std::to_string(asking == nullptr ? 0 : request_bytes(*asking));
  line += " qbuf-free=0 argv-mem=" + std::to_string(words_bytes);
  line += " multi-mem=" + std::to_string(multi.bytes);
  line += " rbs=" + std::to_string(session.pipeline.output().capacity());
  line += " rbp=" + std::to_string(session.pipeline.output().size());
  line += " obl=0 oll=" + std::to_string(session.pipeline.pending());
  line += " omem=" + std::to_string(session.pipeline.output().size());
  line += " tot-mem=" + std::to_string(session.pipeline.held_bytes() + session.pipeline.output().size());
  line += " events=r cmd=";
  line += session.last_command_name;
  line += " user=default redir=-1 resp=";
  line += session.protocol == Protocol::resp3 ? "3" : "2";
  if (!session.library_name.empty()) line += " lib-name=" + session.library_name;
  if (!session.library_version.empty()) line += " lib-ver=" + session.library_version;
  return line + "\n";
}

struct KillFilter {
  std::optional<SessionId> id;
  std::optional<BytesView> peer;
  std::optional<BytesView> local;
  bool nobody = false;  ///< a filter that fits none of our connections
  bool skip_me = true;

  bool fits(const Session& session, const Session& me) const {
    if (nobody || (skip_me && &session == &me)) return false;
    return (!id || *id == session.id) && (!peer || *peer == session.peer) &&
           (!local || *local == session.local);
  }
};

/// Redis's kinds of clients; all of ours are normal ones.
bool known_type(BytesView name) {
  return kv::same_word(name, "NORMAL") || kv::same_word(name, "MASTER") || kv::same_word(name, "SLAVE") ||
         kv::same_word(name, "REPLICA") || kv::same_word(name, "PUBSUB");
}

Bytes unknown_type_text(BytesView name) {
  return "ERR Unknown client type '" + Bytes(name.substr(0, 128)) + "'";
}

/// An error line, or empty.
Bytes read_filter(const kv::Argv& argv, KillFilter& filter) {
  if (argv.size() % 2 != 0) return Bytes(kv::errors::syntax);
  for (std::size_t i = 2; i < argv.size(); i += 2) {
    const BytesView value = argv[i + 1];
    if (kv::same_word(argv[i], "ID")) {
      const auto id = kv::parse_integer(value);
      if (!id || *id <= 0) return "ERR client-id should be greater than 0";
      filter.id = static_cast<SessionId>(*id);
    } else if (kv::same_word(argv[i], "ADDR")) {
      filter.peer = value;
    } else if (kv::same_word(argv[i], "LADDR")) {
      filter.local = value;
    } else if (kv::same_word(argv[i], "USER")) {
      if (value != "default") return "ERR No such user '" + Bytes(value.substr(0, 128)) + "'";
    } else if (kv::same_word(argv[i], "TYPE")) {
      if (!known_type(value)) return unknown_type_text(value);
      filter.nobody = filter.nobody || !kv::same_word(value, "NORMAL");
    } else if (kv::same_word(argv[i], "SKIPME")) {
      if (!kv::same_word(value, "YES") && !kv::same_word(value, "NO")) return Bytes(kv::errors::syntax);
      filter.skip_me = kv::same_word(value, "YES");
    } else {
      return Bytes(kv::errors::syntax);
    }
  }
  return {};
}

std::int64_t kill_all(Context& context, const KillFilter& filter) {
  std::int64_t killed = 0;
  for (const auto& [id, session] : context.gateway.sessions()) {
    if (!filter.fits(*session, context.session)) continue;
    ++killed;
    if (session.get() == &context.session) {
      session->closing = true;  // it still gets this answer
    } else {
      context.gateway.kill(*session);
    }
  }
  return killed;
}

}  // namespace

Outcome run_client_id(Context& context, const kv::Argv&) {
  return Reply::integer(static_cast<std::int64_t>(context.session.id));
}

Outcome run_client_getname(Context& context, const kv::Argv&) {
  return context.session.name.empty() ? Reply::null() : Reply::bulk(context.session.name);
}

Outcome run_client_setname(Context& context, const kv::Argv& argv) {
  if (!printable(argv[2])) return Reply::error(bad_name);
  context.session.name = argv[2];
  return Reply::ok();
}

Outcome run_client_setinfo(Context& context, const kv::Argv& argv) {
  const bool is_name = kv::same_word(argv[2], "LIB-NAME");
  if (!is_name && !kv::same_word(argv[2], "LIB-VER")) {
    return Reply::error("ERR Unrecognized option '" + Bytes(argv[2].substr(0, 128)) + "'");
  }
  if (!printable(argv[3])) {
    return Reply::error(Bytes("ERR ") + (is_name ? "lib-name" : "lib-ver") +
                        " cannot contain spaces, newlines or special characters.");
  }
  (is_name ? context.session.library_name : context.session.library_version) = argv[3];
  return Reply::ok();
}

Outcome run_client_info(Context& context, const kv::Argv& argv) {
  return Reply::verbatim(describe(context.session, context.now.mono, &argv));
}

Outcome run_client_list(Context& context, const kv::Argv& argv) {
  std::vector<SessionId> wanted;
  bool nobody = false;
  if (argv.size() == 4 && kv::same_word(argv[2], "TYPE")) {
    if (!known_type(argv[3])) return Reply::error(unknown_type_text(argv[3]));
    nobody = !kv::same_word(argv[3], "NORMAL");
  } else if (argv.size() >= 4 && kv::same_word(argv[2], "ID")) {
    for (std::size_t i = 3; i < argv.size(); ++i) {
      const auto id = kv::parse_integer(argv[i]);
      if (!id || *id <= 0) return Reply::error("ERR Invalid client ID");
      wanted.push_back(static_cast<SessionId>(*id));
    }
  } else if (argv.size() != 2) {
    return Reply::error(kv::errors::syntax);
  }
  Bytes text;
  for (const auto& [id, session] : context.gateway.sessions()) {
    const bool asked = wanted.empty() || std::find(wanted.begin(), wanted.end(), id) != wanted.end();
    const kv::Argv* asking = session.get() == &context.session ? &argv : nullptr;
    if (asked && !nobody) text += describe(*session, context.now.mono, asking);
  }
  return Reply::verbatim(std::move(text));
}

Outcome run_client_kill(Context& context, const kv::Argv& argv) {
  KillFilter filter;
  if (argv.size() == 3) {  // the old form: an address, itself included
    filter.peer = argv[2];
    filter.skip_me = false;
    return kill_all(context, filter) != 0 ? Reply::ok() : Reply::error("ERR No such client");
  }
  if (const auto error = read_filter(argv, filter); !error.empty()) return Reply::error(error);
  return Reply::integer(kill_all(context, filter));
}

Outcome run_client_reply(Context& context, const kv::Argv& argv) {
  Speech& speech = context.session.speech;
  if (kv::same_word(argv[2], "ON")) {
    speech = Speech::on;
  } else if (kv::same_word(argv[2], "OFF")) {
    speech = Speech::off;
  } else if (kv::same_word(argv[2], "SKIP")) {
    if (speech != Speech::off) speech = Speech::skip_next;
  } else {
    return Reply::error(kv::errors::syntax);
  }
  return Reply::ok();
}

Outcome run_client_caching(Context&, const kv::Argv&) {
  return Reply::error(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode "
      "enabled");
}

Outcome run_client_getredir(Context&, const kv::Argv&) {
  return Reply::integer(-1);
}

Outcome run_client_trackinginfo(Context&, const kv::Argv&) {
  return Reply::map({Reply::bulk("flags"), Reply::array({Reply::bulk("off")}), Reply::bulk("redirect"),
                     Reply::integer(-1), Reply::bulk("prefixes"), Reply::array()});
}

/// No command blocks, so no client is ever found blocked; nor paused, for UNPAUSE.
Outcome run_client_unblock(Context&, const kv::Argv& argv) {
  if (argv.size() > 4) return Reply::error(kv::errors::syntax);
  if (argv.size() == 4 && !kv::same_word(argv[3], "TIMEOUT") && !kv::same_word(argv[3], "ERROR")) {
    return Reply::error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  if (!kv::parse_integer(argv[2])) return Reply::error(kv::errors::not_an_integer);
  return Reply::integer(0);
}

Outcome run_client_unpause(Context&, const kv::Argv&) {
  return Reply::ok();
}

/// NO-EVICT, NO-TOUCH: nothing here evicts or ages, so either answer is already true.
Outcome run_client_on_off(Context&, const kv::Argv& argv) {
  const bool known = kv::same_word(argv[2], "ON") || kv::same_word(argv[2], "OFF");
  return known ? Reply::ok() : Reply::error(kv::errors::syntax);
}

/// Not Redis's. A value that is none is dropped, as W3C Trace Context wants it: no trace is in force then.
Outcome run_client_traceparent(Context& context, const kv::Argv& argv) {
  context.session.trace = TraceContext::parse(argv[2]).value_or(TraceContext());
  return Reply::ok();
}

Outcome run_client_tracking(Context&, const kv::Argv& argv) {
  if (kv::same_word(argv[2], "OFF")) return argv.size() == 3 ? Reply::ok() : Reply::error(kv::errors::syntax);
  if (!kv::same_word(argv[2], "ON")) return Reply::error(kv::errors::syntax);
  return Reply::error("ERR client-side caching is not supported");
}

}  // namespace nodedb::resp
