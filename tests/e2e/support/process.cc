// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/support/process.h"

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "app/child.h"
#include "app/free_port.h"
#include "base/check.h"

namespace nodedb::e2e {

Process::Process(const std::vector<std::string>& line, std::string log) : log_(std::move(log)) {
  const auto pid = app::start_child(line, log_);
  pid_ = pid ? *pid : 0;
}

std::string Process::log() const {
  return file_text(log_);
}

bool Process::wait_log(const std::string& text, int seconds) const {
  return eventually(seconds, [&] { return log().find(text) != std::string::npos; });
}

int Process::end(int signal, int seconds) {
  ::kill(pid_, signal);
  int status = 0;
  if (!eventually(seconds, [&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) return -1;
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void Process::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

int free_port() {
  const auto drawn = app::FreePort::draw();
  CHECK_MSG(drawn.has_value(), "no free port on 127.0.0.1");
  return drawn->number();
}

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool eventually(int seconds, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    sleep_ms(20);
  }
  return true;
}

Finished operate(const Cluster& cluster, std::size_t node, std::vector<std::string> words) {
  words.insert(words.begin(), binary());
  words.insert(words.end(),
               {"--certs", cluster.operator_certs(), "--node", cluster.nodes()[node].quic, "-o", "json"});
  return run(words);
}

app::Json json_of(const Finished& finished) {
  std::istringstream lines(finished.output);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("{") && !line.starts_with("[")) continue;
    if (auto parsed = app::Json::parse(line)) return std::move(*parsed);
  }
  return {};
}

}  // namespace nodedb::e2e
