// SPDX-License-Identifier: Apache-2.0
#pragma once

// A lock service as a state machine: locks that are granted for a time, with fencing tokens. Commands are
// words:
//
//   acquire LOCK OWNER MILLISECONDS   → "granted TOKEN", or "held by OWNER"
//   release LOCK TOKEN                → "released", or "not held"
//   expire                            → proposed by the cluster itself when a lock's time is over
//
// and a query is `holder LOCK` → "OWNER TOKEN", or nothing. docs/embedding.md builds it step by step.

#include <nodedb/cluster/state_machine.h>

#include <charconv>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

namespace locks {

using namespace nodedb;

inline std::vector<std::string> words_of(BytesView text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

inline std::int64_t number_of(BytesView text) {
  std::int64_t number = -1;
  const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), number);
  return trouble == std::errc{} && end == text.data() + text.size() ? number : -1;
}

/// A row per lock, and one per moment at which a lock's time is over, sorted by it.
inline Bytes lock_key(const std::string& lock) {
  return "lock/" + lock;
}
inline Bytes due_key(std::int64_t until_ns, const std::string& lock) {
  char sorted[24];
  std::snprintf(sorted, sizeof sorted, "%020lld", static_cast<long long>(until_ns));
  return "due/" + Bytes(sorted) + "/" + lock;
}

/// What a lock's row holds: who has it, by which token, until when.
struct Held {
  std::string owner;
  std::int64_t token = 0;
  std::int64_t until_ns = 0;

  static std::optional<Held> of(const View& rows, const std::string& lock) {
    const auto row = rows.get(lock_key(lock));
    if (!row) return std::nullopt;
    const auto words = words_of(*row);
    return Held{words.at(0), number_of(words.at(1)), number_of(words.at(2))};
  }
  Bytes row() const { return owner + " " + std::to_string(token) + " " + std::to_string(until_ns); }
};

class LockMachine final : public StateMachine {
 public:
  Result<void> check(BytesView command) const override {
    const auto words = words_of(command);
    const bool known = (words.size() == 4 && words[0] == "acquire" && number_of(words[3]) > 0 &&
                        number_of(words[3]) <= longest_ms) ||
                       (words.size() == 3 && words[0] == "release" && number_of(words[2]) >= 0) ||
                       (words.size() == 1 && words[0] == "expire");
    return known ? Result<void>() : fail(Code::malformed, "acquire LOCK OWNER MS, or release LOCK TOKEN");
  }

  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    if (auto known = check(input.command); !known) return std::unexpected(known.error());
    const auto words = words_of(input.command);
    if (words[0] == "acquire") return acquire(rows, input, words);
    if (words[0] == "release") return release(rows, words[1], number_of(words[2]));
    return expire(rows, input.hlc);
  }

  Bytes read(const View& rows, const ReadInput& input) const override {
    const auto words = words_of(input.query);
    if (words.size() != 2 || words[0] != "holder") return "";
    const auto held = Held::of(rows, words[1]);
    return held && held->until_ns > input.hlc.wall_ns ? held->owner + " " + std::to_string(held->token) : "";
  }

  std::optional<std::int64_t> next_due_ns(const View& rows) const override {
    const auto first = rows.seek("due/");
    if (!first->valid() || !first->key().starts_with("due/")) return std::nullopt;
    return number_of(first->key().substr(4, 20));
  }
  std::optional<Bytes> command_when_due(const View& rows, Hlc now) const override {
    const auto due = next_due_ns(rows);
    return due && *due <= now.wall_ns ? std::optional<Bytes>("expire") : std::nullopt;
  }

 private:
  static constexpr std::int64_t longest_ms = 24 * 3600 * 1000;

  static ApplyOutput acquire(const View& rows, const ApplyInput& input,
                             const std::vector<std::string>& words) {
    const auto held = Held::of(rows, words[1]);
    if (held && held->until_ns > input.hlc.wall_ns) return {{}, "held by " + held->owner};
    // The entry's place in the log rises from grant to grant: what a fencing token has to do.
    const Held now{words[2], static_cast<std::int64_t>(input.index.value),
                   input.hlc.wall_ns + number_of(words[3]) * ns_per_ms};
    Batch writes;
    if (held) writes.push_back(Delete{due_key(held->until_ns, words[1])});
    writes.push_back(Put{lock_key(words[1]), now.row()});
    writes.push_back(Put{due_key(now.until_ns, words[1]), ""});
    return {std::move(writes), "granted " + std::to_string(now.token), now.until_ns};
  }

  static ApplyOutput release(const View& rows, const std::string& lock, std::int64_t token) {
    const auto held = Held::of(rows, lock);
    if (!held || held->token != token) return {{}, "not held"};
    return {{Delete{lock_key(lock)}, Delete{due_key(held->until_ns, lock)}}, "released"};
  }

  /// A few at a time, so that no entry takes long: what is left is due again at once.
  static ApplyOutput expire(const View& rows, Hlc now) {
    constexpr std::size_t at_once = 64;
    Batch writes;
    for (auto due = rows.seek("due/"); due->valid() && writes.size() < 2 * at_once; due->next()) {
      const Bytes key(due->key());
      if (!key.starts_with("due/") || number_of(BytesView(key).substr(4, 20)) > now.wall_ns) break;
      writes.push_back(Delete{lock_key(key.substr(25))});
      writes.push_back(Delete{key});
    }
    return {std::move(writes), ""};
  }
};

}  // namespace locks
