// SPDX-License-Identifier: Apache-2.0
#include "nodedb/cluster/conformance.h"

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <utility>

#include "base/rng.h"
#include "sim/conformance_rows.h"

namespace nodedb {

namespace {

using Make = std::function<std::unique_ptr<const StateMachine>()>;
using sim::CopiedView;
using sim::MapView;

constexpr std::int64_t first_ns = 1'700'000'000 * ns_per_s;
constexpr std::int64_t entry_ns = 50 * ns_per_ms;
/// What is due may be done in portions; this many are enough for what the samples have made.
constexpr std::uint32_t portions_max = 100'000;
constexpr double garbage_share = 0.2;
/// Rows beyond which copying them again and again would take too long.
constexpr std::uint32_t copy_every = 16;

/// Printable, for the sentences.
std::string shown(BytesView bytes) {
  constexpr std::size_t most = 40;
  std::string text = "'";
  for (const char c : bytes.substr(0, most)) text += c >= ' ' && c <= '~' ? c : '.';
  return text + (bytes.size() > most ? "…'" : "'");
}

/// What an entry came to, comparable.
struct Outcome {
  std::optional<Code> error;
  ApplyOutput output;
  bool operator==(const Outcome& other) const {
    return error == other.error && output.writes == other.output.writes &&
           output.reply == other.output.reply && output.due_ns == other.output.due_ns;
  }
};

class Suite {
 public:
  Suite(const Make& make, const MachineSamples& samples) : make_(make), samples_(samples) {}

  std::vector<std::string> run() {
    script();
    apply_all();
    follow_due();
    read_all();
    std::vector<std::string> all;
    for (auto& [kind, what] : found_) all.push_back(std::move(what));
    return all;
  }

 private:
  enum class Kind : std::uint8_t {
    sample,
    throws,
    halts,
    refusal,
    other_object,
    fresh_object,
    copy,
    with_reads,
    range,
    due,
    due_command,
    due_without_time,
    due_endless,
    read
  };

  void complain(Kind kind, std::string what) { found_.try_emplace(kind, std::move(what)); }

  /// Samples, and garbage made of them: cut short, with other bytes, put together, or drawn anew.
  void script() {
    Rng luck(samples_.seed);
    if (samples_.commands.empty()) return complain(Kind::sample, "there are no sample commands");
    for (std::uint32_t i = 0; i < samples_.entries; ++i) {
      Bytes command = samples_.commands[luck.below(samples_.commands.size())];
      script_.push_back(luck.chance(garbage_share) ? garbage(std::move(command), luck) : std::move(command));
    }
  }

  static Bytes garbage(Bytes bytes, Rng& luck) {
    switch (luck.below(4)) {
      case 0:
        bytes.resize(luck.below(bytes.size() + 1));
        return bytes;
      case 1:
        if (!bytes.empty()) bytes[luck.below(bytes.size())] = static_cast<char>(luck.below(256));
        return bytes;
      case 2:
        return bytes + bytes;
      default:
        bytes.resize(luck.below(64));
        for (char& c : bytes) c = static_cast<char>(luck.below(256));
        return bytes;
    }
  }

  ApplyInput input(std::uint32_t entry, BytesView command) const {
    return {samples_.vshard, Index(entry + 2), Hlc{first_ns + entry * entry_ns, 0}, command};
  }

  /// Whatever is thrown is a finding, and taken for an error.
  template <class Call>
  auto guarded(const char* what, BytesView bytes, const Call& call) -> std::optional<decltype(call())> {
    try {
      return call();
    } catch (const std::exception& thrown) {
      complain(Kind::throws, std::string(what) + " throws on " + shown(bytes) + ": " + thrown.what());
    } catch (...) {
      complain(Kind::throws, std::string(what) + " throws on " + shown(bytes));
    }
    return std::nullopt;
  }

  Outcome apply(const StateMachine& machine, const View& view, std::uint32_t entry, BytesView command) {
    auto done = guarded("apply", command, [&] { return machine.apply(view, input(entry, command)); });
    if (!done) return {Code::invalid_state, {}};
    if (!*done) return {done->error().code, {}};
    return {std::nullopt, std::move(**done)};
  }

  /// Does the door let it in?
  bool let_in(const StateMachine& machine, BytesView command) {
    const auto judged = guarded("check", command, [&] { return machine.check(command); });
    if (!judged) return false;
    if (!*judged && effect(judged->error().code) != Effect::no)
      complain(Kind::refusal, "check refuses " + shown(command) + " with " +
                                  Bytes(name(judged->error().code)) +
                                  ", which does not say that it had no effect");
    return judged->has_value();
  }

  void apply_all() {
    const auto machine = make_();
    const auto other = make_();
    for (const Bytes& sample : samples_.commands)
      if (!let_in(*machine, sample))
        complain(Kind::sample, "the sample command " + shown(sample) + " is refused by check");
    for (std::uint32_t entry = 0; entry < script_.size(); ++entry) {
      const Bytes& command = script_[entry];
      if (!let_in(*machine, command)) {
        // As a build that knows less would meet it: an error, never an end.
        static_cast<void>(apply(*machine, rows_, entry, command));
        continue;
      }
      const Outcome outcome = apply(*machine, rows_, entry, command);
      if (outcome.error)
        complain(Kind::halts, "check lets " + shown(command) + " in, and apply ends with " +
                                  Bytes(name(*outcome.error)) + ": its vShard would stop for good");
      compare(*other, outcome, entry, command);
      judge_writes(outcome, command);
      rows_.write(outcome.output.writes);
      judge_due(*machine, outcome, command);
    }
  }

  /// The same entry by other objects, over other views, with reads before it.
  void compare(const StateMachine& other, const Outcome& outcome, std::uint32_t entry, BytesView command) {
    const auto differs = [&](Kind kind, const Outcome& seen, const char* where) {
      if (!(seen == outcome)) complain(kind, "entry " + shown(command) + " comes to something else " + where);
    };
    differs(Kind::other_object, apply(other, rows_, entry, command), "by another object of the machine");
    differs(Kind::fresh_object, apply(*make_(), rows_, entry, command), "after a restart: by a new object");
    if (entry % copy_every == 0) {
      const CopiedView copied(rows_);
      differs(Kind::copy, apply(other, copied, entry, command), "over the same rows in another kind of view");
    }
    if (samples_.queries.empty()) return;
    const Bytes& query = samples_.queries[entry % samples_.queries.size()];
    static_cast<void>(read(other, rows_, query));
    differs(Kind::with_reads, apply(other, rows_, entry, command), "after a read");
  }

  void judge_writes(const Outcome& outcome, BytesView command) {
    for (const Write& one : outcome.output.writes) {
      const auto* range = std::get_if<DeleteRange>(&one);
      if (range != nullptr && !range->to.empty() && range->to < range->from)
        complain(Kind::range, "entry " + shown(command) + " deletes a range that ends before it begins");
    }
  }

  std::optional<std::int64_t> next_due(const StateMachine& machine) {
    return guarded("next_due_ns", {}, [&] { return machine.next_due_ns(rows_); }).value_or(std::nullopt);
  }
  std::optional<Bytes> due_command(const StateMachine& machine, Hlc now) {
    return guarded("command_when_due", {}, [&] { return machine.command_when_due(rows_, now); })
        .value_or(std::nullopt);
  }

  void judge_due(const StateMachine& machine, const Outcome& outcome, BytesView command) {
    if (!outcome.output.due_ns) return;
    const auto due = next_due(machine);
    if (!due || *due > *outcome.output.due_ns)
      complain(Kind::due, "entry " + shown(command) + " makes something due, and next_due_ns " +
                              (due ? "says a later time" : "knows nothing of it"));
  }

  /// All that is due, done as the leader does it, until nothing is.
  void follow_due() {
    const auto machine = make_();
    auto entry = static_cast<std::uint32_t>(script_.size());
    for (std::uint32_t portion = 0; portion < portions_max; ++portion) {
      const auto due = next_due(*machine);
      if (!due) {
        if (due_command(*machine, Hlc{first_ns * 2, 0}))
          complain(Kind::due_without_time, "command_when_due has a command though next_due_ns has no time");
        return;
      }
      const auto command = due_command(*machine, Hlc{std::max(*due, first_ns), 0});
      if (!command) return complain(Kind::due_command, "nothing is done at the time that next_due_ns says");
      if (!let_in(*machine, *command))
        return complain(Kind::due_command, "the due command " + shown(*command) + " is refused by check");
      ApplyInput at = input(entry++, *command);
      at.hlc.wall_ns = std::max(at.hlc.wall_ns, *due);
      const auto done = guarded("apply", *command, [&] { return machine->apply(rows_, at); });
      if (!done || !*done)
        return complain(Kind::halts, "apply does not understand the due command " + shown(*command));
      rows_.write((*done)->writes);
    }
    complain(Kind::due_endless, "what is due never comes to an end");
  }

  std::optional<Bytes> read(const StateMachine& machine, const View& view, BytesView query) {
    const ReadInput asked{samples_.vshard, Index(samples_.entries + 2), Hlc{first_ns * 2, 0}, query};
    return guarded("read", query, [&] { return machine.read(view, asked); });
  }

  void read_all() {
    Rng luck(samples_.seed + 1);
    const auto machine = make_();
    const CopiedView copied(rows_);
    for (std::uint32_t i = 0; i < std::min<std::uint32_t>(samples_.entries, 256); ++i) {
      Bytes query =
          samples_.queries.empty() ? Bytes() : samples_.queries[luck.below(samples_.queries.size())];
      if (luck.chance(garbage_share)) query = garbage(std::move(query), luck);
      if (read(*machine, rows_, query) != read(*make_(), copied, query))
        complain(Kind::read, "the query " + shown(query) + " is answered in two ways over the same rows");
    }
  }

  const Make& make_;
  const MachineSamples& samples_;
  std::vector<Bytes> script_;
  MapView rows_;
  std::map<Kind, std::string> found_;
};

}  // namespace

std::vector<std::string> check_state_machine(const Make& make, const MachineSamples& samples) {
  return Suite(make, samples).run();
}

}  // namespace nodedb
