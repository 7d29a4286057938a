// SPDX-License-Identifier: Apache-2.0
#pragma once

// One command over several vShards: a call to each at once, the answers put together. Not atomic: another
// client may see some vShards changed and others not yet, and when one vShard fails, what the others did
// stays done, and the error says so.

#include <functional>
#include <memory>

#include "edge/resp/job.h"
#include "kv/command.h"

namespace nodedb::resp {

class Scatter : public Job {
 public:
  /// `vshards`: one for each call, without repetition; ignored if `wide`.
  Scatter(Calls calls, std::vector<VShardId> vshards, bool wide);

  Order::Claim claim() const override;
  std::size_t held_bytes() const override { return held_bytes_; }
  Calls start() override { return std::move(calls_); }
  Calls answered(std::size_t part, kv::Reply reply) final;
  kv::Reply result() final;

 protected:
  /// A good answer of part `part`.
  virtual void gather(std::size_t part, kv::Reply reply) = 0;
  /// All parts were good.
  virtual kv::Reply gathered() = 0;
  /// Counts what is kept for the reply; false: it has become too much, drop it.
  bool keep(std::size_t bytes);

 private:
  Calls calls_;
  std::vector<VShardId> vshards_;
  bool wide_ = false;
  bool write_ = false;
  std::size_t held_bytes_ = 0;
  std::size_t kept_bytes_ = 0;
  std::size_t parts_ = 0;
  std::size_t failed_ = 0;
  bool too_large_ = false;
  kv::Reply first_error_;
};

/// MGET, MSET, DEL, UNLINK, EXISTS or TOUCH whose keys lie in several vShards.
std::unique_ptr<Job> spread(const kv::CommandSpec& spec, const kv::Argv& argv, std::int64_t timeout_ns);

/// The same read or write in every vShard.
Calls calls_to_all(const Bytes& command, bool write, std::int64_t timeout_ns);
std::unique_ptr<Job> sum_over_all(const Bytes& query, std::int64_t timeout_ns);
std::unique_ptr<Job> lists_over_all(const Bytes& query, std::int64_t timeout_ns);
std::unique_ptr<Job> write_to_all(const Bytes& command, std::int64_t timeout_ns);

}  // namespace nodedb::resp
