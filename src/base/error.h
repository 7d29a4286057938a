// SPDX-License-Identifier: Apache-2.0
#pragma once

// Expected trouble is a value. A code exists only where a caller acts on it; each says whether trying again
// is safe and where, and whether the request took effect (rule C8). Broken invariants are CHECKs instead.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace nodedb {

enum class Code : std::uint8_t {
  malformed,            ///< bytes or arguments that cannot be understood
  too_large,            ///< over a cap of base/limits.h
  busy,                 ///< a bounded queue is full; back off
  not_leader,           ///< ask the leader named in the hint, or any node again
  wrong_epoch,          ///< the route is old; refresh it
  no_leader,            ///< the group has no leader now
  timeout,              ///< no answer in time; a write may have taken effect
  lost,                 ///< the proposal was overwritten by another leader: surely not applied
  stale_session,        ///< the session is older than what the group has seen: surely not applied now
  out_of_order,         ///< an earlier request of the session must be applied first
  stopping,             ///< the node is shutting down or handing over
  not_initialised,      ///< the cluster has not been formed yet: run `nodedb-cluster init`
  already_initialised,  ///< the node belongs to a cluster already
  not_member,           ///< the node is not in the member table
  wrong_cluster,        ///< the peer or the data belongs to another cluster
  unauthenticated,      ///< no or bad credentials
  forbidden,            ///< the credentials' role does not allow this
  unreachable,          ///< no connection to the peer, or no room on the way from it
  disk_full,            ///< no room; reads go on, writes resume by themselves
  disk_failed,          ///< a write or fsync failed: the node stops
  damaged,              ///< stored bytes fail their checksum or contradict each other
  incompatible,         ///< a version of a format or protocol that we do not speak
  not_found,            ///< no such thing
  conflict,             ///< another operation of the same kind is in flight
  invalid_state,        ///< the operation makes no sense now
  unsupported,          ///< we do not do this
  over_budget,          ///< it would take more than the asker allows
};

// gcc takes the scoped name for a shadow of the `never` in base/time.h.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
enum class Retry : std::uint8_t { same_place, elsewhere, never };
#pragma GCC diagnostic pop
enum class Effect : std::uint8_t { no, yes, unknown };

/// Lower-case name, stable: used on the wire's text side, in logs and in JSON.
std::string_view name(Code code);
Retry retry_advice(Code code);
/// Whether a request answered with this code took effect.
Effect effect(Code code);

struct Error {
  Code code = Code::invalid_state;
  std::string detail;  ///< one sentence for a person, with the command that helps where there is one
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, std::string detail) {
  return std::unexpected(Error{code, std::move(detail)});
}

}  // namespace nodedb
