// SPDX-License-Identifier: Apache-2.0
#pragma once

// A playground under test: real processes, started by the real binary, killed and started again at will.
// Everything it started ends with it. One thread.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/json.h"

namespace nodedb::e2e {

/// A fresh directory that is removed with everything in it, unless NODEDB_TEST_KEEP is set.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string& name);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The program under test: NODEDB_TEST_BINARY, or the one that was built with the tests.
std::string binary();

struct Finished {
  int status = -1;  ///< exit status; -1 if a signal ended it
  std::string output;
};
/// Runs a command to its end; stdout and stderr together.
Finished run(const std::vector<std::string>& words);

class Cluster {
 public:
  struct Node {
    std::int64_t id = 0;
    pid_t pid = 0;  ///< 0: down
    int redis_port = 0;
    int http_port = 0;
    std::string quic;
    std::string data;
    std::vector<std::string> start;
  };

  /// Starts a playground in `directory` and waits until it serves. Nothing if it does not; `complaint` says
  /// why.
  static std::optional<Cluster> start(const std::string& directory, int nodes, std::string& complaint,
                                      const std::vector<std::string>& more = {});
  Cluster(Cluster&& other) noexcept;
  Cluster& operator=(Cluster&&) = delete;
  ~Cluster();

  std::vector<Node>& nodes() { return nodes_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  /// Of all nodes, up or not.
  std::vector<int> redis_ports() const;
  const std::string& directory() const { return directory_; }
  std::string operator_certs() const { return directory_ + "/operator"; }

  std::string log_file(std::size_t index) const;

  /// kill -9, and waits until it is gone.
  void kill(std::size_t index);
  /// Starts it again by its own arguments; does not wait for it. `variable`: NAME=VALUE in its environment.
  void restart(std::size_t index, const std::string& variable = {});
  /// Sends a signal (0: none) and waits up to `seconds` for the end. False: it still runs.
  bool end(std::size_t index, int signal, int seconds);
  /// Waits until every node that is up answers `status` and knows a leader for every group. If that does not
  /// come about, says on stderr who lacks what; who turns out to have ended counts as down.
  bool wait_healthy(int seconds);
  /// Waits until the node's Redis port takes connections.
  bool wait_port(std::size_t index, int seconds);

  /// The node's own status, or nothing if it does not answer.
  std::optional<app::Json> status(std::size_t index) const;
  /// The index of the node that leads most groups.
  std::size_t busiest() const;

 private:
  Cluster() = default;

  std::string directory_;
  pid_t playground_ = 0;
  std::vector<Node> nodes_;
  std::vector<bool> ours_;  ///< started by us, not by the playground
};

/// Of host:port.
int port_of(const std::string& address);
void sleep_ms(int ms);

}  // namespace nodedb::e2e
