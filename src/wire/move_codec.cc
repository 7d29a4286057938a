// SPDX-License-Identifier: Apache-2.0
#include "wire/move_codec.h"

#include <algorithm>

#include "base/limits.h"
#include "wire/uuid_codec.h"

namespace nodedb::wire {

namespace {

// Numbers on the wire: never changed.
enum class OrderKind : std::uint8_t {
  report = 0,
  learner = 1,
  replace = 2,
  leave = 3,
  leave_back = 4,
  remove_learner = 5,
  transfer = 6,
  drop = 7,
  restore = 8,
};

constexpr std::size_t report_bytes_min = 6;
constexpr std::size_t holding_bytes_min = 5;

struct PutOrder {
  Writer& out;

  void kind(OrderKind kind) const { out.u8(static_cast<std::uint8_t>(kind)); }
  void operator()(std::monostate) const { kind(OrderKind::report); }
  void operator()(const meta::Order& order) const { std::visit(*this, order); }
  void operator()(const RestoreVoters& order) const {
    kind(OrderKind::restore);
    out.varint(order.epoch.value);
    out.varint(order.voters.size());
    for (const NodeId voter : order.voters) out.varint(voter.value);
  }
  void operator()(const meta::OrderLearner& order) const {
    kind(OrderKind::learner);
    out.varint(order.target.value);
  }
  void operator()(const meta::OrderReplace& order) const {
    kind(OrderKind::replace);
    out.varint(order.source.value);
    out.varint(order.target.value);
  }
  void operator()(const meta::OrderLeave&) const { kind(OrderKind::leave); }
  void operator()(const meta::OrderLeaveBack&) const { kind(OrderKind::leave_back); }
  void operator()(const meta::OrderRemoveLearner& order) const {
    kind(OrderKind::remove_learner);
    out.varint(order.target.value);
  }
  void operator()(const meta::OrderTransfer& order) const {
    kind(OrderKind::transfer);
    out.varint(order.to.value);
    out.varint(order.budget_us);
  }
  void operator()(const meta::OrderDrop& order) const {
    kind(OrderKind::drop);
    out.varint(order.config_index.value);
    out.varint(order.term.value);
  }
};

RestoreVoters get_restore(Reader& in) {
  RestoreVoters order{Epoch(in.varint()), {}};
  const std::size_t count = in.count(limits::config_members_max, 1);
  for (std::size_t i = 0; i < count && in.ok(); ++i) order.voters.push_back(NodeId(in.varint32()));
  if (!std::ranges::is_sorted(order.voters)) in.refuse(Code::malformed, "voters are not sorted");
  return order;
}

decltype(MoveOrder::order) get_order(Reader& in) {
  const std::uint8_t kind = in.u8();
  const auto node = [&] { return NodeId(in.varint32()); };
  switch (static_cast<OrderKind>(kind)) {
    case OrderKind::report:
      return std::monostate{};
    case OrderKind::learner:
      return meta::Order(meta::OrderLearner{node()});
    case OrderKind::replace: {
      const NodeId source = node();
      return meta::Order(meta::OrderReplace{source, node()});
    }
    case OrderKind::leave:
      return meta::Order(meta::OrderLeave{});
    case OrderKind::leave_back:
      return meta::Order(meta::OrderLeaveBack{});
    case OrderKind::remove_learner:
      return meta::Order(meta::OrderRemoveLearner{node()});
    case OrderKind::transfer: {
      const NodeId to = node();
      return meta::Order(meta::OrderTransfer{to, in.varint()});
    }
    case OrderKind::drop: {
      const Index config_index(in.varint());
      return meta::Order(meta::OrderDrop{config_index, Term(in.varint())});
    }
    case OrderKind::restore:
      return get_restore(in);
  }
  in.refuse(Code::incompatible, "an order has an unknown kind");
  return std::monostate{};
}

void put_group_report(Writer& out, const GroupReport& report) {
  out.varint(report.group.value);
  out.varint(report.term.value);
  out.bytes(raft::encode(report.config));
  out.varint(report.config_index.value);
  out.boolean(report.config_committed);
  out.boolean(report.transferring);
  out.boolean(report.target.has_value());
  if (!report.target) return;
  out.varint(report.target->node.value);
  out.varint(report.target->match.value);
  out.boolean(report.target->streaming);
  out.varint(report.target->lag_entries);
  out.varint(report.target->lag_bytes);
  out.i64(report.target->lag_ns);
  out.varint(report.target->copied_bytes);
  out.varint(report.target->copy_bytes);
  out.varint(report.target->pace);
}

GroupReport get_group_report(Reader& in) {
  GroupReport report;
  report.group = GroupId(in.varint32());
  report.term = Term(in.varint());
  const BytesView config = in.bytes();
  if (!in.ok()) return report;
  auto decoded = raft::decode_config(config);
  if (!decoded) {
    in.refuse(decoded.error().code, "a reported config is not valid");
    return report;
  }
  report.config = std::move(*decoded);
  report.config_index = Index(in.varint());
  report.config_committed = in.boolean();
  report.transferring = in.boolean();
  if (!in.boolean()) return report;
  GroupReport::Follower target;
  target.node = NodeId(in.varint32());
  target.match = Index(in.varint());
  target.streaming = in.boolean();
  target.lag_entries = in.varint();
  target.lag_bytes = in.varint();
  target.lag_ns = in.i64();
  target.copied_bytes = in.varint();
  target.copy_bytes = in.varint();
  target.pace = in.varint();
  report.target = target;
  return report;
}

}  // namespace

void put_move_order(Writer& out, const MoveOrder& message) {
  out.varint(message.group.value);
  put_uuid(out, message.migration);
  std::visit(PutOrder{out}, message.order);
}

MoveOrder get_move_order(Reader& in) {
  MoveOrder message;
  message.group = GroupId(in.varint32());
  message.migration = get_uuid(in);
  message.order = get_order(in);
  return message;
}

void put_move_report(Writer& out, const MoveReport& message) {
  out.varint(message.leadership.value);
  out.varint(message.incarnation.value);
  out.varint(message.number);
  out.varint(message.applied.value);
  out.varint(message.led.size());
  for (const GroupReport& report : message.led) put_group_report(out, report);
  out.varint(message.holdings.size());
  for (const Holding& holding : message.holdings) {
    out.varint(holding.group.value);
    out.boolean(holding.holds);
    out.varint(holding.pause_us);
    out.varint(holding.unapplied);
    out.boolean(holding.fenced);
  }
}

MoveReport get_move_report(Reader& in) {
  MoveReport message;
  message.leadership = Term(in.varint());
  message.incarnation = Incarnation(in.varint());
  message.number = in.varint();
  message.applied = Index(in.varint());
  const std::size_t led = in.count(limits::move_reports_max, report_bytes_min);
  for (std::size_t i = 0; i < led && in.ok(); ++i) message.led.push_back(get_group_report(in));
  const std::size_t holdings = in.count(limits::move_reports_max, holding_bytes_min);
  for (std::size_t i = 0; i < holdings && in.ok(); ++i) {
    Holding holding;
    holding.group = GroupId(in.varint32());
    holding.holds = in.boolean();
    holding.pause_us = in.varint();
    holding.unapplied = in.varint();
    holding.fenced = in.boolean();
    message.holdings.push_back(holding);
  }
  return message;
}

}  // namespace nodedb::wire
