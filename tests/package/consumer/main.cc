// SPDX-License-Identifier: Apache-2.0
// A state machine of somebody else's: one counter, applied to and read from a map in memory.
#include <nodedb/cluster/state_machine.h>

#include <cstdio>
#include <map>

namespace {

using nodedb::Bytes;
using nodedb::BytesView;

class Rows final : public nodedb::View {
 public:
  std::optional<Bytes> get(BytesView key) const override {
    const auto found = rows_.find(Bytes(key));
    return found == rows_.end() ? std::nullopt : std::optional(found->second);
  }
  std::unique_ptr<nodedb::Cursor> seek(BytesView) const override { return nullptr; }
  void put(const nodedb::Put& write) { rows_[write.key] = write.value; }

 private:
  std::map<Bytes, Bytes> rows_;
};

class Counter final : public nodedb::StateMachine {
 public:
  nodedb::Result<nodedb::ApplyOutput> apply(const nodedb::View& view,
                                            const nodedb::ApplyInput& input) const override {
    if (input.command != "add") return nodedb::fail(nodedb::Code::incompatible, "another command");
    const Bytes sum = std::to_string(std::stoi(view.get("sum").value_or("0")) + 1);
    return nodedb::ApplyOutput{{nodedb::Put{"sum", sum}}, sum};
  }
  Bytes read(const nodedb::View& view, const nodedb::ReadInput&) const override {
    return view.get("sum").value_or("0");
  }
};

}  // namespace

int main() {
  Rows rows;
  const Counter counter;
  nodedb::HlcClock clock;
  for (std::uint64_t index = 1; index <= 3; ++index) {
    const auto done =
        counter.apply(rows, {nodedb::VShardId(7), nodedb::Index(index), clock.now({100}), "add"});
    if (!done) return 1;
    for (const nodedb::Write& write : done->writes) rows.put(std::get<nodedb::Put>(write));
  }
  const auto refused = counter.apply(rows, {nodedb::VShardId(7), nodedb::Index(4), clock.now({100}), "?"});
  std::printf("%s, then %s\n", counter.read(rows, {}).c_str(),
              Bytes(nodedb::name(refused.error().code)).c_str());
}
