// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the loops end and fail.

#include <functional>

#include "base/error.h"
#include "base/time.h"

namespace nodedb::edge {

/// Told of disk_failed and damaged: whatever may be acknowledged after that could be a lie, so it must end
/// the process. Called from the disk, the apply or the flush thread.
using OnFailure = std::function<void(const Error&)>;

/// How long a thread waits before it gives a full disk the same work again.
inline constexpr std::int64_t disk_retry_ns = 200 * ns_per_ms;

}  // namespace nodedb::edge
