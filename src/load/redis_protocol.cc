// SPDX-License-Identifier: Apache-2.0
#include "load/redis_protocol.h"

#include <deque>
#include <utility>

#include "load/keys.h"
#include "load/reply.h"

namespace nodedb::load {

namespace {

class RedisProtocol : public Protocol {
 public:
  explicit RedisProtocol(std::shared_ptr<const RedisLoad> load)
      : load_(std::move(load)), value_(load_->value_bytes, 'v'), ready_(load_->password.empty()) {
    if (!ready_) append_command(unsent_, {"AUTH", load_->password});
  }

  bool ready() const override { return ready_; }

  void begin(Operation operation, std::uint64_t key, std::int64_t began_ns) override {
    const std::string& name = load_->keys[key];
    switch (operation) {
      case Operation::set:
        append_command(unsent_, {"SET", name, value_});
        break;
      case Operation::get:
        append_command(unsent_, {"GET", name});
        break;
      case Operation::del:
        append_command(unsent_, {"DEL", name});
        break;
    }
    under_way_.push_back({began_ns, false});
  }

  std::string take_unsent() override {
    if (load_->replicas > 0 && ready_ && !unsent_.empty()) {
      append_command(unsent_, {"WAIT", std::to_string(load_->replicas), "5000"});
      under_way_.push_back({0, true});
    }
    return std::exchange(unsent_, {});
  }

  std::optional<std::vector<Answer>> receive(std::string_view bytes) override {
    received_ += bytes;
    std::vector<Answer> answers;
    std::size_t done = 0;
    for (;;) {
      const auto parsed = parse_reply(std::string_view(received_).substr(done));
      if (!parsed) return std::nullopt;
      if (!*parsed) break;
      if (!take((*parsed)->reply, answers)) return std::nullopt;
      done += (*parsed)->bytes;
    }
    received_.erase(0, done);
    return answers;
  }

 private:
  struct Command {
    std::int64_t began_ns = 0;
    bool waits = false;  ///< a WAIT, not an operation
  };

  /// False if nothing is to be answered, or the password is not taken.
  bool take(const kv::Reply& reply, std::vector<Answer>& answers) {
    if (!ready_) return ready_ = !reply.is_error();
    if (under_way_.empty()) return false;
    const Command command = under_way_.front();
    under_way_.pop_front();
    if (command.waits) {
      const bool replicated = reply.number >= load_->replicas;
      for (Answer& one : written_) {
        if (one.error.empty() && !replicated) one.error = "NOREPLICAS";
        answers.push_back(std::move(one));
      }
      written_.clear();
    } else {
      (load_->replicas > 0 ? written_ : answers)
          .push_back({command.began_ns, reply.is_error() ? error_code(reply) : ""});
    }
    return true;
  }

  std::shared_ptr<const RedisLoad> load_;  // one for all connections, which end in any order
  std::string value_;
  bool ready_;
  std::string unsent_;
  std::string received_;
  std::deque<Command> under_way_;
  std::vector<Answer> written_;  ///< on the primary; their WAIT is not answered yet
};

}  // namespace

MakeProtocol redis_protocol(RedisLoad load) {
  auto shared = std::make_shared<const RedisLoad>(std::move(load));
  return [shared = std::move(shared)] { return std::make_unique<RedisProtocol>(shared); };
}

std::vector<std::string> keys_of(const LoadOptions& options) {
  return keys_over(options.vshards, "b", options.keys);
}

}  // namespace nodedb::load
