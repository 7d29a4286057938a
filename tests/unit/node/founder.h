// SPDX-License-Identifier: Apache-2.0
#pragma once

// Node 1 of three, as its disk makes it boot: group 0 and one vShard, nothing written yet.

#include "meta/placement.h"
#include "meta/rows.h"
#include "meta/tables.h"
#include "node/node.h"
#include "wire/identity_codec.h"

namespace nodedb::node {

inline constexpr raft::Position birth{Index(1), Term(1)};

inline Uuid uuid(std::uint8_t number) {
  Uuid made;
  made.bytes.fill(number);
  return made;
}

inline Now at_ms(std::int64_t ms) {
  return {Time{ms * ns_per_ms}, WallTime{ms * ns_per_ms}};
}

inline meta::Genesis genesis() {
  meta::GenesisPlan plan{uuid(9), {{uuid(1), "a:1", ""}, {uuid(2), "b:1", ""}, {uuid(3), "c:1", ""}}, 3, 1};
  return meta::make_genesis(plan).value();
}

inline Options founder_options() {
  Options options;
  options.uuid = uuid(1);
  options.cluster = uuid(9);
  options.address = "a:1";
  options.vshards_placed = 1;
  return options;
}

inline Boot founder_boot() {
  Boot boot;
  boot.incarnation = Incarnation(2);
  boot.log.identity =
      wire::encode_identity({uuid(9), uuid(1), NodeId(1), wire::data_format_version, genesis()});
  raft::Config voters;
  voters.voters = {NodeId(1), NodeId(2), NodeId(3)};
  for (const GroupId group : {metadata_group, GroupId(1)}) {
    boot.log.groups.push_back({group, {Term(1), NodeId(), Index(1)}, {birth, voters}, {}});
  }
  boot.states = {{metadata_group, birth, std::nullopt}};
  boot.metadata = meta::rows_of(genesis());
  return boot;
}

}  // namespace nodedb::node
