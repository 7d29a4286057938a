// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operators of a world, and what happens to its machines for good: machines join, drain, leave, stay
// after all, are replaced, lost, wiped and away for long; settings change; tokens are made, shown by two
// machines at once, revoked. Never takes what no cluster survives: a majority of any config that somebody
// goes by is left. Owns no state of the world.

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "meta/entries.h"
#include "sim/climate.h"
#include "sim/host.h"
#include "sim/oracle.h"
#include "sim/schedule.h"

namespace nodedb::sim {

/// Answers to what is asked for here carry tags from here on.
inline constexpr std::uint64_t membership_tags = 1'000;

class MembershipNemesis {
 public:
  struct Power {
    virtual ~Power() = default;
    virtual Host& host(std::size_t node) = 0;
    virtual void crash(std::size_t node) = 0;
    virtual void boot(std::size_t node) = 0;
    virtual bool started(std::size_t node) const = 0;
    /// It never comes back.
    virtual bool gone(std::size_t node) const = 0;
    virtual void lose(std::size_t node) = 0;
    /// Nor does what it held: the machine starts with an empty disk and its old certificate.
    virtual void wipe(std::size_t node) = 0;
    /// A machine of the reserve is set up, and joins.
    virtual void bring(std::size_t node) = 0;
    virtual const Uuid& uuid_of(std::size_t node) const = 0;
  };

  MembershipNemesis(const Climate& climate, Schedule& schedule, Power& power, Oracle& oracle, Rng rng);

  void start();
  /// No more trouble; what has been asked for is to come to its end.
  void stop();
  void answered(std::uint64_t tag, const Error* refused);

  /// The operator's last words: settings under which everything can come right. Call until it holds.
  bool put_right();
  /// What must have left a line in the audit log, by actor.
  const std::set<std::string>& to_be_audited() const { return audited_; }

 private:
  struct Deed {
    std::string actor;
    meta::MetaEntry entry;
  };

  void next();
  void strike();
  void join();
  void lose(bool wiped);
  void be_away();
  void drain();
  void decommission();
  void recommission();
  void replace();
  void rebalance();
  bool one_is_replaced();
  bool in_force(const meta::SettingChange& word);
  void replace_most();
  meta::SettingChange any_setting();
  void change_setting();
  void use_token();
  void show_token(const meta::TokenCreate& token);

  void ask(meta::MetaEntry entry);
  /// By a node that is up; nobody: there is none.
  std::optional<std::size_t> anybody();
  std::vector<NodeId> members(std::initializer_list<meta::MemberState> states);
  bool may_lose(std::size_t node);
  bool survives(const raft::Config& config, std::size_t without) const;
  std::optional<raft::Config> config_on(std::size_t node, GroupId group);
  std::optional<std::size_t> reserve() const;
  std::int64_t lasting() {
    return climate_.fault_for_ns / 4 + rng_.between(0, climate_.fault_for_ns * 3 / 2);
  }

  const Climate& climate_;
  Schedule& schedule_;
  Power& power_;
  Oracle& oracle_;
  Rng rng_;
  bool stopped_ = false;
  std::uint64_t last_tag_ = membership_tags;
  std::map<std::uint64_t, Deed> open_;
  std::map<TokenId, std::set<Uuid>> admitted_;
  std::set<std::string> audited_;
  std::vector<meta::SettingChange> last_words_;
  std::int64_t said_at_ = 0;
  std::optional<std::int64_t> calm_since_;  ///< the last words are in force
};

}  // namespace nodedb::sim
