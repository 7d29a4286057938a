// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bring your own state machine: two pure functions over an ordered view of one vShard's data. `apply` turns a
// committed entry into writes and a reply, identically on every replica; `read` answers from the view alone.
// Neither may look at a clock, at luck, or at anything but its arguments. Calls for one vShard never overlap,
// but different vShards may be served by the same object from the apply thread: keep no state in it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hlc.h"
#include "base/ids.h"

namespace nodedb {

/// Walks keys of one vShard upwards in byte order. Views it hands out die at the next call.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool valid() const = 0;       ///< it stands on a row
  virtual void next() = 0;              ///< pre: valid
  virtual BytesView key() const = 0;    ///< pre: valid
  virtual BytesView value() const = 0;  ///< pre: valid
};

/// A consistent, read-only, ordered map from key to value: one vShard's data at one applied index.
class View {
 public:
  virtual ~View() = default;
  /// The row's value; nothing if there is none.
  virtual std::optional<Bytes> get(BytesView key) const = 0;
  /// As `get`, but at most the value's first `bytes_max` bytes: for who wants to know of a row that may be
  /// large, not to have it. As fast as a small row's `get` where the view can do so.
  virtual std::optional<Bytes> head(BytesView key, std::size_t bytes_max) const {
    std::optional<Bytes> value = get(key);
    if (value && value->size() > bytes_max) value->resize(bytes_max);
    return value;
  }
  /// The first key that is >= `from`. Invalid at once when there is none.
  virtual std::unique_ptr<Cursor> seek(BytesView from) const = 0;
};

/// The row has this value from now on.
struct Put {
  Bytes key;                                    ///< at most 64 KiB
  Bytes value;                                  ///< at most 16 MiB
  bool operator==(const Put&) const = default;  ///< by value
};
/// There is no such row from now on.
struct Delete {
  Bytes key;                                       ///< may be there or not
  bool operator==(const Delete&) const = default;  ///< by value
};
/// Every key in [from, to); `to` empty means to the end.
struct DeleteRange {
  Bytes from;                                           ///< the first that goes
  Bytes to;                                             ///< the first that stays
  bool operator==(const DeleteRange&) const = default;  ///< by value
};
/// One change of one vShard's rows.
using Write = std::variant<Put, Delete, DeleteRange>;
/// Applied in order, as one.
using Batch = std::vector<Write>;

/// A committed entry.
struct ApplyInput {
  VShardId vshard;    ///< whose log it is in
  Index index;        ///< the entry's place in the group's log: unique, rising
  Hlc hlc;            ///< stamped by the leader; rises with the index within a vShard
  BytesView command;  ///< as it was proposed
};

/// What it comes to.
struct ApplyOutput {
  Batch writes;  ///< become visible together with the entry's index
  Bytes reply;   ///< for who proposed it; at most 32 MiB
  /// Wall-clock ns at which these writes give `command_when_due` something to do; nothing if they do not.
  std::optional<std::int64_t> due_ns = std::nullopt;
};

/// A query.
struct ReadInput {
  VShardId vshard;  ///< whose rows are in the view
  Index applied;    ///< the view's applied index
  Hlc hlc;          ///< the time of the read; never below the stamp of an applied entry
  BytesView query;  ///< as it was asked
};

/// What is replicated: implement `apply` and `read`, and `check` if not every command makes sense.
class StateMachine {
 public:
  virtual ~StateMachine() = default;

  /// An error means "this build cannot understand the entry" (incompatible, malformed): the vShard's apply
  /// stops before it on this node, visibly, and the process stays up. A command that merely fails is a reply.
  virtual Result<ApplyOutput> apply(const View& view, const ApplyInput& input) const = 0;
  /// Answers a query; nothing changes. Trouble with the query is an answer, too.
  virtual Bytes read(const View& view, const ReadInput& input) const = 0;
  /// Whether `apply` will understand this command: asked where it comes in, so that bytes that no replica
  /// could apply never get into a log. From the bytes alone. Errors: malformed, too_large, incompatible; they
  /// are the answer to who proposes it, and had no effect.
  virtual Result<void> check(BytesView) const { return {}; }

  /// The command to propose by itself when `due_ns` of `next_due` has come, or nothing if there is none.
  /// Lets expiry and other time-driven clean-up be entries like all else. Called on the leader only.
  virtual std::optional<Bytes> command_when_due(const View&, Hlc) const { return std::nullopt; }
  /// Wall-clock ns at which `command_when_due` may have something to do; nothing when idle.
  virtual std::optional<std::int64_t> next_due_ns(const View&) const { return std::nullopt; }
};

}  // namespace nodedb
