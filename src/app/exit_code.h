// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the process tells its caller. Stable: scripts depend on the numbers (docs/operating.md lists them).

#include "base/error.h"

namespace nodedb::app {

enum class Exit : int {
  ok = 0,
  failed = 1,           ///< the request was understood and refused
  usage = 2,            ///< the command line or the configuration is wrong
  unreachable = 3,      ///< no node answered
  not_initialised = 4,  ///< the cluster has not been formed: run init
  credentials = 5,      ///< a certificate, key or password is missing or refused
  not_found = 6,        ///< no such node or vShard
  retry = 7,            ///< another operation is in flight or there is no leader now: try again
  violated = 8,         ///< check: what clients saw is not linearizable
  storage = 70,         ///< the disk failed, or stored bytes are damaged: the node must not go on
  locked = 73,          ///< another process holds the data directory
  retired = 74,         ///< the node has been decommissioned: it must not be started again
};

constexpr Exit exit_of(Code code) {
  switch (code) {
    case Code::not_initialised:
      return Exit::not_initialised;
    case Code::unreachable:
    case Code::timeout:
      return Exit::unreachable;
    case Code::unauthenticated:
    case Code::forbidden:
    case Code::wrong_cluster:
      return Exit::credentials;
    case Code::not_found:
    case Code::not_member:
      return Exit::not_found;
    case Code::busy:
    case Code::not_leader:
    case Code::no_leader:
    case Code::wrong_epoch:
    case Code::conflict:
    case Code::stopping:
      return Exit::retry;
    case Code::malformed:
    case Code::too_large:
      return Exit::usage;
    case Code::disk_failed:
    case Code::damaged:
      return Exit::storage;
    case Code::lost:
    case Code::stale_session:
    case Code::out_of_order:
    case Code::already_initialised:
    case Code::disk_full:
    case Code::incompatible:
    case Code::invalid_state:
    case Code::unsupported:
    case Code::over_budget:
      return Exit::failed;
  }
  return Exit::failed;
}

}  // namespace nodedb::app
