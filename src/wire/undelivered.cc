// SPDX-License-Identifier: Apache-2.0
#include "wire/undelivered.h"

namespace nodedb::wire {

namespace {

/// For a request or a reply.
template <class Dropped>
ForwardReply ask_again(const Dropped& dropped) {
  ForwardReply made;
  made.request = dropped.request;
  made.incarnation = dropped.incarnation;
  made.group = dropped.group;
  made.result = fail(Code::unreachable, "it found no room on its way between nodes");
  return made;
}

}  // namespace

Undelivered undelivered(const PeerMessage& message) {
  Undelivered made;
  if (const auto* bundle = std::get_if<ForwardBundle>(&message)) {
    for (const Forward& request : bundle->requests) made.here.push_back(ask_again(request));
    for (const ForwardReply& reply : bundle->replies) made.there.push_back(ask_again(reply));
  } else if (const auto* large = std::get_if<LargeReply>(&message)) {
    made.there.push_back(ask_again(large->reply));
  }
  return made;
}

}  // namespace nodedb::wire
