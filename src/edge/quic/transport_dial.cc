// SPDX-License-Identifier: Apache-2.0
// Carrying out the dial plan: names are resolved anew each time, so that a node may move.
#include "edge/base/clock.h"
#include "edge/base/log.h"
#include "edge/quic/transport_impl.h"

namespace nodedb::quic {

void Transport::Impl::plan_changed() {
  if (stopped) return;
  std::int64_t next_ns = plan.next_ns([this](const Uuid& node) { return is_connected(node); });
  for (const auto& [number, link] : links) next_ns = std::min(next_ns, link.close_by_ns);
  for (const auto& [number, newcomer] : newcomers) next_ns = std::min(next_ns, newcomer.close_by_ns);
  if (next_ns == never.ns) {
    timer.cancel();
    return;
  }
  timer.expires_at(edge::steady_instant(Time{next_ns}));
  timer.async_wait([this, weak = std::weak_ptr<bool>(alive)](const std::error_code& error) {
    if (error || weak.expired() || stopped) return;
    on_timer();
  });
}

void Transport::Impl::on_timer() {
  const auto now_ns = edge::monotonic_time().ns;
  std::vector<std::uint64_t> surplus;
  for (const auto& [number, link] : links) {
    if (link.close_by_ns <= now_ns) surplus.push_back(number);
  }
  for (const auto number : surplus) close_connection(number, CloseCode::duplicate, {});
  close_late_newcomers(now_ns);
  dial_due();
  plan_changed();
}

void Transport::Impl::dial_due() {
  const auto due =
      plan.take_due(edge::monotonic_time().ns, [this](const Uuid& node) { return is_connected(node); });
  for (const auto& target : due) resolve(target);
}

void Transport::Impl::resolve(const DialPlan::Due& due) {
  const auto where = split_host_port(due.address);
  if (!where) return dial_failed(due.address, where.error().detail);
  if (const auto address = Address::from_ip(where->host, where->port)) return dial(due, *address);
  resolver.async_resolve(
      where->host, std::to_string(where->port),
      [this, due, weak = std::weak_ptr<bool>(alive)](const std::error_code& error,
                                                     const asio::ip::udp::resolver::results_type& found) {
        if (weak.expired() || stopped) return;
        const int family = endpoint->local().family();
        for (const auto& entry : found) {
          const auto point = entry.endpoint();
          const Address address(point.data(), static_cast<socklen_t>(point.size()));
          if (address.for_family(family).family() == family) return dial(due, address);
        }
        dial_failed(due.address, error ? "cannot resolve the name: " + error.message() : "no usable address");
        plan_changed();
      });
}

void Transport::Impl::dial(const DialPlan::Due& due, const Address& to) {
  if (to.for_family(endpoint->local().family()).family() != endpoint->local().family()) {
    return dial_failed(due.address, "the address is IPv6 and the node listens on IPv4");
  }
  const auto number = endpoint->dial(to);
  if (!number) return dial_failed(due.address, number.error().detail);
  dialling.emplace(*number, Dialling{due.address, due.expected, false});
}

void Transport::Impl::dial_failed(const std::string& address, const std::string& reason) {
  if (plan.failed(address, reason, edge::monotonic_time().ns)) {
    log::warn("cannot connect", {{"address", address}, {"reason", reason}});
  }
  plan_changed();
}

}  // namespace nodedb::quic
