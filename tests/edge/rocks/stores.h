// SPDX-License-Identifier: Apache-2.0
#pragma once

// What tests of the state store need again and again.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/rng.h"
#include "edge/rocks/state_store.h"
#include "raft/config.h"

namespace nodedb::edge {

inline std::unique_ptr<node::StateStore> open_store(const StateStoreOptions& options) {
  auto store = open_state_store(options);
  EXPECT_TRUE(store) << store.error().detail;
  return store ? std::move(*store) : nullptr;
}

inline raft::Config config_of(std::uint32_t node) {
  raft::Config config;
  config.voters = {NodeId(node)};
  return config;
}

/// Bytes that no compression makes smaller.
inline Bytes noise(std::size_t size, Rng& rng) {
  Bytes bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(rng.below(256));
  return bytes;
}

}  // namespace nodedb::edge
