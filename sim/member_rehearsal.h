// SPDX-License-Identifier: Apache-2.0
#pragma once

// A machine that comes or goes, played by a script in the mild world of rehearsal.h: it joins, uses a token,
// is decommissioned, is replaced. Or the cluster's
// authority is exchanged. The operator asks again until group 0's rows show what was asked for.
// Without trouble it lists every durable write from the first word on, until all is as it is wanted.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "meta/tables.h"
#include "sim/accident.h"
#include "sim/climate.h"
#include "sim/world.h"

namespace nodedb::sim {

struct MemberScene {
  enum class Deed : std::uint8_t { join, token, decommission, replace, exchange };
  std::string name;
  Deed deed = Deed::join;
  bool subject_leads = false;   ///< who leaves leads the vShard's group; else another does
  bool subject_drives = false;  ///< … and group 0
};

Climate member_climate(const MemberScene& scene);

class MemberRehearsal final : public World::Script {
 public:
  MemberRehearsal(MemberScene scene, Trouble trouble)
      : scene_(std::move(scene)), accident_(std::move(trouble)) {}

  void play(World& world) override;
  void judge(World& world) override;
  Fate writing(World& world, std::size_t node, DurableWrite what) override;
  void wrote(World& world, std::size_t) override { accident_.wrote(world); }

  const std::vector<Moment>& moments() const { return moments_; }

 private:
  void cast(World& world);
  bool set_up(World& world);
  Moment moment(World& world, std::size_t node, DurableWrite what) const;
  /// Asks for the next thing that does not show yet; true: everything does.
  bool ask(World& world);
  bool ask_member(World& world, const meta::Tables& seen);
  bool ask_token(World& world, const meta::Tables& seen);
  bool ask_exchange(World& world, const meta::Tables& seen);
  void administer(World& world, meta::MetaEntry entry);
  bool over(World& world);

  MemberScene scene_;
  Accident accident_;
  std::size_t subject_ = 0;  ///< the machine that comes or goes, or signs
  std::size_t other_ =
      0;  ///< its successor, or the one that takes its replicas, or asks it for a certificate
  std::size_t bystander_ = 0;  ///< a founder that stays
  std::size_t driver_ = 0;
  bool armed_ = false;
  bool asked_all_ = false;
  std::int64_t asked_at_ = 0;
  std::vector<Moment> moments_;
};

}  // namespace nodedb::sim
