// SPDX-License-Identifier: Apache-2.0
#include "app/vitals_keeper.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "edge/base/clock.h"
#include "edge/base/machine.h"
#include "edge/disk/files.h"

namespace nodedb::app {

namespace {

constexpr std::int64_t forgotten_ns = 60 * ns_per_s;

}  // namespace

void VitalsKeeper::start(Uuid self, std::function<void(const Uuid&, const wire::Vitals&)> tell) {
  self_ = self;
  tell_ = std::move(tell);
  take();
}

void VitalsKeeper::set_peers(std::vector<Uuid> peers) {
  peers_ = std::move(peers);
  std::erase_if(told_, [&](const auto& one) {
    return one.first != self_ && std::ranges::find(peers_, one.first) == peers_.end();
  });
}

bool VitalsKeeper::received(const Uuid& peer, const wire::PeerMessage& message) {
  const auto* vitals = std::get_if<wire::Vitals>(&message);
  if (vitals == nullptr) return false;
  if (std::ranges::find(peers_, peer) != peers_.end())
    told_.insert_or_assign(peer, Told{*vitals, edge::monotonic_time()});
  return true;
}

void VitalsKeeper::asked(std::uint64_t tag) {
  if (watched_) return;
  watched_ = tag;
  asked_at_ = edge::monotonic_time();
}

void VitalsKeeper::answered(std::uint64_t tag) {
  if (watched_ != tag) return;
  watched_.reset();
  const auto us = static_cast<std::uint64_t>((edge::monotonic_time() - asked_at_) / ns_per_us);
  ++times_.count;
  times_.us += us;
  us_max_ = std::max(us_max_, us);
}

std::map<Uuid, wire::Vitals> VitalsKeeper::known() const {
  std::map<Uuid, wire::Vitals> lately;
  const Time now = edge::monotonic_time();
  for (const auto& [uuid, told] : told_)
    if (now - told.at < believed_ns) lately.emplace(uuid, told.vitals);
  return lately;
}

void VitalsKeeper::take() {
  const Time now = edge::monotonic_time();
  const std::int64_t cpu_us = edge::cpu_us();
  wire::Vitals vitals;
  if (taken_at_ != long_ago)
    vitals.cpu_permille = static_cast<std::uint64_t>((cpu_us - cpu_us_told_) * ns_per_ms / (now - taken_at_));
  if (watched_ && now - asked_at_ > forgotten_ns) watched_.reset();  // its client may have gone
  taken_at_ = now;
  cpu_us_told_ = cpu_us;
  vitals.disk_free_bytes = edge::free_bytes(data_).value_or(0);
  vitals.disk_bytes = edge::disk_bytes(data_).value_or(0);
  vitals.answers = times_.count - times_told_.count;
  if (vitals.answers > 0) vitals.answer_us = (times_.us - times_told_.us) / vitals.answers;
  vitals.answer_us_max = std::exchange(us_max_, 0);
  times_told_ = times_;
  told_.insert_or_assign(self_, Told{vitals, now});
  for (const Uuid& peer : peers_) tell_(peer, vitals);
  timer_.expires_after(std::chrono::nanoseconds(tell_ns));
  timer_.async_wait([this](const std::error_code& cancelled) {
    if (!cancelled) take();
  });
}

}  // namespace nodedb::app
