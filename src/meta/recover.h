// SPDX-License-Identifier: Apache-2.0
#pragma once

// Private to meta/'s machine: what the entries of meta/recovery.h do to the rows.

#include "meta/draft.h"
#include "meta/entries.h"

namespace nodedb::meta {

/// Who was to take a leaving member's replicas and is lost takes them no more. Refusals: not_found,
/// invalid_state (nobody would be left).
Step lose(Draft& draft, const MemberLost& entry);
/// The placement becomes the survivors, at a higher epoch, and the row says who is to lead; a migration of
/// the vShard ends here, undone. One under way already is replaced. Refusals: conflict (another epoch, or its
/// second migration in one entry), invalid_state, not_found.
Step recover(Draft& draft, Index index, const RecoveryStart& entry);
Step end(Draft& draft, const RecoveryEnd& entry);

}  // namespace nodedb::meta
