// SPDX-License-Identifier: Apache-2.0
#pragma once

// A violation of linearizability, cut down to what a person can follow. Pure.

#include "history/history.h"

namespace nodedb::history {

/// Of the witness of a violation, what is one still without the reads that it does not need. Writes stay:
/// each may be what a read, or another write's answer, goes back to.
History smallest_part(History witness);

}  // namespace nodedb::history
