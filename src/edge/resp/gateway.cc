// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/gateway.h"

#include <algorithm>

#include "base/check.h"
#include "edge/resp/data.h"
#include "edge/resp/local.h"
#include "edge/resp/words.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

/// A tag's highest bit is not a client's (app/client_port.h).
constexpr std::uint32_t generation_max = 0x7fffffff;

/// Refused before it was run: inside a transaction that breaks the whole (Redis's flagTransaction).
Reply refuse(Session& session, std::string_view text) {
  if (session.multi.active) session.multi.broken = true;
  return Reply::error(text);
}

/// These run at once even between MULTI and EXEC.
bool runs_inside_multi(const LocalCommand& command) {
  return command.run == run_exec || command.run == run_discard || command.run == run_multi ||
         command.run == run_watch || command.run == run_quit || command.run == run_reset;
}

ReplyStyle style_of(Session& session) {
  ReplyStyle style{.protocol = session.protocol, .silent = session.speech != Speech::on};
  if (session.speech == Speech::skip_next) session.speech = Speech::on;
  return style;
}

}  // namespace

Gateway::Gateway(Options options, Backend& backend, Rng rng)
    : options_(std::move(options)), backend_(backend), rng_(rng) {}

Session& Gateway::open(std::string peer, std::string local, Time now) {
  const SessionId id = next_session_++;
  auto session = std::make_unique<Session>(*this, id);
  session->peer = std::move(peer);
  session->local = std::move(local);
  session->opened = session->last_command = now;
  session->authenticated = options_.password.empty();
  ++counters_.connections_received;
  return *sessions_.emplace(id, std::move(session)).first->second;
}

void Gateway::close(SessionId id) {
  sessions_.erase(id);
  const auto held = held_.find(id);
  if (held == held_.end()) return;
  held_bytes_ -= held->second.bytes;
  called_up_bytes_ -= held->second.called_up;
  held_.erase(held);
}

Session* Gateway::find(SessionId id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Gateway::touch(SessionId id) {
  if (touched_.empty() || touched_.back() != id) touched_.push_back(id);
}

std::vector<SessionId> Gateway::take_touched() {
  std::vector<SessionId> touched;
  touched.swap(touched_);
  return touched;
}

void Gateway::kill(Session& session) {
  session.killed = true;
  touch(session.id);
}

void Gateway::measure(const Session& session) {
  Held& held = held_[session.id];
  // Whoever was killed is about to let go of everything.
  const Held now =
      session.killed
          ? Held{}
          : Held{session.pipeline.held_bytes() + session.pipeline.output().size() + session.multi.bytes,
                 session.pipeline.called_up_bytes()};
  held_bytes_ += now.bytes - held.bytes;
  called_up_bytes_ += now.called_up - held.called_up;
  held = now;
  if (held_bytes_ > options_.total_bytes_max) evict_largest();
}

void Gateway::evict_largest() {
  const auto largest = std::ranges::max_element(held_, {}, [](const auto& one) { return one.second.bytes; });
  Session& session = *sessions_.at(largest->first);
  ++counters_.connections_evicted;
  kill(session);
  measure(session);
}

bool Gateway::may_read(const Session& session) const {
  if (session.closing || session.killed) return false;
  if (!session.pipeline.has_room(options_.connection_bytes_max)) return false;
  return held_bytes_ + called_up_bytes_ < options_.total_bytes_max / 4 * 3 ||
         (session.pipeline.idle() && session.pipeline.output().empty());
}

void Gateway::execute(Session& session, const kv::Argv& argv, Now now) {
  CHECK(!argv.empty() && !session.closing);
  ++counters_.commands_processed;
  session.last_command = now.mono;
  const ReplyStyle style = style_of(session);
  ReplyStyle actual = style;
  Outcome outcome = dispatch(session, argv, now, actual.command);
  if (session.speech == Speech::off || session.speech == Speech::skip_next) {
    actual.silent = true;  // CLIENT REPLY OFF and SKIP are silent themselves
  } else if (style.silent && session.last_command_name == "client|reply") {
    actual.silent = false;  // and CLIENT REPLY ON is not
  }
  if (session.last_command_name == "hello" || session.last_command_name == "reset") {
    actual.protocol = session.protocol;  // the new one is in force for the answer too
  }
  session.pipeline.add(std::move(outcome), actual, session.trace);
}

Outcome Gateway::refuse_known(Session& session, const kv::CommandSpec& spec, std::string_view text) {
  command_stats_.rejected(spec.name);
  return refuse(session, text);
}

Outcome Gateway::dispatch(Session& session, const kv::Argv& argv, Now now, std::string_view& ran) {
  const kv::CommandSpec* spec = kv::find_command(argv[0]);
  const LocalCommand* local = nullptr;
  if (spec == nullptr) {
    local = find_local(argv[0]);
    if (local == nullptr) return refuse(session, kv::unknown_command_text(argv));
    if (!local->subcommands.empty() && argv.size() >= 2) {
      const LocalCommand* sub = find_subcommand(*local, argv[1]);
      if (sub == nullptr) {
        return refuse(session, "ERR unknown subcommand '" + Bytes(argv[1].substr(0, 128)) + "'. Try " +
                                   upper(local->spec.name) + " HELP.");
      }
      local = sub;
    }
    spec = &local->spec;
  }
  session.last_command_name = spec->name;
  if (!kv::arity_fits(*spec, argv.size()) || (local != nullptr && local->run == nullptr)) {
    const Bytes text = kv::wrong_arity_text(spec->name);
    if (local != nullptr && local->run == run_exec) {  // even without MULTI, as Redis does
      session.multi = {};
      session.watches = nullptr;
      command_stats_.rejected(spec->name);
      return Reply::error("EXECABORT Transaction discarded because of: " + text.substr(4));
    }
    return refuse_known(session, *spec, text);
  }
  if (!session.authenticated && !spec->is(kv::flag_no_auth)) {
    return refuse_known(session, *spec, "NOAUTH Authentication required.");
  }
  if (session.multi.active) {
    if (spec->is(kv::flag_no_multi)) {
      return refuse_known(session, *spec, "ERR Command not allowed inside a transaction");
    }
    if (local == nullptr || !runs_inside_multi(*local)) {
      Reply reply = enqueue(*this, session, *spec, local, argv);
      return reply.is_error() ? refuse_known(session, *spec, reply.text) : std::move(reply);
    }
  }
  ran = spec->name;
  command_stats_.called(ran);
  Context context{.gateway = *this, .session = session, .now = now};
  return local != nullptr ? local->run(context, argv) : plan_data(*this, session, *spec, argv);
}

void Gateway::erred(std::string_view command, const Reply& error) {
  ++counters_.error_replies;
  command_stats_.answered_error(error.text);
  if (!command.empty()) command_stats_.failed(command);
}

void Gateway::protocol_error(Session& session, const std::string& text) {
  session.pipeline.add(Reply::error("ERR Protocol error: " + text), {.protocol = session.protocol});
  session.closing = true;
}

void Gateway::send(const Asker& asker, VShardCall call) {
  std::uint32_t place = 0;
  if (free_.empty()) {
    place = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[place];
  slot.asker = asker;
  slot.used = true;
  ++counters_.calls;
  backend_.call(std::uint64_t{slot.generation} << 32 | place, std::move(call));
}

void Gateway::completed(std::uint64_t tag, Result<Blob> answer) {
  const auto place = static_cast<std::uint32_t>(tag);
  const auto generation = static_cast<std::uint32_t>(tag >> 32);
  // Each tag is answered once; a second answer would be a bug of ours.
  CHECK(place < slots_.size() && slots_[place].used && slots_[place].generation == generation);
  const Asker asker = slots_[place].asker;
  slots_[place].used = false;
  slots_[place].generation = (generation + 1) & generation_max;
  free_.push_back(place);
  if (!answer) ++counters_.calls_failed;
  Session* session = find(asker.session);
  if (session == nullptr) return;  // the client has gone
  session->pipeline.answered(asker, answer);
  touch(session->id);
}

}  // namespace nodedb::resp
