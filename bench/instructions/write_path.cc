// SPDX-License-Identifier: Apache-2.0
#include "bench/instructions/write_path.h"

#include <algorithm>

#include "base/check.h"
#include "base/slot.h"
#include "bench/instructions/member.h"
#include "tests/unit/node/founder.h"

namespace nodedb::bench {

namespace {

constexpr std::int64_t round_ns = 20 * ns_per_ms;
/// Few enough that nearly all are there once the path is warm: writes replace, whatever the vShards in use.
constexpr std::uint64_t keys = 2'048;
constexpr std::size_t rounds_to_elect_max = 500;
constexpr std::size_t warm_rounds = 3 * rounds_per_pulse;

std::string word(BytesView text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

}  // namespace

WritePath::WritePath(WritePathOptions options)
    : options_(options), now_{Time{ns_per_s}, WallTime{1'700'000'000 * ns_per_s}}, rng_(1) {
  for (std::size_t i = 0; i < members_.size(); ++i) members_[i] = std::make_unique<Member>(i, now_);
  connect();
  Meter off({}, false);
  for (std::size_t i = 0; !all_led(); ++i) {
    CHECK(i < rounds_to_elect_max);
    round(off);
  }
  find_homes();
  for (std::size_t i = 0; i < warm_rounds; ++i) round(off);
}

WritePath::~WritePath() = default;

void WritePath::connect() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    for (std::size_t peer = 0; peer < members_.size(); ++peer) {
      if (peer != i)
        members_[i]->happened(node::PeerConnected{node::uuid(static_cast<std::uint8_t>(peer + 1)), ""});
    }
  }
}

bool WritePath::all_led() const {
  const auto led = [this](GroupId group) {
    return std::ranges::any_of(members_,
                               [group](const auto& one) { return one->node().group(group)->settled(); });
  };
  for (std::uint32_t group = 0; group <= vshard_count; ++group)
    if (!led(GroupId(group))) return false;
  return true;
}

void WritePath::find_homes() {
  homes_.resize(options_.vshards);
  std::size_t left = homes_.size();
  for (std::uint32_t tag = 0; left > 0; ++tag) {
    const VShardId vshard = vshard_of_slot(slot_of(std::to_string(tag)));
    if (vshard.value >= homes_.size() || !homes_[vshard.value].tag.empty()) continue;
    const auto leads = [vshard](const auto& one) { return one->node().group(group_of(vshard))->settled(); };
    const auto leader = static_cast<std::size_t>(std::ranges::find_if(members_, leads) - members_.begin());
    homes_[vshard.value] = {std::to_string(tag),
                            options_.forwarded ? (leader + 1) % members_.size() : leader};
    --left;
  }
}

void WritePath::offer_writes() {
  std::array<std::array<Bytes, connections_per_node>, 3> pipelines;
  for (std::size_t i = 0; i < writes_per_round; ++i) {
    const std::uint64_t number = rng_.below(keys);
    const Home& home = homes_[number % homes_.size()];
    const std::string key = "{" + home.tag + "}" + std::to_string(number);
    const std::string value = "value" + std::to_string(10'000'000'000 + number);
    pipelines[home.door][next_connection_++ % connections_per_node] +=
        "*3\r\n" + word("SET") + word(key) + word(value);
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    for (std::size_t connection = 0; connection < connections_per_node; ++connection) {
      const Bytes& bytes = pipelines[i][connection];
      if (!bytes.empty()) members_[i]->client_says(connection, bytes);
    }
  }
}

void WritePath::round(Meter& meter) {
  now_.mono = now_.mono + round_ns;
  now_.wall.ns += round_ns;
  if (!homes_.empty()) {
    offer_writes();
    meter.count("request", [this] {
      for (const auto& one : members_) one->read(now_);
    });
  }
  if (options_.forwarded) step(meter, "forward");
  for (const char* part : {"propose", "append", "commit", "answer"}) step(meter, part);
  if (options_.forwarded) step(meter, "return");
  std::size_t answered = 0;
  for (const auto& one : members_) answered += one->clients_heard();
  CHECK(!meter.counts() || answered == writes_per_round);
}

void WritePath::step(Meter& meter, const char* part) {
  meter.count(part, [this] {
    for (const auto& one : members_) one->step(now_);
  });
  for (const auto& one : members_) one->make_durable();
  const auto any = [this](auto what) {
    return std::ranges::any_of(members_, [&](const auto& one) { return !(one->turn().*what).empty(); });
  };
  if (any(&node::Turn::send_now) || any(&node::Turn::send_after)) carry(meter);
  if (any(&node::Turn::tasks)) {
    meter.count("apply", [this] {
      for (const auto& one : members_) one->apply();
    });
  }
  if (any(&node::Turn::replies)) {
    meter.count("reply", [this] {
      for (const auto& one : members_) one->reply();
    });
  }
}

void WritePath::carry(Meter& meter) {
  meter.count("encode", [this] {
    for (const auto& one : members_) one->encode();
  });
  std::vector<Bytes> streams;
  for (const auto& from : members_) {
    for (std::size_t to = 0; to < members_.size(); ++to) streams.push_back(from->take_sent(to));
  }
  meter.count("decode", [&] {
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (!streams[i].empty()) members_[i % 3]->decode(i / 3, streams[i]);
    }
  });
}

}  // namespace nodedb::bench
