// SPDX-License-Identifier: Apache-2.0
#pragma once

// One playground for all tests of a suite: `class Smoke : public SharedCluster<Smoke>` starts it in its
// SetUpTestSuite, and it ends with the suite's last test.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/support/cluster.h"

namespace nodedb::e2e {

template <class Suite>
class SharedCluster : public ::testing::Test {
 protected:
  /// Three nodes in a directory of this name; `more`: further arguments of the playground.
  static void start_cluster(const std::string& name, const std::vector<std::string>& more = {}) {
    directory_.emplace(name);
    std::string complaint;
    auto cluster = Cluster::start(directory_->path() + "/playground", 3, complaint, more);
    ASSERT_TRUE(cluster) << complaint;
    cluster_.emplace(std::move(*cluster));
  }
  static void TearDownTestSuite() {
    cluster_.reset();
    directory_.reset();
  }
  void SetUp() override { ASSERT_TRUE(cluster_.has_value()); }

  inline static std::optional<TemporaryDirectory> directory_;
  inline static std::optional<Cluster> cluster_;
};

}  // namespace nodedb::e2e
