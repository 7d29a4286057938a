// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a group remembers of one gateway so that a retried write is applied once and a gateway's writes are
// applied in its order (rule C5; thesis, section 6.3, with the gateway as the client). Replicated state:
// every replica computes the same row from the same log. A gateway is a node, node ids are never reused, and
// only the latest incarnation is remembered, so the rows are bounded by the members there ever were.

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hlc.h"
#include "base/ids.h"
#include "base/queue.h"
#include "wire/messages.h"

namespace nodedb::node {

class Session {
 public:
  enum class Verdict : std::uint8_t {
    apply,      ///< next in order: apply it, then `answered`
    duplicate,  ///< applied before: `reply_to` has the answer, unless the gateway said it needs it no longer
    out_of_order,  ///< an earlier write is missing: no effect, the gateway sends again in order
    stale,         ///< of an earlier life of the gateway: no effect
  };

  /// Judges a write and forgets the answers that its stamp says are no longer needed. Pre: stamp.sequence >=
  /// stamp.first_outstanding >= 1 (checked when the entry was decoded).
  Verdict admit(const wire::SessionStamp& stamp);
  void answered(std::uint64_t sequence, BytesView reply);
  /// Null if the answer was let go.
  const Bytes* reply_to(std::uint64_t sequence) const;

  /// The group's clock when the gateway's latest write was applied. The group's own is the latest of all.
  Hlc hlc() const { return hlc_; }
  void set_hlc(Hlc hlc) { hlc_ = hlc; }

  Bytes encode() const;
  /// Errors: damaged.
  static Result<Session> decode(BytesView row);

 private:
  Incarnation incarnation_;
  Hlc hlc_;
  std::uint64_t last_ = 0;  ///< highest sequence applied
  struct Reply {
    std::uint64_t sequence = 0;
    Bytes bytes;
  };
  Queue<Reply> replies_;  ///< rising by sequence
};

}  // namespace nodedb::node
