// SPDX-License-Identifier: Apache-2.0
#pragma once

// The system's randomness: seeds for generators, and identities that must be unique in the world.

#include <cstdint>

#include <span>

#include "base/uuid.h"

namespace nodedb::app {

std::uint64_t random_seed();
/// Version 4 (RFC 9562), all of its 122 bits drawn from the system.
Uuid random_uuid();
/// For secrets.
void random_fill(std::span<std::uint8_t> bytes);

}  // namespace nodedb::app
