// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node's vitals (wire/vitals_messages.h): taken and told to every peer each few seconds, and the others' as
// they have told theirs. The time of clients' requests is taken of one at a time, the next one when that is
// answered: it costs nothing, and is as good as all. Net thread.

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/node_figures.h"
#include "base/time.h"
#include "base/uuid.h"
#include "wire/messages.h"

namespace nodedb::app {

class VitalsKeeper {
 public:
  static constexpr std::int64_t tell_ns = 5 * ns_per_s;
  /// What was told earlier is not shown any more.
  static constexpr std::int64_t believed_ns = 4 * tell_ns;

  /// `data`: the node's directory.
  VitalsKeeper(asio::io_context& loop, std::string data) : timer_(loop), data_(std::move(data)) {}

  void start(Uuid self, std::function<void(const Uuid& peer, const wire::Vitals& vitals)> tell);
  void stop() { timer_.cancel(); }
  void set_peers(std::vector<Uuid> peers);

  /// True if it was about vitals.
  bool received(const Uuid& peer, const wire::PeerMessage& message);
  void asked(std::uint64_t tag);
  void answered(std::uint64_t tag);

  /// Of this node and of those that have told lately.
  std::map<Uuid, wire::Vitals> known() const;
  const AnswerTimes& answer_times() const { return times_; }

 private:
  struct Told {
    wire::Vitals vitals;
    Time at;
  };

  void take();

  asio::steady_timer timer_;
  std::string data_;
  Uuid self_;
  std::function<void(const Uuid&, const wire::Vitals&)> tell_;
  std::vector<Uuid> peers_;
  std::map<Uuid, Told> told_;

  std::optional<std::uint64_t> watched_;  ///< the tag of the request whose time is taken
  Time asked_at_ = long_ago;
  AnswerTimes times_;
  AnswerTimes times_told_;
  std::uint64_t us_max_ = 0;
  std::int64_t cpu_us_told_ = 0;
  Time taken_at_ = long_ago;
};

}  // namespace nodedb::app
