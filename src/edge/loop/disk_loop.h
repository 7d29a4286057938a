// SPDX-License-Identifier: Apache-2.0
#pragma once

// The disk thread: makes log batches durable, in order, with one sync for all that queued meanwhile or is
// added by threads that wait for a core, and only then lets go what waited for it: first the messages, then
// the report to the node, which it steps if there is nothing else to write. A full disk keeps the batches and
// tries again; any other failure ends the process before anything is acknowledged.

#include <atomic>
#include <optional>
#include <vector>

#include "edge/base/mailbox.h"
#include "edge/loop/core_inbox.h"
#include "edge/loop/full_disk.h"
#include "edge/loop/net_port.h"
#include "node/store.h"
#include "node/turn.h"

namespace nodedb::edge {

/// One turn's promise. The messages may leave once this batch and all before it are durable.
struct DiskItem {
  std::optional<node::LogWrite> log;
  std::vector<wire::Outbound> after;
};

class DiskLoop {
 public:
  static constexpr std::size_t inbox_max = 16 * 1024;
  /// In one write.
  static constexpr std::size_t batches_max = 1024;
  static constexpr std::size_t bytes_max = 8u << 20;

  /// All must outlive the loop.
  DiskLoop(node::LogStore& store, CoreInbox& core, NetInbox& net, OnFailure on_failure)
      : store_(store),
        core_(core),
        net_(net),
        full_disk_(std::move(on_failure), "the disk is full; writes wait for room", "the disk has room again",
                   [&core](bool full) { core.report(node::DiskRoom{.full = full}); }),
        inbox_(inbox_max) {}

  /// Of the thread that steps. Waits if the disk is that far behind, or without `wait` takes the item all the
  /// same. False: there is no room for more.
  bool give(DiskItem item, bool wait);
  /// Of the thread that steps: nothing waits and nothing is under way.
  bool idle() const { return given_ == done_.load(std::memory_order_acquire); }

  /// The thread's body: until `close`, and then what is left.
  void run();
  /// No more work comes. With `abandon`, a full disk is not waited for.
  void close(bool abandon);

 private:
  /// How many of the items from `from` on go into one write: at least one.
  static std::size_t portion(const std::vector<DiskItem>& items, std::size_t from);
  /// False: the process stops. Nothing may be written after that: it would leave a gap.
  bool carry_out(std::vector<DiskItem> items);
  /// Until `close`: takes what comes and does nothing with it, so that nobody waits for room.
  void discard();

  node::LogStore& store_;
  CoreInbox& core_;
  NetInbox& net_;
  FullDisk full_disk_;
  Mailbox<DiskItem> inbox_;
  std::uint64_t given_ = 0;  ///< items; of the thread that steps
  std::atomic<std::uint64_t> done_ = 0;
};

}  // namespace nodedb::edge
