// SPDX-License-Identifier: Apache-2.0
#pragma once

// Machines at the join door: what they show goes to group 0, and whom it lets in gets a certificate, if this
// node was given the CA's key. Net thread only.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/certificate_life.h"
#include "base/error.h"
#include "edge/quic/join_door.h"
#include "node/event.h"
#include "node/turn.h"
#include "wire/join_codec.h"

namespace nodedb::app {

class Newcomers {
 public:
  /// Tags of what it asks the node have this bit, operators' have not.
  static constexpr std::uint64_t tag_bit = std::uint64_t{1} << 63;

  /// Without the CA's key it can only say who else there is. `certificates` outlives it.
  explicit Newcomers(const CertificateLife& certificates) : certificates_(certificates) {}

  /// Where the members are: to dial, and to ask instead of this node.
  void set_members(std::vector<std::string> addresses) { members_ = std::move(addresses); }

  /// The event that asks group 0, or the refusal. `id`: to be answered under it.
  std::variant<node::ClaimToken, wire::JoinAnswer> ask(std::uint64_t id, quic::JoinAsk ask);
  struct Decided {
    std::uint64_t id = 0;
    wire::JoinAnswer answer;
  };
  /// Group 0 has decided. Nothing if the tag is not of `ask`. `authorities`: whom the newcomer is to trust,
  /// DER.
  std::optional<Decided> decided(std::uint64_t tag, const Result<node::TokenClaimed>& claimed,
                                 std::vector<Bytes> authorities);
  /// The event could not be given to the node.
  Decided busy(std::uint64_t tag);

 private:
  const CertificateLife& certificates_;
  std::vector<std::string> members_;
  std::map<std::uint64_t, quic::JoinAsk> waiting_;  ///< by tag; bounded by the door's limits
};

}  // namespace nodedb::app
