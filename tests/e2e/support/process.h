// SPDX-License-Identifier: Apache-2.0
#pragma once

// One child process with its log, ended with -9 when it goes out of scope; and the command line's answers as
// values. One thread.

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/e2e/support/cluster.h"

namespace nodedb::e2e {

class Process {
 public:
  Process(const std::vector<std::string>& line, std::string log);
  ~Process() { kill(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  std::string log() const;
  bool wait_log(const std::string& text, int seconds) const;
  /// Sends the signal and waits for the end: the exit status, or -1 if there is none in time.
  int end(int signal, int seconds);
  void kill();

 private:
  pid_t pid_ = 0;
  std::string log_;
};

/// A port that nobody had a moment ago (app/free_port.h).
int free_port();
std::string file_text(const std::string& path);
/// Asks every 20 ms until it is true or the time is over.
bool eventually(int seconds, const std::function<bool()>& done);
/// Runs an operator's command against a node of the cluster, with `-o json`.
Finished operate(const Cluster& cluster, std::size_t node, std::vector<std::string> words);
/// The line of JSON among what the command has said; null if there is none.
app::Json json_of(const Finished& finished);

}  // namespace nodedb::e2e
