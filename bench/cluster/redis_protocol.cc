// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/redis_protocol.h"

#include <cstdlib>
#include <deque>
#include <utility>

#include "base/ids.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::bench {

namespace {

using Commands = std::vector<std::string>;

/// Bytes of the whole reply at `from`, 0 if it is not all there. Simple strings, errors, integers and bulk
/// strings: what SET, GET and WAIT answer.
std::size_t reply_bytes(const std::string& text, std::size_t from) {
  const std::size_t end = text.find("\r\n", from);
  if (end == std::string::npos) return 0;
  const std::size_t line = end + 2 - from;
  if (text[from] != '$') return line;
  const long size = std::strtol(text.c_str() + from + 1, nullptr, 10);
  const std::size_t whole = size < 0 ? line : line + static_cast<std::size_t>(size) + 2;
  return text.size() - from >= whole ? whole : 0;
}

std::string bulk(const std::string& word) {
  return "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
}

/// One command for each key.
Commands commands_for(const LoadOptions& options) {
  const std::string value(options.value_bytes, 'v');
  Commands commands;
  for (std::uint64_t i = 0; i < options.keys; ++i) {
    const auto vshard = static_cast<std::uint16_t>(i % options.vshards * vshard_count / options.vshards);
    const std::string key = e2e::key_in(VShardId(vshard), "b" + std::to_string(i));
    commands.push_back(options.operation == Operation::set ? "*3\r\n$3\r\nSET\r\n" + bulk(key) + bulk(value)
                                                           : "*2\r\n$3\r\nGET\r\n" + bulk(key));
  }
  return commands;
}

class RedisProtocol : public Protocol {
 public:
  RedisProtocol(std::shared_ptr<const Commands> commands, int replicas)
      : commands_(std::move(commands)), replicas_(replicas) {}

  void begin(std::uint64_t key, std::int64_t began_ns) override {
    unsent_ += (*commands_)[key];
    under_way_.push_back({began_ns, false});
  }

  std::string take_unsent() override {
    if (replicas_ > 0 && !unsent_.empty()) {
      unsent_ += "*3\r\n$4\r\nWAIT\r\n" + bulk(std::to_string(replicas_)) + "$4\r\n5000\r\n";
      under_way_.push_back({0, true});
    }
    return std::exchange(unsent_, {});
  }

  std::optional<std::vector<Answer>> receive(std::string_view bytes) override {
    received_ += bytes;
    std::vector<Answer> answers;
    std::size_t done = 0;
    while (const std::size_t size = reply_bytes(received_, done)) {
      if (under_way_.empty()) return std::nullopt;
      const Command command = under_way_.front();
      under_way_.pop_front();
      if (command.waits) {
        const bool replicated = std::strtol(received_.c_str() + done + 1, nullptr, 10) >= replicas_;
        for (Answer& one : written_) answers.push_back({one.began_ns, one.fine && replicated});
        written_.clear();
      } else {
        (replicas_ > 0 ? written_ : answers).push_back({command.began_ns, received_[done] != '-'});
      }
      done += size;
    }
    received_.erase(0, done);
    return answers;
  }

 private:
  struct Command {
    std::int64_t began_ns = 0;
    bool waits = false;  ///< a WAIT, not an operation
  };

  std::shared_ptr<const Commands> commands_;  // one list for all connections, which end in any order
  int replicas_;
  std::string unsent_;
  std::string received_;
  std::deque<Command> under_way_;
  std::vector<Answer> written_;  ///< on the primary; their WAIT is not answered yet
};

}  // namespace

MakeProtocol redis_protocol(const LoadOptions& options, int replicas) {
  auto commands = std::make_shared<const Commands>(commands_for(options));
  return [commands = std::move(commands), replicas] {
    return std::make_unique<RedisProtocol>(commands, replicas);
  };
}

}  // namespace nodedb::bench
