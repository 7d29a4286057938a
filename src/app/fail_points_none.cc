// SPDX-License-Identifier: Apache-2.0
#include "app/fail_points.h"

namespace nodedb::app {

Result<void> take_fail_point() {
  return {};
}

void arm_fail_point(std::unique_ptr<node::LogStore>&, std::unique_ptr<node::StateStore>&) {}

}  // namespace nodedb::app
