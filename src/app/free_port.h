// SPDX-License-Identifier: Apache-2.0
#pragma once

// Ports for nodes that run on one machine for a while: a playground's, a test's.

#include <cstdint>
#include <utility>

#include "base/error.h"
#include "edge/disk/files.h"

namespace nodedb::app {

/// A port of 127.0.0.1 that nobody else has, for UDP and TCP, held for as long as this lives. It lies below
/// those that Linux gives to outgoing connections by default (net.ipv4.ip_local_port_range): none of them can
/// take it while the node that listens there is down.
class FreePort {
 public:
  /// Errors: unreachable.
  static Result<FreePort> draw();

  std::uint16_t number() const { return number_; }

 private:
  FreePort(std::uint16_t number, edge::FileHandle udp, edge::FileHandle tcp)
      : number_(number), udp_(std::move(udp)), tcp_(std::move(tcp)) {}

  std::uint16_t number_;
  edge::FileHandle udp_;
  edge::FileHandle tcp_;
};

}  // namespace nodedb::app
