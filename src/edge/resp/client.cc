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

Bytes describe(const Session& session, Time now) {
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
  line += " qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=" + std::to_string(multi.bytes);
  line += " obl=0 oll=" + std::to_string(session.pipeline.pending());
  line += " omem=" + std::to_string(session.pipeline.output().size());
  line += " tot-mem=" + std::to_string(session.pipeline.held_bytes() + session.pipeline.output().size());
  line += " events=r cmd=" + session.last_command_name + " user=default redir=-1 resp=";
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

/// An error line, or empty.
std::string_view read_filter(const kv::Argv& argv, KillFilter& filter) {
  if (argv.size() % 2 != 0) return kv::errors::syntax;
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
      filter.nobody = filter.nobody || value != "default";
    } else if (kv::same_word(argv[i], "TYPE")) {
      filter.nobody = filter.nobody || !kv::same_word(value, "NORMAL");
    } else if (kv::same_word(argv[i], "SKIPME")) {
      if (!kv::same_word(value, "YES") && !kv::same_word(value, "NO")) return kv::errors::syntax;
      filter.skip_me = kv::same_word(value, "YES");
    } else {
      return kv::errors::syntax;
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

Outcome run_client_info(Context& context, const kv::Argv&) {
  return Reply::bulk(describe(context.session, context.now.mono));
}

Outcome run_client_list(Context& context, const kv::Argv& argv) {
  std::vector<SessionId> wanted;
  bool nobody = false;
  if (argv.size() == 4 && kv::same_word(argv[2], "TYPE")) {
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
    if (asked && !nobody) text += describe(*session, context.now.mono);
  }
  return Reply::bulk(std::move(text));
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

/// NO-EVICT, NO-TOUCH: nothing here evicts or ages, so either answer is already true.
Outcome run_client_on_off(Context&, const kv::Argv& argv) {
  const bool known = kv::same_word(argv[2], "ON") || kv::same_word(argv[2], "OFF");
  return known ? Reply::ok() : Reply::error(kv::errors::syntax);
}

Outcome run_client_tracking(Context&, const kv::Argv& argv) {
  if (kv::same_word(argv[2], "OFF")) return Reply::ok();
  if (!kv::same_word(argv[2], "ON")) return Reply::error(kv::errors::syntax);
  return Reply::error("ERR client-side caching is not supported");
}

}  // namespace nodedb::resp
