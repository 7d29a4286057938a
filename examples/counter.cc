// SPDX-License-Identifier: Apache-2.0
// A replicated counter: a state machine of two functions, on a cluster of three real nodes in this process.
//
//   apply  a committed command becomes writes and a reply, the same on every replica
//   read   a query is answered from the replica's rows
//
// Prints "3 visits".
#include <nodedb/cluster/local_cluster.h>

#include <cstdio>

using namespace nodedb;

class Counter final : public StateMachine {
 public:
  Result<void> check(BytesView command) const override {
    return command == "add" ? Result<void>() : fail(Code::malformed, "a counter knows the command add");
  }
  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    if (auto known = check(input.command); !known) return std::unexpected(known.error());
    const Bytes sum = std::to_string(std::stol(rows.get("sum").value_or("0")) + 1);
    return ApplyOutput{{Put{"sum", sum}}, sum};
  }
  Bytes read(const View& rows, const ReadInput&) const override { return rows.get("sum").value_or("0"); }
};

int main() {
  log_to_stderr(LogLevel::warn);
  auto cluster = LocalCluster::start(std::make_shared<Counter>());
  if (!cluster) return std::fprintf(stderr, "%s\n", cluster.error().detail.c_str()), 1;
  // Through any node; the key says which of the 1,024 vShards counts.
  for (std::size_t i = 0; i < 3; ++i) {
    auto added = (*cluster)->node(i).propose("visits", "add").get();
    if (!added) return std::fprintf(stderr, "%s\n", added.error().detail.c_str()), 1;
  }
  const auto sum = (*cluster)->node(0).read("visits", {}).get();
  if (sum) std::printf("%s visits\n", sum->reply.c_str());
  return sum ? 0 : 1;
}
