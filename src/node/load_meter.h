// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the vShards cost that this node leads: writes and reads a second as a mean of about a minute, and
// about how many bytes they hold. CPU is not measured: a pure core has no clock that runs while it works, and
// it goes with reads and writes. Who has led a vShard for less than a minute does not know yet. Pure.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "wire/load_messages.h"

namespace nodedb::node {

class LoadMeter {
 public:
  /// Of the mean: older counts fade.
  static constexpr std::int64_t mean_ns = 60 * ns_per_s;
  /// Less than this of a vShard is as good as nothing: luck makes more of a difference.
  static constexpr std::uint64_t rate_min = 10;
  static constexpr std::uint64_t bytes_min = 1024 * 1024;

  void wrote(VShardId vshard) { ++meters_[vshard.value].writes.count; }
  void read(VShardId vshard) { ++meters_[vshard.value].reads.count; }
  void sized(VShardId vshard, std::uint64_t bytes) { meters_[vshard.value].bytes = bytes; }

  /// Takes the counts since the last call into the means. Pre: `now` rises.
  void sample(Time now, const std::function<bool(VShardId)>& leads);
  /// Nothing of a vShard that is not led, or not for long enough.
  std::optional<wire::VShardLoad> known(Time now, VShardId vshard) const;
  /// Led vShards that have been written to since they were given here last; in turn, `at_most` of them.
  std::vector<VShardId> take_unsized(std::size_t at_most);
  /// The led vShards with most writes and reads, the busiest first; those with nothing to tell are left out.
  std::vector<wire::VShardLoad> hottest(std::size_t at_most) const;
  /// What differs by more than a tenth from what was given here last; with `anew`, all that is not nothing.
  std::vector<wire::VShardLoad> take_news(Time now, bool anew);

 private:
  struct Rate {
    std::uint64_t count = 0;
    double per_s = 0;

    void sample(double seconds, double weight);
    std::uint64_t value() const;
  };
  struct Meter {
    bool led = false;
    Time since;  ///< led
    Rate writes;
    Rate reads;
    std::uint64_t bytes = 0;
    bool grown = false;     ///< may have another size
    wire::VShardLoad told;  ///< as `take_news` has given it last
  };

  wire::VShardLoad load_of(VShardId vshard) const;

  std::vector<Meter> meters_ = std::vector<Meter>(vshard_count);
  Time sampled_ = long_ago;
  std::size_t turn_ = 0;
};

}  // namespace nodedb::node
