// SPDX-License-Identifier: Apache-2.0
// A node in a program that has an event loop already: here poll(2) over a pipe that somebody types into and
// over the node's completions. Everything of the program's own happens on one thread, without a lock: what is
// read from the pipe is proposed, and the answers come back to the same loop.
//
// Prints each line's place in the log, then "5 lines, the last one is epsilon".
#include <nodedb/cluster/completions.h>
#include <nodedb/cluster/local_cluster.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

using namespace nodedb;

namespace {

/// Remembers the lines of a chat, in their order.
class Chat final : public StateMachine {
 public:
  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    const Bytes count = std::to_string(std::stol(rows.get("count").value_or("0")) + 1);
    return ApplyOutput{{Put{"count", count}, Put{"last", Bytes(input.command)}}, count};
  }
  Bytes read(const View& rows, const ReadInput&) const override {
    return rows.get("count").value_or("0") + " lines, the last one is " + rows.get("last").value_or("none");
  }
};

class Program {
 public:
  Program(Node& node, Completions& completions, int input)
      : node_(node), completions_(completions), input_(input) {}

  /// The program's own loop; until everything that was typed is answered.
  bool run() {
    while (!done_ && !failed_) {
      pollfd watched[] = {{eof_ ? -1 : input_, POLLIN, 0}, {completions_.fd(), POLLIN, 0}};
      if (::poll(watched, 2, -1) < 0) return false;
      if (watched[0].revents != 0) take_input();
      if (watched[1].revents != 0) completions_.run();
    }
    return !failed_;
  }

 private:
  void take_input() {
    char bytes[64];
    const ssize_t got = ::read(input_, bytes, sizeof bytes);
    eof_ = got <= 0;
    for (ssize_t i = 0; i < got; ++i) {
      if (bytes[i] != '\n') {
        line_ += bytes[i];
        continue;
      }
      say(std::exchange(line_, {}));
    }
    if (eof_ && waiting_ == 0) look();
  }

  void say(const std::string& line) {
    ++waiting_;
    const auto taken = node_.propose("chat", line, [this, line](Result<Answer> answer) {
      if (!answer) return failed("propose", answer.error());
      std::printf("%s is line %s\n", line.c_str(), answer->reply.c_str());
      if (--waiting_ == 0 && eof_) look();
    });
    if (!taken) failed("propose", taken.error());
  }

  void look() {
    const auto taken = node_.read("chat", "", {}, [this](Result<Answer> answer) {
      if (!answer) return failed("read", answer.error());
      std::printf("%s\n", answer->reply.c_str());
      done_ = true;
    });
    if (!taken) failed("read", taken.error());
  }

  void failed(const char* what, const Error& error) {
    std::fprintf(stderr, "%s: %s\n", what, error.detail.c_str());
    failed_ = true;
  }

  Node& node_;
  Completions& completions_;
  int input_;
  std::string line_;
  std::size_t waiting_ = 0;
  bool eof_ = false;
  bool done_ = false;
  bool failed_ = false;
};

}  // namespace

int main() {
  log_to_stderr(LogLevel::warn);
  Completions completions;
  LocalClusterOptions options;
  options.nodes = 1;
  options.executor = completions.executor();
  auto cluster = LocalCluster::start(std::make_shared<Chat>(), options);
  if (!cluster) return std::fprintf(stderr, "%s\n", cluster.error().detail.c_str()), 1;

  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return 1;
  const std::string typed = "alpha\nbeta\ngamma\ndelta\nepsilon\n";
  if (::write(pipe_ends[1], typed.data(), typed.size()) < 0) return 1;
  ::close(pipe_ends[1]);
  Program program((*cluster)->node(0), completions, pipe_ends[0]);
  const bool fine = program.run();
  cluster->reset();  // before the completions that it uses
  completions.run();
  return fine ? 0 : 1;
}
