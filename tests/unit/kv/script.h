// SPDX-License-Identifier: Apache-2.0
#pragma once

// Table-driven tests: each step is a command line and the reply it must earn, on one shard from top to
// bottom.

#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

#include "shard.h"

namespace nodedb::kv::test {

struct Step {
  std::string_view line;
  std::string_view reply;
};

inline void run_script(Shard& shard, std::initializer_list<Step> steps) {
  for (const Step& step : steps) EXPECT_EQ(shard(step.line), step.reply) << step.line;
}

inline void run_script(std::initializer_list<Step> steps) {
  Shard shard;
  run_script(shard, steps);
}

}  // namespace nodedb::kv::test
