// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/support/cluster.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "app/child.h"
#include "app/operator_calls.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::e2e {

namespace {

using Clock = std::chrono::steady_clock;

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string last_lines(const std::string& text, int lines) {
  std::size_t from = text.size();
  for (; lines >= 0 && from != std::string::npos && from > 0; --lines) from = text.rfind('\n', from - 1);
  return from == std::string::npos || from == 0 ? text : text.substr(from + 1);
}

/// Calls `done` every 20 ms until it is true or the time is over.
template <class Done>
bool wait_until(int seconds, Done done) {
  const auto deadline = Clock::now() + std::chrono::seconds(seconds);
  while (!done()) {
    if (Clock::now() > deadline) return false;
    sleep_ms(20);
  }
  return true;
}

/// The playground's one line of JSON among what it has said so far.
std::optional<app::Json> announced(const std::string& log) {
  std::istringstream lines(text_of(log));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("{\"cluster\"")) continue;
    if (auto parsed = app::Json::parse(line)) return std::move(*parsed);
  }
  return std::nullopt;
}

}  // namespace

int port_of(const std::string& address) {
  return std::atoi(address.substr(address.rfind(':') + 1).c_str());
}

void sleep_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

TemporaryDirectory::TemporaryDirectory(const std::string& name) {
  std::string pattern = (std::filesystem::temp_directory_path() / (name + ".XXXXXX")).string();
  path_ = ::mkdtemp(pattern.data());
}

TemporaryDirectory::~TemporaryDirectory() {
  if (std::getenv("NODEDB_TEST_KEEP") != nullptr) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string binary() {
  const char* const given = std::getenv("NODEDB_TEST_BINARY");
  return given ? given : NODEDB_BINARY;
}

Finished run(const std::vector<std::string>& words) {
  const TemporaryDirectory directory("nodedb-run");
  const std::string log = directory.path() + "/log";
  const auto pid = app::start_child(words, log);
  if (!pid) return {-1, pid.error().detail};
  int status = 0;
  ::waitpid(*pid, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(log)};
}

std::optional<Cluster> Cluster::start(const std::string& directory, int nodes, std::string& complaint,
                                      const std::vector<std::string>& more) {
  Cluster cluster;
  cluster.directory_ = directory;
  std::vector<std::string> line = {binary(),  "playground",          "--dir", directory,
                                   "--nodes", std::to_string(nodes), "-o",    "json"};
  // Replicas stay where a test puts them, unless it wants otherwise.
  if (std::ranges::find(more, "--rebalance") == more.end()) line.insert(line.end(), {"--rebalance", "off"});
  line.insert(line.end(), more.begin(), more.end());
  std::filesystem::create_directories(directory);
  const std::string log = directory + "/playground.log";
  std::filesystem::remove(log);
  const auto pid = app::start_child(line, log);
  if (!pid) {
    complaint = pid.error().detail;
    return std::nullopt;
  }
  cluster.playground_ = *pid;
  std::optional<app::Json> said;
  const bool ended_waiting = wait_until(150, [&] {
    said = announced(log);
    return said || ::kill(*pid, 0) != 0 || ::waitpid(*pid, nullptr, WNOHANG) == *pid;
  });
  if (!ended_waiting || !said) {
    complaint = "the playground does not serve: " + text_of(log);
    return std::nullopt;
  }
  for (const app::Json& node : (*said)["nodes"].items()) {
    Node made{node["id"].number(),
              static_cast<pid_t>(node["pid"].number()),
              port_of(node["redis"].text()),
              port_of(node["http"].text()),
              node["quic"].text(),
              node["data"].text(),
              {}};
    for (const app::Json& word : node["start"].items()) made.start.push_back(word.text());
    cluster.nodes_.push_back(std::move(made));
  }
  cluster.ours_.resize(cluster.nodes_.size());
  return cluster;
}

Cluster::Cluster(Cluster&& other) noexcept
    : directory_(std::move(other.directory_)),
      playground_(std::exchange(other.playground_, 0)),
      nodes_(std::exchange(other.nodes_, {})),
      ours_(std::exchange(other.ours_, {})) {}

Cluster::~Cluster() {
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (ours_[i]) kill(i);
  if (playground_ == 0) return;
  ::kill(playground_, SIGTERM);
  if (!wait_until(15, [this] { return ::waitpid(playground_, nullptr, WNOHANG) != 0; })) {
    ::kill(playground_, SIGKILL);
    ::waitpid(playground_, nullptr, 0);
  }
}

bool Cluster::end(std::size_t index, int signal, int seconds) {
  Node& node = nodes_[index];
  if (node.pid == 0) return true;
  ::kill(node.pid, signal);
  // The playground reaps its own children; ours we reap ourselves.
  const bool gone = wait_until(seconds, [&] {
    return ours_[index] ? ::waitpid(node.pid, nullptr, WNOHANG) != 0 : ::kill(node.pid, 0) != 0;
  });
  if (gone) node.pid = 0;
  return gone;
}

void Cluster::kill(std::size_t index) {
  end(index, SIGKILL, 30);
}

void Cluster::restart(std::size_t index, const std::string& variable) {
  Node& node = nodes_[index];
  if (node.pid != 0) return;
  std::vector<std::string> line = node.start;
  if (!variable.empty()) line.insert(line.begin(), {"/usr/bin/env", variable});
  const auto pid = app::start_child(line, log_file(index));
  node.pid = pid ? *pid : 0;
  ours_[index] = pid.has_value();
}

std::vector<int> Cluster::redis_ports() const {
  std::vector<int> ports;
  for (const Node& node : nodes_) ports.push_back(node.redis_port);
  return ports;
}

std::string Cluster::log_file(std::size_t index) const {
  return directory_ + "/node-" + std::to_string(index + 1) + "/log";
}

std::optional<app::Json> Cluster::status(std::size_t index) const {
  const app::Operator from{operator_certs(), nodes_[index].quic, 2 * ns_per_s};
  auto answer = app::ask(from, app::AskStatus{});
  if (!answer) return std::nullopt;
  return std::move(*answer);
}

bool Cluster::wait_healthy(int seconds) {
  const auto trouble = [this](std::size_t index) -> std::string {
    if (nodes_[index].pid == 0) return {};
    const auto answer = status(index);
    if (!answer) return "does not answer";
    const std::int64_t without = (*answer)["groups_without_leader"].number(1);
    return without == 0 ? "" : std::to_string(without) + " groups without a leader";
  };
  const bool well = wait_until(seconds, [&] {
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (!trouble(i).empty()) return false;
    return true;
  });
  if (well) return true;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const std::string what = trouble(i);
    if (what.empty()) continue;
    std::cerr << "node " << nodes_[i].id << ": " << what << (end(i, 0, 0) ? "; it has ended" : "")
              << "; the end of its log:\n"
              << last_lines(text_of(log_file(i)), 20);
  }
  return false;
}

bool Cluster::wait_port(std::size_t index, int seconds) {
  return wait_until(seconds, [&] { return Redis(nodes_[index].redis_port, 500).connected(); });
}

std::size_t Cluster::busiest() const {
  std::size_t best = 0;
  std::int64_t most = -1;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].pid == 0) continue;
    const auto answer = status(i);
    const std::int64_t leads = answer ? (*answer)["groups_led"].number() : 0;
    if (leads > most) {
      most = leads;
      best = i;
    }
  }
  return best;
}

}  // namespace nodedb::e2e
