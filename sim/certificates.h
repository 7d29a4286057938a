// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the net thread does with certificates while the cluster exchanges its authority
// (app/certificate_life.h), without files, keys and time limits: an authority is its fingerprint, a
// certificate is its issuer's. Pure; the machine carries out the steps and says what came of them.

#include <cstdint>
#include <optional>
#include <set>

#include "base/digest.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "node/trust.h"
#include "wire/certificate_messages.h"
#include "wire/messages.h"

namespace nodedb::sim {

/// ca.crt, node.crt, and what lies where `--ca-key` points: durable, each of them rewritten as a whole.
struct CertificateFiles {
  std::set<Digest> authorities;
  Digest issuer;
  std::optional<Digest> key;  ///< nothing: this machine signs nothing
  bool operator==(const CertificateFiles&) const = default;
};

/// Two machines let each other in if each trusts the other's issuer.
bool let_each_other_in(const CertificateFiles& a, const CertificateFiles& b);

/// One life of that thread.
class CertificateKeeper {
 public:
  /// What to do next: one of the two.
  struct Step {
    std::optional<CertificateFiles> write;  ///< one file differs
    std::optional<wire::Outbound> send;
  };

  /// `forgets_at_stage` is a planted bug: whoever is to trust another authority forgets those that it knew.
  CertificateKeeper(const Uuid& self, const CertificateFiles& files, Rng luck, bool forgets_at_stage = false)
      : self_(self), used_(files), rng_(luck), forgets_at_stage_(forgets_at_stage) {}

  /// Group 0 says so from now on.
  void admit(node::Trust trust) { trust_ = std::move(trust); }
  void connected(const Uuid& peer) { connected_.insert(peer); }
  void disconnected(const Uuid& peer) { connected_.erase(peer); }

  /// Call until there is nothing to do, now and then and after everything that has happened.
  std::optional<Step> next(std::int64_t now_ns);
  /// The files have changed: by a step that was carried out, or by an operator's hand.
  void use(const CertificateFiles& files);
  /// Another member's answer.
  std::optional<Step> given(const Uuid& peer, const wire::CertificateGiven& given);
  wire::CertificateGiven answer(const Uuid& peer) const;
  /// What the node is to be told; nothing: it knows.
  std::optional<node::CertificateInUse> news();

 private:
  std::optional<Step> take(const Digest& issuer) const;
  std::optional<Step> ask_next(std::int64_t now_ns);

  Uuid self_;
  CertificateFiles used_;
  std::optional<Digest> signs_by_;  ///< the key as it was read last; it has to fit what is trusted
  Rng rng_;
  bool forgets_at_stage_;
  std::optional<node::Trust> trust_;
  std::set<Uuid> connected_;
  std::set<Uuid> tried_;
  std::optional<Uuid> asked_;
  std::int64_t next_ns_ = 0;
  std::int64_t pause_ns_ = ns_per_s;
  std::optional<node::CertificateInUse> told_;
};

}  // namespace nodedb::sim
