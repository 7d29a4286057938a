// SPDX-License-Identifier: Apache-2.0
#pragma once

// How patient SWIM is. A profile gives all of it; the same on every node of a cluster, though nothing breaks
// if it is not.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/time.h"

namespace nodedb::swim {

enum class Profile : std::uint8_t {
  local,  ///< one machine, or one rack: dead within about 3 s
  lan,    ///< the Lifeguard paper's parameters
  wan,    ///< round trips of a tenth of a second and more
};

struct Options {
  std::int64_t period_ns = 1 * ns_per_s;       ///< one member is probed in each
  std::int64_t ack_wait_ns = 500 * ns_per_ms;  ///< then others are asked; below the period
  std::size_t helpers = 3;                     ///< how many are asked (SWIM's k)
  std::int64_t gossip_ns = 200 * ns_per_ms;    ///< between two spreadings, while there is news
  std::size_t gossip_fanout = 3;               ///< members told in each
  std::uint32_t gossip_factor = 4;             ///< a rumour is sent factor * ceil(log10(n + 1)) times
  std::int64_t sync_ns = 30 * ns_per_s;        ///< between two exchanges of all that is known
  double suspicion_factor = 5;                 ///< Lifeguard's alpha: shortest suspicion, periods * log10 n
  double suspicion_stretch = 6;                ///< Lifeguard's beta: longest suspicion / shortest, at least 1
  std::size_t witnesses = 3;                   ///< Lifeguard's K: independent ones that make it shortest
  std::uint32_t ill_max = 8;                   ///< Lifeguard's S: own waits grow up to 1 + this
  std::size_t datagram_bytes = limits::swim_datagram_bytes;  ///< a message and its rumours

  bool check_rules = false;  ///< abort when `broken_rule` finds something, after every event

  static Options of(Profile profile);
  /// Every complaint at once; empty if all is well.
  std::vector<std::string> validate() const;
};

/// Deliberate mistakes, to prove that tests and simulator find them, and to show in studies what a part of
/// the protocol is worth. All off outside tests.
struct PlantedBugs {
  bool stale_life_believed = false;  ///< a word about an earlier life overrules a later one
  bool no_refutation = false;        ///< bears whatever is said of it
  bool refuted_still_dies = false;   ///< a refutation does not stop the suspicion's clock
  bool one_witness_counts_twice = false;
  bool never_nacks = false;
  bool most_sent_first = false;     ///< old rumours starve new ones
  bool suspect_not_told = false;    ///< no buddy system
  bool health_ignored = false;      ///< own waits never grow
  bool blames_after_stall = false;  ///< having stood still is held against others
};

}  // namespace nodedb::swim
