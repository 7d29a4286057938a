// SPDX-License-Identifier: Apache-2.0
#pragma once

// SHA-256, which core only compares.

#include "base/bytes.h"
#include "base/digest.h"
#include "base/join_token.h"

namespace nodedb::tls {

Digest sha256(BytesView bytes);
/// What the cluster keeps of a token's secret.
Digest sha256(const TokenSecret& secret);

}  // namespace nodedb::tls
