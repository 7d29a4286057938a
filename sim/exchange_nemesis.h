// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operators of an exchange of the cluster's authority: they make machines' first certificates, stage an
// authority, again or another one in its place, put its key where certificates are signed, early, late or
// never, and finalise, too early and too often. A machine that group 0's word never reached
// (exchange_judge.h) gets another certificate by hand. Owns no state of the world.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "sim/climate.h"
#include "sim/membership_nemesis.h"
#include "sim/oracle.h"
#include "sim/schedule.h"

namespace nodedb::sim {

/// Answers to what is asked for here carry it.
inline constexpr std::uint64_t exchange_tag = 4;

/// Authorities are numbered; 0 is the one that the cluster is founded with.
Digest authority_numbered(std::uint64_t number);

class ExchangeNemesis {
 public:
  ExchangeNemesis(const Climate& climate, Schedule& schedule, MembershipNemesis::Power& power, Oracle& oracle,
                  Rng rng);

  /// The machine's first files. Later calls do nothing.
  void equip(std::size_t node);
  void start();
  void stop();
  /// The key lies in its place there, whether the process is up or not.
  void put_key(std::size_t node, const std::optional<Digest>& authority);
  /// The operators' last words, again and again while all settles: whoever is waited for is helped.
  void put_right();

 private:
  void next();
  void strike();
  void stage(const Digest& authority);
  void change_mind();
  void finalise();
  void help_newcomers();
  CertificateFiles files_for(std::size_t node);
  /// A member that is up; its number.
  std::optional<std::size_t> anybody();
  std::optional<Digest> staged();
  void ask(meta::MetaEntry entry);
  std::int64_t lasting() { return rng_.between(0, 2 * climate_.change_every_ns); }

  const Climate& climate_;
  Schedule& schedule_;
  MembershipNemesis::Power& power_;
  Oracle& oracle_;
  Rng rng_;
  bool stopped_ = false;
  bool keys_come_;  ///< in the end
  std::vector<bool> signs_;
  std::vector<bool> equipped_;
  std::uint64_t last_authority_ = 0;
};

}  // namespace nodedb::sim
