// SPDX-License-Identifier: Apache-2.0
#include "app/move_watch.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <iostream>
#include <thread>

#include "app/cluster_picture.h"
#include "app/move_rows.h"
#include "edge/base/clock.h"
#include "meta/migration.h"

namespace nodedb::app {

namespace {

constexpr std::int64_t move_poll_ns = 200 * ns_per_ms;
constexpr std::int64_t ask_patience_ns = 2 * ns_per_s;
constexpr std::int64_t move_silence_max_ns = 30 * ns_per_s;
constexpr std::int64_t tell_again_ns = 5 * ns_per_s;
constexpr std::size_t lines_max = 16;
constexpr std::size_t phases = meta::migration_phases.size();

/// 1 for the first; one more than there are for a name that this build does not know.
std::size_t phase_number(const std::string& wanted) {
  const auto at = std::ranges::find(meta::migration_phases, wanted, [](auto phase) { return name(phase); });
  return static_cast<std::size_t>(at - meta::migration_phases.begin()) + 1;
}

std::string bar(const Json& row) {
  const std::size_t done = std::min(phase_number(row["phase"].text()), phases);
  return "[" + std::string(done, '#') + std::string(phases - done, '.') + "]";
}

}  // namespace

Result<Json> MoveSource::ask_at(const std::string& address, const node::StatusWish& wish) const {
  Operator one = from_;
  one.node = address;
  if (address != from_.node) one.timeout_ns = std::min(from_.timeout_ns, ask_patience_ns);
  return ask(one, AskStatus{wish});
}

/// Asks the node that was named, and then whom that one takes for the driver.
void MoveSource::find_driver() {
  std::string next = from_.node;
  for (int asked = 0; asked < 2 && !next.empty(); ++asked) {
    const auto status = ask_at(next, {});
    if (!status) return;
    learn(*status);
    if ((*status)["drives"].boolean()) {
      driver_ = next;
      return;
    }
    next.clear();
    for (const Json& member : (*status)["members"].items())
      if (member["id"].number() == (*status)["driver"].number()) next = member["quic"].text();
  }
}

/// Remembers whom else to ask.
void MoveSource::learn(const Json& status) {
  for (const Json& member : status["members"].items()) {
    if (member["state"].text() == meta::name(meta::MemberState::retired)) continue;
    const std::string address = member["quic"].text();
    if (std::ranges::find(known_, address) == known_.end()) known_.push_back(address);
  }
}

Result<std::string> MoveSource::driver() {
  const auto status = look({});
  if (!status) return std::unexpected(status.error());
  if (!(*status)["drives"].boolean())
    return fail(Code::no_leader, "the metadata group has no leader now: try again");
  return driver_;
}

Result<Json> MoveSource::look(const node::StatusWish& wish) {
  if (driver_.empty()) find_driver();
  if (!driver_.empty()) {
    auto status = ask_at(driver_, wish);
    if (status && (*status)["drives"].boolean()) return status;
    driver_.clear();
  }
  return ask_all(wish);
}

Result<Json> MoveSource::ask_all(const node::StatusWish& wish) {
  std::vector<std::future<Result<Json>>> asked;
  for (const std::string& address : known_)
    asked.push_back(std::async(std::launch::async, [&, address] { return ask_at(address, wish); }));
  std::vector<NodeAnswer> answers;
  for (std::size_t i = 0; i < asked.size(); ++i) answers.push_back({known_[i], asked[i].get()});
  for (const NodeAnswer& answer : answers) {
    if (!answer.status) continue;
    if ((*answer.status)["drives"].boolean()) driver_ = answer.address;
    learn(*answer.status);
  }
  if (known_.size() > answers.size() && driver_.empty()) return ask_all(wish);
  const Json& best = mover_of(answers);
  if (!best.is_null()) return best;
  for (const NodeAnswer& answer : answers)
    if (answer.status) return not_formed(from_);
  return std::unexpected(answers.front().status.error());
}

void MoveProgress::measure(Time now, Seen& seen, const Json& row) {
  const std::int64_t copied = row["copied_bytes"].number(), lag = row["lag_entries"].number();
  if (seen.at != never && now > seen.at) {
    const double seconds = static_cast<double>(now - seen.at) / static_cast<double>(ns_per_s);
    // Half of what was, so that the figure is calm enough to be read.
    seen.bytes_per_s = (seen.bytes_per_s + static_cast<double>(copied - seen.copied) / seconds) / 2;
    seen.entries_per_s = (seen.entries_per_s + static_cast<double>(seen.lag - lag) / seconds) / 2;
  }
  seen.at = now;
  seen.copied = copied;
  seen.lag = lag;
}

std::string MoveProgress::line(Time now, const Json& row) {
  Seen& seen = seen_[row["id"].text()];
  measure(now, seen, row);
  std::string text = row["id"].text().substr(0, 8) + " vShard " + std::to_string(row["vshard"].number()) +
                     " node " + std::to_string(row["source"].number()) + " to " +
                     std::to_string(row["target"].number()) + ": " + phase_text(row);
  if (row["attempt"].number() > 0) text += ", try " + std::to_string(row["attempt"].number() + 1);
  if (seen.copied > 0) text += ", " + copied_text(row) + " copied";
  if (seen.bytes_per_s >= 1) text += ", " + bytes_text(static_cast<std::int64_t>(seen.bytes_per_s)) + "/s";
  if (seen.lag > 0) text += ", lag " + std::to_string(seen.lag) + " entries";
  const std::int64_t to_copy = row["copy_bytes"].number() - seen.copied;
  const auto left = [&](std::int64_t amount, double per_s) {
    text += ", about " +
            age_text(static_cast<std::int64_t>(1000 * static_cast<double>(amount) / per_s) + 1000) + " left";
  };
  if (to_copy > 0 && seen.bytes_per_s >= 1)
    left(to_copy, seen.bytes_per_s);
  else if (seen.lag > 0 && seen.entries_per_s >= 1)
    left(seen.lag, seen.entries_per_s);
  if (const std::int64_t pace = row["pace_bytes_per_second"].number(); pace > 0)
    text += ", writes limited to " + bytes_text(pace) + "/s";
  const std::string waits = row["waits_for"].text();
  if (!waits.empty()) text += ", waiting: " + waits + " (" + age_text(row["waits_ms"].number()) + ")";
  return text;
}

void MoveProgress::clear() {
  if (!terminal_ || drawn_ == 0) return;
  std::cerr << "\x1b[" << drawn_ << "A\x1b[J" << std::flush;
  drawn_ = 0;
}

void MoveProgress::show(Time now, const std::vector<Json>& rows, const std::string& heading) {
  clear();
  if (!heading.empty() && terminal_) {
    std::cerr << heading << '\n';
    ++drawn_;
  } else if (heading != heading_ && now - heading_told_ >= tell_again_ns) {
    std::cerr << heading << '\n';
    heading_ = heading;
    heading_told_ = now;
  }
  for (const Json& row : rows) {
    const std::string text = line(now, row);
    if (terminal_) {
      if (drawn_ >= lines_max) continue;
      std::cerr << bar(row) << ' ' << text << '\n';
      ++drawn_;
      continue;
    }
    Seen& seen = seen_[row["id"].text()];
    const std::string state = phase_text(row) + std::to_string(row["attempt"].number());
    if (state == seen.state && now - seen.told < tell_again_ns) continue;
    seen.state = state;
    seen.told = now;
    std::cerr << text << '\n';
  }
  if (terminal_ && rows.size() > lines_max) {
    std::cerr << "and " << rows.size() - lines_max << " more\n";
    ++drawn_;
  }
  std::cerr << std::flush;
}

namespace {

std::map<std::string, Json> rows_by_id(const Json& rows) {
  std::map<std::string, Json> found;
  for (const Json& one : rows.items()) found.emplace(one["id"].text(), one);
  return found;
}

/// What one look has shown.
struct Sight {
  std::vector<Json> live;
  std::vector<std::string> missing;  ///< neither under way nor in what was told of the history
};

Sight sort_out(const Json& status, const std::vector<std::string>& ids, std::map<std::string, Json>& ended) {
  Sight sight;
  const auto live = rows_by_id(status["migrations"]), history = rows_by_id(status["history"]);
  for (const std::string& id : ids) {
    if (ended.contains(id)) continue;
    if (const auto at = history.find(id); at != history.end()) {
      ended.emplace(id, at->second);
    } else if (const auto moving = live.find(id); moving != live.end()) {
      sight.live.push_back(moving->second);
    } else {
      sight.missing.push_back(id);
    }
  }
  return sight;
}

}  // namespace

Result<std::vector<Json>> await_moves(MoveSource& source, const std::vector<std::string>& ids,
                                      std::int64_t timeout_ns) {
  MoveProgress progress(::isatty(STDERR_FILENO) == 1);
  std::map<std::string, Json> ended;
  const Time began = edge::monotonic_time();
  Time heard = began;
  bool whole = false;  // the next look asks for the whole history
  while (ended.size() < ids.size()) {
    const auto status = source.look({.history = whole});
    const Time now = edge::monotonic_time();
    if (status) {
      heard = now;
      const Sight sight = sort_out(*status, ids, ended);
      progress.show(now, sight.live);
      whole = !sight.missing.empty() && (*status)["history_left_out"].number() > 0;
    } else if (now - heard > move_silence_max_ns) {
      return std::unexpected(status.error());
    }
    if (ended.size() == ids.size()) break;
    if (timeout_ns > 0 && now - began > timeout_ns) {
      progress.clear();
      return fail(Code::busy, std::to_string(ids.size() - ended.size()) +
                                  " migrations are still under way; they go on by themselves: "
                                  "nodedb-cluster migration ls");
    }
    if (!whole) std::this_thread::sleep_for(std::chrono::nanoseconds(move_poll_ns));
  }
  progress.clear();
  std::vector<Json> rows;
  for (const std::string& id : ids) rows.push_back(ended.at(id));
  return rows;
}

}  // namespace nodedb::app
