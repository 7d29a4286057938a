// SPDX-License-Identifier: Apache-2.0
#include "app/watch_commands.h"

#include <chrono>
#include <iostream>
#include <thread>

#include "app/cluster_changes.h"
#include "app/terminal.h"
#include "app/top_screen.h"
#include "edge/base/clock.h"

namespace nodedb::app {

namespace {

constexpr std::int64_t screen_round_ns = ns_per_s;
/// A node that does not answer by then is drawn as down; it keeps nobody waiting for longer.
constexpr std::int64_t answer_patience_ns = 2 * ns_per_s;
constexpr std::size_t page_width = 1'000;
constexpr std::size_t page_height = 200;

Operator impatient(Operator from) {
  from.timeout_ns = std::min(from.timeout_ns, answer_patience_ns);
  return from;
}

Result<TopLook> look_at_top(const Operator& from, const node::StatusWish& wish) {
  auto answers = ask_everybody(from, wish);
  if (!answers) return std::unexpected(answers.error());
  TopLook now{edge::monotonic_time(), std::move(*answers), {}};
  now.cluster = picture_of(now.answers);
  if (now.cluster.cluster.is_null()) return not_formed(from);
  return now;
}

/// From whom the last look came, then from any member that it saw: the one that was named may be down.
class Watch {
 public:
  explicit Watch(const Operator& from) : from_(impatient(from)), known_{from.node} {}

  Result<TopLook> next(const node::StatusWish& wish) {
    Result<TopLook> seen = look_at_top(from_, wish);
    for (std::size_t i = 0; !seen && i < known_.size(); ++i) {
      if (known_[i] == from_.node) continue;
      Operator other = from_;
      other.node = known_[i];
      if (auto found = look_at_top(other, wish)) {
        from_ = other;
        seen = std::move(found);
      }
    }
    if (seen) {
      known_.clear();
      for (const MemberPicture& member : seen->cluster.members) known_.push_back(member.quic);
    }
    return seen;
  }

 private:
  Operator from_;
  std::vector<std::string> known_;
};

void tell(const std::vector<Happening>& happenings, Output output) {
  for (const Happening& one : happenings)
    print(output == Output::json ? happening_json(one).dump() + "\n" : happening_text(one));
}

}  // namespace

Exit run_top(const Operator& from, Output output) {
  Watch watch(from);
  auto now = watch.next({});
  if (!now) return complain(now.error());
  MoveProgress moves(false);
  if (output == Output::json || !Terminal::there()) {
    std::string text;
    for (const std::string& line : top_screen({}, *now, moves, page_width, page_height)) text += line + "\n";
    return show(picture_json(now->cluster), output, text);
  }
  Terminal terminal;
  TopLook before;
  do {
    std::vector<std::string> lines{time_text(edge::wall_time().ns / ns_per_ms) + "   q: end"};
    if (now) {
      std::ranges::move(top_screen(before, *now, moves, terminal.width(), terminal.height() - 1),
                        std::back_inserter(lines));
      before = std::move(*now);
    } else {
      lines.push_back(now.error().detail.substr(0, terminal.width()));
    }
    terminal.draw(lines);
    if (terminal.ended(screen_round_ns)) break;
    now = watch.next({});
  } while (!terminal.ended(0));
  return Exit::ok;
}

Exit run_events(const Operator& from, bool follow, Output output) {
  Watch watch(from);
  auto seen = watch.next({.history = true, .admin = true});
  if (!seen) return complain(seen.error());
  tell(past_of(seen->cluster.moves), output);
  ClusterPicture before = std::move(seen->cluster);
  bool silent = false;
  while (follow) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(screen_round_ns));
    auto now = watch.next({});
    if (!now) {
      if (!std::exchange(silent, true))
        std::cerr << "nodedb-cluster: nobody answers: " << now.error().detail << "\n";
      continue;
    }
    silent = false;
    tell(changes_between(before, now->cluster, edge::wall_time().ns / ns_per_ms), output);
    before = std::move(now->cluster);
  }
  return Exit::ok;
}

}  // namespace nodedb::app
