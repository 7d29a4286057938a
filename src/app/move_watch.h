// SPDX-License-Identifier: Apache-2.0
#pragma once

// Follows migrations to their end: asks the node that drives them, finds its successor when it is gone, and
// says on stderr how each gets on.

#include <map>
#include <string>
#include <vector>

#include "app/operator_calls.h"
#include "base/time.h"

namespace nodedb::app {

/// The word of the node that drives migrations, whoever that is at the moment.
class MoveSource {
 public:
  explicit MoveSource(Operator from) : from_(std::move(from)), known_{from_.node} {}

  /// The driver's status; while there is none, that of a node that has the records (`drives` is false then).
  /// Errors: nobody answers, not_initialised.
  Result<Json> look(const node::StatusWish& wish);
  /// The address of the node that drives. Errors: no_leader, and as `look`.
  Result<std::string> driver();

 private:
  void learn(const Json& status);
  Result<Json> ask_at(const std::string& address, const node::StatusWish& wish) const;
  void find_driver();
  Result<Json> ask_all(const node::StatusWish& wish);

  Operator from_;
  std::vector<std::string> known_;  ///< addresses of members
  std::string driver_;              ///< its address; empty: not known
};

/// Lines about migrations under way: redrawn in place on a terminal, else written when something changes.
class MoveProgress {
 public:
  explicit MoveProgress(bool terminal) : terminal_(terminal) {}

  /// The rows of the migrations that are watched and have not ended, below a line about the whole, if any.
  void show(Time now, const std::vector<Json>& rows, const std::string& heading = {});
  /// Leaves a clean line behind.
  void clear();
  /// One line about one migration; remembers what it saw last, for rates.
  std::string line(Time now, const Json& row);

 private:
  struct Seen {
    Time at = never;
    std::int64_t copied = 0;
    std::int64_t lag = 0;
    double bytes_per_s = 0;
    double entries_per_s = 0;  ///< by which the lag shrinks
    std::string state;
    Time told = long_ago;
  };
  void measure(Time now, Seen& seen, const Json& row);

  bool terminal_;
  std::size_t drawn_ = 0;
  std::string heading_;
  Time heading_told_ = long_ago;
  std::map<std::string, Seen> seen_;
};

/// Waits until all have ended. Returns their history rows, in the order of `ids`. `timeout_ns` 0: for ever.
/// Errors: busy (they still run after the timeout), and those of MoveSource::look when nobody has answered
/// for 30 s.
Result<std::vector<Json>> await_moves(MoveSource& source, const std::vector<std::string>& ids,
                                      std::int64_t timeout_ns);

}  // namespace nodedb::app
