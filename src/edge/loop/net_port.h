// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the other threads hand to the net thread: the part of a turn that leaves the machine. The core and the
// disk thread push; they wait when it is full, which is safe because the net thread never waits for them.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/base/mailbox.h"
#include "node/turn.h"

namespace nodedb::edge {

struct ToNet {
  std::vector<wire::Outbound> messages;
  std::vector<RequestPath> paths;
  std::vector<node::ClientReply> replies;
  std::vector<node::OperatorReply> operator_replies;
  std::optional<std::vector<node::Peer>> peers;
  std::optional<node::Trust> trust;
  std::shared_ptr<const node::Routing> routing;  // shared as node/turn.h says
  std::vector<std::string> notices;              ///< logged already
  bool drained = false;
  bool retired = false;

  bool empty() const {
    return messages.empty() && paths.empty() && replies.empty() && operator_replies.empty() && !peers &&
           !trust && !routing && notices.empty() && !drained && !retired;
  }
};

using NetInbox = Mailbox<ToNet>;
inline constexpr std::size_t net_inbox_max = 16 * 1024;

}  // namespace nodedb::edge
