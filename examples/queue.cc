// SPDX-License-Identifier: Apache-2.0
// An ordered queue that moves while it is used. Four nodes, three replicas of each vShard. Producers push
// through all nodes without waiting for each other; meanwhile the queue's vShard moves, live, to the node
// that does not have it. Each item is pushed exactly once, however often a request was sent on its way, and
// they come out in order.
//
// Prints "600 items in order, moved from node … to node …".
#include <nodedb/cluster/local_cluster.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace nodedb;

namespace {

constexpr int producers = 3;
constexpr int items_each = 200;
const std::string queue_name = "orders";

/// `push TEXT` → the item's number; `pop` → the oldest item, removed, or nothing. A row per item, sorted by
/// its number, which is that of the entry that pushed it.
class Queue final : public StateMachine {
 public:
  Result<void> check(BytesView command) const override {
    if (command == "pop" || command.starts_with("push ")) return {};
    return fail(Code::malformed, "push TEXT, or pop");
  }
  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    if (auto known = check(input.command); !known) return std::unexpected(known.error());
    if (input.command != "pop") {
      char number[24];
      std::snprintf(number, sizeof number, "%020llu", static_cast<unsigned long long>(input.index.value));
      return ApplyOutput{{Put{number, Bytes(input.command.substr(5))}}, number};
    }
    const auto oldest = rows.seek("");
    if (!oldest->valid()) return ApplyOutput{};
    return ApplyOutput{{Delete{Bytes(oldest->key())}}, Bytes(oldest->value())};
  }
  Bytes read(const View& rows, const ReadInput&) const override {
    std::size_t length = 0;
    for (auto row = rows.seek(""); row->valid(); row->next()) ++length;
    return std::to_string(length);
  }
};

bool push_all(Node& node, int producer) {
  for (int i = 0; i < items_each; ++i)
    if (!node.propose(queue_name, "push " + std::to_string(producer) + " " + std::to_string(i)).get())
      return false;
  return true;
}

/// From a node that has the queue to the one that has not; "" if it does not come to an end.
std::string move_queue(Node& node) {
  const VShardId vshard = vshard_of_key(queue_name);
  const auto before = node.placement();
  const auto& replicas = before->shards[vshard.value].replicas;
  for (const Placement::Member& member : before->members) {
    if (std::ranges::find(replicas, member.id) != replicas.end()) continue;
    const auto id = node.migrate(vshard, replicas.front(), member.id).get();
    if (!id) return std::fprintf(stderr, "%s\n", id.error().detail.c_str()), "";
    for (int tries = 0; tries < 3000; ++tries) {
      const auto now = node.placement();
      const bool under_way =
          std::ranges::any_of(now->migrations, [&](const auto& one) { return one.id == *id; });
      const auto& there = now->shards[vshard.value].replicas;
      if (!under_way && std::ranges::find(there, member.id) != there.end())
        return "from node " + std::to_string(replicas.front().value) + " to node " +
               std::to_string(member.id.value);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  return "";
}

/// Every producer's items in its own order, none missing, none twice.
bool in_order(Node& node) {
  std::map<int, int> next;
  for (int popped = 0; popped < producers * items_each; ++popped) {
    const auto item = node.propose(queue_name, "pop").get();
    int producer = 0;
    int number = 0;
    if (!item || std::sscanf(item->reply.c_str(), "%d %d", &producer, &number) != 2) return false;
    if (number != next[producer]++) return false;
  }
  const auto left = node.read(queue_name, "").get();
  return left && left->reply == "0";
}

}  // namespace

int main() {
  log_to_stderr(LogLevel::warn);
  LocalClusterOptions options;
  options.nodes = 4;
  auto cluster = LocalCluster::start(std::make_shared<Queue>(), options);
  if (!cluster) return std::fprintf(stderr, "%s\n", cluster.error().detail.c_str()), 1;
  std::vector<std::future<bool>> pushing;
  for (int producer = 0; producer < producers; ++producer) {
    Node& through = (*cluster)->node(static_cast<std::size_t>(producer));
    pushing.push_back(
        std::async(std::launch::async, [&through, producer] { return push_all(through, producer); }));
  }
  const std::string moved = move_queue((*cluster)->node(0));
  bool pushed = !moved.empty();
  for (auto& one : pushing) pushed = one.get() && pushed;
  if (!pushed || !in_order((*cluster)->node(3))) return std::fprintf(stderr, "something is missing\n"), 1;
  std::printf("%d items in order, moved %s\n", producers * items_each, moved.c_str());
  return 0;
}
