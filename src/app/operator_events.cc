// SPDX-License-Identifier: Apache-2.0
#include "app/operator_events.h"

#include "base/check.h"

namespace nodedb::app {

namespace {

struct EventFor {
  std::uint64_t tag;
  const std::string& name;

  node::Event operator()(const AskInit&) const { return node::Init{tag}; }
  node::Event operator()(const AskStatus& ask) const { return node::GetStatus{tag, ask.wish}; }
  node::Event operator()(const AskTransfer& ask) const {
    return node::TransferLeader{tag, ask.group, ask.to};
  }
  node::Event operator()(const AskMigrate& ask) const {
    return node::StartMigration{tag, ask.vshard, ask.from, ask.to, ask.pause_budget_us};
  }
  node::Event operator()(const AskCancel& ask) const {
    return node::CancelMigration{tag, ask.migration, "cancelled by an operator"};
  }
  node::Event operator()(const AskAdminister& ask) const { return node::Administer{tag, name, ask.entry}; }
  node::Event operator()(const AskRecoverMetadata& ask) const {
    return node::RecoverMetadata{tag, name, ask.forced};
  }
  node::Event operator()(const AskRebalance&) const { return node::Rebalance{tag, name}; }
  node::Event operator()(const KeyRequest&) const {
    CHECK(false);
    return node::Wake{};
  }
};

}  // namespace

node::Event event_of(const OperatorRequest& request, std::uint64_t tag, const std::string& name) {
  return std::visit(EventFor{tag, name}, request);
}

}  // namespace nodedb::app
