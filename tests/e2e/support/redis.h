// SPDX-License-Identifier: Apache-2.0
#pragma once

// An unmodified Redis client (hiredis), its replies as values. One thread.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "load/keys.h"

struct redisContext;
struct redisReply;

namespace nodedb::e2e {

struct Answer {
  enum class Kind : std::uint8_t { lost, error, nil, number, text, list } kind = Kind::lost;
  std::int64_t number = 0;
  std::string text;  ///< also an error's, and why the connection was lost
  std::vector<Answer> list;

  bool is(const std::string& expected) const { return kind == Kind::text && text == expected; }
  bool is(std::int64_t expected) const { return kind == Kind::number && number == expected; }
  /// For failure messages.
  std::string describe() const;
};

using load::key_in;

class Redis {
 public:
  Redis(int port, int timeout_ms);
  bool connected() const;
  /// After `lost` the connection is of no use any more.
  Answer command(const std::vector<std::string>& words);
  /// Sends all before it reads the first answer.
  std::vector<Answer> pipeline(const std::vector<std::vector<std::string>>& commands);

 private:
  void append(const std::vector<std::string>& words);
  Answer read();

  struct Close {
    void operator()(redisContext* context) const;
  };
  std::unique_ptr<redisContext, Close> context_;
};

}  // namespace nodedb::e2e
