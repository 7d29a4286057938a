// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which connection two nodes keep when there are two. Both sides dial, so both must come to the same answer
// without asking: the one whose dialler has the smaller UUID stays, and only that dialler closes the other,
// once its own is confirmed. A peer that was restarted is recognised by its new instance: the new connection
// replaces the old one at once. Unless the old one is alive and leads elsewhere: then two processes share one
// identity, as with a copied data directory, and the newcomer stays outside.

#include <cstdint>

namespace nodedb::quic {

struct PairFacts {
  bool same_instance = false;       ///< both connections lead to the same run of the peer
  bool current_by_smaller = false;  ///< dialled by the node with the smaller UUID
  bool candidate_by_smaller = false;
  bool candidate_is_ours = false;  ///< we dialled it
  bool we_are_smaller = false;
  bool current_alive = false;  ///< the peer has been heard on it just now
  bool same_address = false;   ///< both come from one socket of the peer
};

struct PairVerdict {
  enum class Keep : std::uint8_t { current, candidate } keep = Keep::candidate;
  /// Close the other now; else the peer is about to, and it is closed here only if the peer does not.
  bool close_other_now = false;
  bool operator==(const PairVerdict&) const = default;
};

constexpr PairVerdict judge(const PairFacts& facts) {
  using Keep = PairVerdict::Keep;
  if (!facts.same_instance && facts.current_alive && !facts.same_address) return {Keep::current, true};
  if (!facts.same_instance) return {Keep::candidate, true};
  if (facts.current_by_smaller == facts.candidate_by_smaller) {
    // Two from one dialler: it dials again only after it lost one, unless two of its dials crossed.
    return facts.candidate_is_ours ? PairVerdict{Keep::current, true} : PairVerdict{Keep::candidate, false};
  }
  return {facts.candidate_by_smaller ? Keep::candidate : Keep::current, facts.we_are_smaller};
}

}  // namespace nodedb::quic
