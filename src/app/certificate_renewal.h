// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node's next certificate. At two thirds of its life, or as soon as the cluster wants another authority's,
// the node signs one itself if it has the authority's key, else asks one connected member after the other;
// key and UUID stay. What it is given is judged as at start, written durably over node.crt and used at once.
//
//   in use ──2/3, or a new authority──▶ asking ──a good one──▶ in use
//                                        │  ▲
//                              nobody can▼  │later, and later each time
//                                       waiting
//
// The other half answers members that ask. Net thread only.

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "app/signer.h"
#include "base/rng.h"
#include "edge/quic/transport.h"
#include "node/trust.h"
#include "wire/certificate_messages.h"

namespace nodedb::app {

class CertificateRenewal {
 public:
  /// `directory` holds node.crt and node.key. Transport and signer outlive it.
  CertificateRenewal(std::string directory, quic::Transport& transport, const Signer& signer, Rng luck);

  /// Called now and then, with the monotonic clock and the seconds since 1970. True: node.crt is a new one
  /// and is to be loaded.
  bool tend(const node::Trust& trust, std::int64_t now_ns, std::int64_t now_s);
  /// An answer; true as above.
  bool given(const node::Trust& trust, const Uuid& peer, const wire::CertificateGiven& given,
             std::int64_t now_ns);

 private:
  bool due(const node::Trust& trust, std::int64_t now_s);
  bool ask_next(const node::Trust& trust, std::int64_t now_ns);
  Result<wire::CertificateWanted> request() const;
  Result<void> take(const node::Trust& trust, const Bytes& certificate);
  bool taken(const node::Trust& trust, const Result<Bytes>& certificate, const std::string& from);
  void give_up_for_now(std::int64_t now_ns);

  std::string directory_;
  quic::Transport& transport_;
  const Signer& signer_;
  Rng rng_;
  std::uint64_t luck_ = 0;     ///< where in the twelfth after 2/3
  std::set<Uuid> tried_;       ///< in this round; ourselves, too
  std::optional<Uuid> asked_;  ///< whose answer is awaited
  std::int64_t next_ns_ = 0;   ///< asked: patience ends; waiting: the next round begins
  std::int64_t pause_ns_ = 0;  ///< before the next round
  std::int64_t told_ns_ = 0;   ///< when somebody was last warned
  std::string last_refusal_ = "no member is connected";
};

}  // namespace nodedb::app
