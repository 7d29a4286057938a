// SPDX-License-Identifier: Apache-2.0
#pragma once

// One of three founders, as its disk makes it boot: group 0 and the first vShards, nothing written yet. Node
// 1 and one vShard unless told otherwise.

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

inline meta::Genesis genesis(std::uint32_t vshards = 1) {
  meta::GenesisPlan plan{
      uuid(9), {{uuid(1), "a:1", ""}, {uuid(2), "b:1", ""}, {uuid(3), "c:1", ""}}, 3, vshards};
  return meta::make_genesis(plan).value();
}

inline Options founder_options(std::uint8_t number = 1, std::uint32_t vshards = 1) {
  Options options;
  options.uuid = uuid(number);
  options.cluster = uuid(9);
  options.address = genesis().members.at(number - 1u).address;
  options.vshards_placed = vshards;
  return options;
}

inline Boot founder_boot(std::uint8_t number = 1, std::uint32_t vshards = 1) {
  Boot boot;
  boot.incarnation = Incarnation(2);
  boot.log.identity = wire::encode_identity(
      {uuid(9), uuid(number), NodeId(number), wire::data_format_version, genesis(vshards)});
  raft::Config voters;
  voters.voters = {NodeId(1), NodeId(2), NodeId(3)};
  for (std::uint32_t group = 0; group <= vshards; ++group) {
    boot.log.groups.push_back({GroupId(group), {Term(1), NodeId(), Index(1)}, {birth, voters}, {}});
  }
  boot.states = {{metadata_group, birth, std::nullopt}};
  boot.metadata = meta::rows_of(genesis(vshards));
  return boot;
}

}  // namespace nodedb::node
