// SPDX-License-Identifier: Apache-2.0
// A state machine of somebody else's: how often each word was said.
#pragma once

#include <nodedb/cluster/state_machine.h>

class Tally final : public nodedb::StateMachine {
 public:
  nodedb::Result<void> check(nodedb::BytesView word) const override {
    if (!word.empty()) return {};
    return nodedb::fail(nodedb::Code::malformed, "say a word");
  }
  nodedb::Result<nodedb::ApplyOutput> apply(const nodedb::View& rows,
                                            const nodedb::ApplyInput& input) const override {
    if (auto known = check(input.command); !known) return std::unexpected(known.error());
    const nodedb::Bytes count = std::to_string(std::stol(rows.get(input.command).value_or("0")) + 1);
    return nodedb::ApplyOutput{{nodedb::Put{nodedb::Bytes(input.command), count}}, count};
  }
  nodedb::Bytes read(const nodedb::View& rows, const nodedb::ReadInput& input) const override {
    return rows.get(input.query).value_or("0");
  }
};
