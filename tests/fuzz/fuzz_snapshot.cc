// SPDX-License-Identifier: Apache-2.0
// The receiving end of a snapshot transfer: a peer that sends offers, chunks and credits as it likes, its
// transfers under the real applier over a store in memory. The input is a row of messages: frame kind u8,
// length u16, payload. Half of the chunks get the checksums that the receiver expects, so that these do not
// hide what is behind them. What must hold: no crash, and no chunk that the store could not take.

#include "base/crc32c.h"
#include "kv/machine.h"
#include "meta/machine.h"
#include "node/applier.h"
#include "node/transfers.h"
#include "sim/state_disk.h"
#include "tests/fuzz/fuzz.h"
#include "wire/peer_codec.h"
#include "wire/reader.h"

namespace {

using namespace nodedb;

constexpr NodeId peer(2);

class Receiver {
 public:
  void take(wire::PeerMessage message, bool sealed) {
    now_ = now_ + 100 * ns_per_ms;
    if (const auto* offer = std::get_if<wire::SnapshotOffer>(&message)) {
      transfers_.offer(now_, peer, *offer, true);
    } else if (const auto* credit = std::get_if<wire::SnapshotCredit>(&message)) {
      transfers_.credit(now_, peer, *credit);
    } else if (auto* chunk = std::get_if<wire::SnapshotChunk>(&message)) {
      if (sealed) seal(*chunk);
      transfers_.chunk(now_, peer, std::move(*chunk));
    }
    transfers_.wake(now_);
    settle();
  }

 private:
  void seal(wire::SnapshotChunk& chunk) {
    std::uint32_t& chain = chains_[chunk.group];
    if (chunk.sequence == 0) chain = 0;
    chunk.crc = crc32c(chunk.rows.view());
    chunk.crc_chain = chain = crc32c(chunk.rows.view(), chain);
  }

  void settle() {
    for (auto output = transfers_.take_output(); !output.tasks.empty(); output = transfers_.take_output()) {
      for (const node::StateTask& task : output.tasks) {
        const auto done = applier_.run(task);
        CHECK_MSG(done.has_value(), "the store refuses what was let in");
        if (const auto* staged = std::get_if<node::Staged>(&done->done)) transfers_.staged(now_, *staged);
        if (const auto* installed = std::get_if<node::Installed>(&done->done)) {
          CHECK(store_.position(installed->group) == installed->at);
          (void)transfers_.installed(installed->group);
        }
      }
    }
  }

  sim::StateDisk store_;
  kv::Machine data_;
  meta::Machine metadata_;
  node::Applier applier_{store_, data_, metadata_};
  node::Transfers transfers_{Incarnation(3), 1024, 1'000'000'000};
  std::map<GroupId, std::uint32_t> chains_;
  Time now_{ns_per_s};
};

}  // namespace

extern "C" int NODEDB_FUZZER(snapshot)(const std::uint8_t* data, std::size_t size) {
  Receiver receiver;
  wire::Reader in(fuzz::view(data, size));
  while (in.ok() && !in.at_end()) {
    const std::uint8_t head = in.u8();
    const std::size_t low = in.u8();
    const std::size_t length = low | std::size_t{in.u8()} << 8;
    const Blob payload(Bytes(in.raw(length)));
    if (!in.ok()) break;
    const auto kind = static_cast<wire::FrameKind>(head & 0x7f);
    if (auto message = wire::decode(kind, payload)) receiver.take(std::move(*message), (head & 0x80) != 0);
  }
  return 0;
}
