// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whom to dial and when: known peers by UUID and address, seeds by address alone. Each address backs off by
// itself, doubling with jitter, and rests while its node is connected. Pure: time and luck are given.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "base/uuid.h"

namespace nodedb::quic {

struct PeerAddress {
  Uuid node;
  std::string address;
  bool operator==(const PeerAddress&) const = default;
};

class DialPlan {
 public:
  struct Limits {
    std::int64_t wait_min_ns = 50 * ns_per_ms;
    std::int64_t wait_max_ns = 2 * ns_per_s;
  };
  DialPlan(const Uuid& self, Limits limits, std::uint64_t luck) : self_(self), limits_(limits), rng_(luck) {}

  void set_peers(const std::vector<PeerAddress>& peers, std::int64_t now_ns);
  void set_seeds(const std::vector<std::string>& seeds, std::int64_t now_ns);

  struct Due {
    std::string address;
    std::optional<Uuid> expected;
  };
  using Connected = std::function<bool(const Uuid&)>;
  /// Takes the addresses to dial now; each must be answered by `opened`, `failed` or `found_self`.
  std::vector<Due> take_due(std::int64_t now_ns, const Connected& connected);
  /// When take_due may have something; `never` if only a change can cause that.
  std::int64_t next_ns(const Connected& connected) const;

  void opened(const std::string& address, const Uuid& node);
  /// Whether this is worth a line in the log: the first failure and each new reason.
  bool failed(const std::string& address, const std::string& reason, std::int64_t now_ns);
  /// The address is our own: it is not dialled any more.
  void found_self(const std::string& address);
  /// The connection to the node is gone: dial soon.
  void lost(const Uuid& node, std::int64_t now_ns);

 private:
  struct Target {
    std::optional<Uuid> expected;  ///< by set_peers
    std::optional<Uuid> learned;   ///< by its certificate
    bool seed = false;
    bool self = false;
    bool busy = false;
    std::int64_t due_ns = 0;
    std::int64_t wait_ns = 0;
    std::string last_reason;
  };
  static bool rests(const Target& target, const Connected& connected);
  /// The node with the larger UUID lets the other dial first, so that two connections are the exception.
  std::int64_t first_wait(const Uuid& node);

  Uuid self_;
  Limits limits_;
  Rng rng_;
  std::map<std::string, Target> targets_;
};

}  // namespace nodedb::quic
