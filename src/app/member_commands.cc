// SPDX-License-Identifier: Apache-2.0
#include "app/member_commands.h"

#include <limits>

#include "app/member_watch.h"
#include "app/output.h"
#include "base/units.h"

namespace nodedb::app {

namespace {

Result<NodeId> node_named(std::int64_t number) {
  if (number >= 1 && number <= std::numeric_limits<std::uint32_t>::max())
    return NodeId(static_cast<std::uint32_t>(number));
  return fail(Code::not_found, "there is no node " + std::to_string(number));
}

Result<meta::MetaBatch> entries_of(const MemberWish& wish) {
  NodeId successor;
  if (wish.successor != 0) {
    const auto heir = node_named(wish.successor);
    if (!heir) return std::unexpected(heir.error());
    successor = *heir;
  }
  meta::MetaBatch batch;
  for (const std::int64_t number : wish.nodes) {
    const auto node = node_named(number);
    if (!node) return std::unexpected(node.error());
    batch.entries.push_back(meta::MemberChange{*node, wish.wanted, successor});
  }
  return batch;
}

std::string outcome_text(const MemberWish& wish) {
  std::string text;
  for (const std::int64_t node : wish.nodes) {
    text += "node " + std::to_string(node);
    if (!wish.wait)
      text += " is " + std::string(meta::name(wish.wanted));
    else
      text += wish.wanted == meta::MemberState::leaving ? " has been retired" : " leads nothing";
    text += "\n";
  }
  return text;
}

}  // namespace

Exit run_member_change(const Operator& from, const MemberWish& wish, Output output) {
  const auto timeout = parse_duration(wish.timeout);
  if (!timeout) return complain({timeout.error().code, "--timeout: " + timeout.error().detail});
  const auto batch = entries_of(wish);
  if (!batch) return complain(batch.error());
  const auto done = ask(from, AskAdminister{*batch});
  if (!done) return complain(done.error());
  if (wish.wait) {
    MoveSource source(from);
    const auto reached = await_members(source, {wish.nodes, wish.wanted, *timeout});
    if (!reached) return complain(reached.error());
  }
  return show(*done, output, outcome_text(wish));
}

}  // namespace nodedb::app
