// SPDX-License-Identifier: Apache-2.0
// A group whose majority is lost for good goes on with what one survivor holds. Raft has no such step: it
// breaks rule R7 (the new config shares no quorum with the one before) and is only as safe as the fence
// around it. Who asks for it promises that
//
//  1. no quorum of any config that a survivor holds can answer, now or later: the lost voters are refused by
//     every survivor for ever, before the survivor serves. Two of them could otherwise elect a leader of
//     their own in the old config, and both sides would acknowledge writes;
//  2. among all survivors none has a longer log, by the last entry's term and then its index (thesis, section
//     3.6.1). Whatever a survivor knows to be committed is then in the chosen log: if its last term is higher
//     that term's leader had it, else the two logs agree as far as the shorter goes;
//  3. the term is above every term that a survivor has seen.
//
// What the lost voters committed without any survivor is lost; what this log holds beyond its commit index
// becomes committed, whether it ever was or not.
#include <algorithm>

#include "raft/state.h"

namespace nodedb::raft {

Result<Position> Group::State::force_config(Time now, const Forced& forced, const Liveness& live) {
  if (role == Role::leader || leader_heard(now, live)) return fail(Code::conflict, "it has a leader");
  if (fenced(now)) return fail(Code::conflict, "it may still have promised its support to a leader");
  if (newborn()) return fail(Code::invalid_state, "it is newborn and holds nothing of the group's");
  if (hard.term >= forced.term) {
    return fail(Code::conflict, "it has seen term " + std::to_string(hard.term.value) + ", not below " +
                                    std::to_string(forced.term.value));
  }
  if (log.last() != forced.last) {
    return fail(Code::conflict, "its log ends at index " + std::to_string(log.last().index.value) +
                                    " of term " + std::to_string(log.last().term.value) +
                                    ", not where it was seen to end");
  }
  const Config next{{self}, {}, forced.learners, {}, false};
  const std::vector<NodeId> members = configs.latest().members();
  if (!well_formed(next) || !std::ranges::includes(members, forced.learners))
    return fail(Code::invalid_state, "the learners are no other members of the group, sorted");
  // A candidate that is alone in the config: it leads, like any lone voter, once its vote is durable, and
  // with the vote is the config.
  become_follower(now, Term(forced.term.value - 1), NodeId());
  append_entry(Entry{log.last().index + 1, forced.term, EntryKind::config, Blob(encode(next))});
  become_candidate(now, false);
  return log.last();
}

}  // namespace nodedb::raft
