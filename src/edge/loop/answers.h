// SPDX-License-Identifier: Apache-2.0
#pragma once

// How many bytes of answers to reads are on their way to clients. A read is small and its answer may not be:
// who asks for much at once gets `busy` for what there is no room for. An answer counts until its last copy
// of it is let go, wherever that is. Any thread.

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"

namespace nodedb::edge {

class Answers {
 public:
  /// Smaller ones are bounded by how many requests there may be, and do not count.
  static constexpr std::size_t small_bytes = 4 * 1024;

  explicit Answers(std::size_t bytes_max = limits::answers_bytes_max) : bytes_max_(bytes_max) {}

  std::size_t bytes() const { return *bytes_; }

  /// The answer, counted from now on; or busy. One alone always finds room.
  Result<Blob> count(Result<Blob> answer) const {
    if (!answer || answer->size() < small_bytes) return answer;
    const std::size_t before = bytes_->fetch_add(answer->size());
    const auto counted = std::make_shared<Counted>(std::move(*answer), bytes_);
    if (before > 0 && before + counted->answer.size() > bytes_max_)
      return fail(Code::busy, "too many bytes of answers are on their way");
    return Blob(counted, counted->answer.view());
  }

 private:
  using Bytes = std::shared_ptr<std::atomic<std::size_t>>;
  struct Counted {
    Counted(Blob given, Bytes sum) : answer(std::move(given)), bytes(std::move(sum)) {}
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { *bytes -= answer.size(); }
    Blob answer;
    Bytes bytes;
  };

  std::size_t bytes_max_;
  // Shared with the answers, which may outlive this.
  Bytes bytes_ = std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace nodedb::edge
