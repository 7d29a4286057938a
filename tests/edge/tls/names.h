// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who the tests' certificates are for.

#include "base/uuid.h"

namespace nodedb::test {

inline const Uuid cluster = *Uuid::parse("3f2a9c10-1111-4222-8333-944455556666");
inline const Uuid other_cluster = *Uuid::parse("3f2a9c10-1111-4222-8333-944455556667");
inline const Uuid node = *Uuid::parse("a0b1c2d3-0000-4000-8000-000000000001");
inline const Uuid other_node = *Uuid::parse("a0b1c2d3-0000-4000-8000-000000000002");

}  // namespace nodedb::test
