// SPDX-License-Identifier: Apache-2.0
#include "node/queue_limit.h"

#include <algorithm>

#include "base/check.h"

namespace nodedb::node {

namespace {

/// Of what is answered within the target: below it, so that a full queue is answered in time.
constexpr double aim = 0.75;

}  // namespace

void QueueLimit::left(Time now, std::optional<std::int64_t> took_ns) {
  CHECK(under_way_ > 0);
  --under_way_;
  if (under_way_ == 0) {
    limit_ = unlimited;
    overloaded_ = false;
    late_since_.reset();
    return;
  }
  if (!took_ns) return;
  if (*took_ns > target_ns_)
    late(now);
  else
    in_time(now);
}

void QueueLimit::late(Time now) {
  calm_since_ = now;
  if (!late_since_) {
    late_since_ = now;
    late_ = 0;
    return;
  }
  ++late_;
  const std::int64_t passed_ns = now - *late_since_;
  if (passed_ns < target_ns_) return;
  const double in_target =
      static_cast<double>(late_) * static_cast<double>(target_ns_) / static_cast<double>(passed_ns);
  limit_ = std::max(floor_, static_cast<std::size_t>(aim * in_target));
  overloaded_ = true;
  refused_ = false;
  late_since_ = now;
  late_ = 0;
}

void QueueLimit::in_time(Time now) {
  overloaded_ = false;
  late_since_.reset();
  if (now - calm_since_ < target_ns_) return;
  if (refused_ && limit_ != unlimited) limit_ += limit_ / 4 + 1;
  refused_ = false;
  calm_since_ = now;
}

}  // namespace nodedb::node
