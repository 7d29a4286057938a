// SPDX-License-Identifier: Apache-2.0
#include "node/load_meter.h"

#include <algorithm>
#include <utility>

namespace nodedb::node {

namespace {

bool differs(std::uint64_t is, std::uint64_t was) {
  return std::max(is, was) - std::min(is, was) > was / 10;
}

bool differs(const wire::VShardLoad& is, const wire::VShardLoad& was) {
  return differs(is.bytes, was.bytes) || differs(is.writes, was.writes) || differs(is.reads, was.reads);
}

}  // namespace

void LoadMeter::Rate::sample(double seconds, double weight) {
  per_s += (static_cast<double>(count) / seconds - per_s) * weight;
  count = 0;
}

std::uint64_t LoadMeter::Rate::value() const {
  const auto rounded = static_cast<std::uint64_t>(per_s + 0.5);
  return rounded < rate_min ? 0 : rounded;
}

void LoadMeter::sample(Time now, const std::function<bool(VShardId)>& leads) {
  const bool first = sampled_ == long_ago;
  const double seconds = first ? 0 : static_cast<double>(now - sampled_) / static_cast<double>(ns_per_s);
  sampled_ = now;
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    Meter& meter = meters_[v];
    const bool led = leads(VShardId(v));
    if (!led || !meter.led || seconds <= 0) {
      // What was counted before is of a part of the time only.
      meter = Meter();
      meter.led = meter.grown = led;
      meter.since = now;
      continue;
    }
    meter.grown = meter.grown || meter.writes.count > 0;
    // A plain mean in the first minute.
    const double age = static_cast<double>(now - meter.since) / static_cast<double>(ns_per_s);
    const double mean = static_cast<double>(mean_ns) / static_cast<double>(ns_per_s);
    const double weight = seconds / std::min(age, mean);
    meter.writes.sample(seconds, std::min(weight, 1.0));
    meter.reads.sample(seconds, std::min(weight, 1.0));
  }
}

std::vector<VShardId> LoadMeter::take_unsized(std::size_t at_most) {
  std::vector<VShardId> taken;
  for (std::size_t i = 0; i < vshard_count && taken.size() < at_most; ++i) {
    turn_ = (turn_ + 1) % vshard_count;
    Meter& meter = meters_[turn_];
    if (!meter.led || !std::exchange(meter.grown, false)) continue;
    taken.push_back(VShardId(static_cast<std::uint16_t>(turn_)));
  }
  return taken;
}

wire::VShardLoad LoadMeter::load_of(VShardId vshard) const {
  const Meter& meter = meters_[vshard.value];
  return {vshard, meter.bytes < bytes_min ? 0 : meter.bytes, meter.writes.value(), meter.reads.value()};
}

std::optional<wire::VShardLoad> LoadMeter::known(Time now, VShardId vshard) const {
  const Meter& meter = meters_[vshard.value];
  if (!meter.led || now - meter.since < mean_ns) return std::nullopt;
  return load_of(vshard);
}

std::vector<wire::VShardLoad> LoadMeter::hottest(std::size_t at_most) const {
  std::vector<wire::VShardLoad> busy;
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    const wire::VShardLoad load = load_of(VShardId(v));
    if (meters_[v].led && load.writes + load.reads > 0) busy.push_back(load);
  }
  std::ranges::stable_sort(busy, std::greater(),
                           [](const wire::VShardLoad& load) { return load.writes + load.reads; });
  busy.resize(std::min(busy.size(), at_most));
  return busy;
}

std::vector<wire::VShardLoad> LoadMeter::take_news(Time now, bool anew) {
  std::vector<wire::VShardLoad> news;
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    Meter& meter = meters_[v];
    if (!known(now, VShardId(v))) continue;
    const wire::VShardLoad nothing{VShardId(v)};
    const wire::VShardLoad is = load_of(VShardId(v));
    if (anew) meter.told = nothing;
    if (!differs(is, meter.told)) continue;
    meter.told = is;
    news.push_back(is);
  }
  return news;
}

}  // namespace nodedb::node
