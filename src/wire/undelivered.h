// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is said in place of forwarded requests and answers that were dropped on their way to a peer, because
// its queue was full or there was no connection: to ask again. Without it whoever waits for them would do so
// after a time-out. Pure.

#include <vector>

#include "wire/messages.h"

namespace nodedb::wire {

struct Undelivered {
  std::vector<ForwardReply> here;   ///< to those who asked here, as if the peer had said it
  std::vector<ForwardReply> there;  ///< to those who asked at the peer
};
/// Of a message of which a part was dropped at least. As the others may have arrived, every outcome is
/// unknown (`unreachable`); an answer to what is answered already does no harm.
Undelivered undelivered(const PeerMessage& message);

}  // namespace nodedb::wire
