// SPDX-License-Identifier: Apache-2.0
#pragma once

// Mistakes that the log's tests plant, to show that they would be found. None is ever on in the binary.

namespace nodedb::edge {

struct LogBugs {
  bool unsynced_records = false;      ///< a write returns before its record is durable
  bool unsynced_reuse = false;        ///< a segment is used anew before its new header is durable
  bool unsynced_replay = false;       ///< what was read back counts before it is durable
  bool early_reuse = false;           ///< a segment is used anew before what was restated from it is durable
  bool hard_state_left = false;       ///< restating forgets the hard states
  bool earlier_uses_count = false;    ///< what an earlier use has left in a segment is taken for records
  bool torn_is_damage = false;        ///< an unfinished write at the end of the log is refused
  bool damage_is_torn = false;        ///< damage within the log is taken for its end
  bool truncation_forgotten = false;  ///< reading back forgets truncations
};

}  // namespace nodedb::edge
