// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is compared: three servers of a system on loopback, and how a client speaks to them. Each system has a
// file of its own; what follows here is all that the bench knows of it.

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "load/load.h"
#include "load/protocol.h"
#include "tests/e2e/support/process.h"

namespace nodedb::bench {

using load::LoadOptions;
using load::LoadResult;
using load::MakeProtocol;
using load::Operation;
using load::Protocol;

/// They run until it goes out of scope.
class Servers {
 public:
  Servers() = default;
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;
  virtual ~Servers() = default;

  /// Where clients go.
  virtual std::vector<int> ports() const = 0;
  virtual std::vector<pid_t> pids() const = 0;
};

struct System {
  std::string name;
  std::string program;   ///< that has to be installed: a name or a path; empty: nothing has to be
  std::string package;   ///< Debian's that brings it
  std::string compared;  ///< what a write and a read are, and what the system promises of them
  /// Nothing, and `complaint`, if they do not serve in time.
  std::unique_ptr<Servers> (*start)(const std::string& directory, std::string& complaint) = nullptr;
  MakeProtocol (*protocol)(const LoadOptions& options) = nullptr;
  double warm_s = 2;  ///< of writes and again of reads, before anything is measured
};

bool installed(const System& system);

/// Programs as servers.
class Programs : public Servers {
 public:
  explicit Programs(std::string directory) : directory_(std::move(directory)) {}

  /// Runs `line`, its program found by PATH; the log and the data of it belong in directory_of(name).
  void run(const std::string& name, std::vector<std::string> line);
  /// Made if it is missing.
  std::string directory_of(const std::string& name) const;
  void serve_at(int port) { ports_.push_back(port); }

  std::vector<int> ports() const override { return ports_; }
  std::vector<pid_t> pids() const override;
  /// What the first of them has said.
  std::string log() const { return processes_.front()->log(); }

 private:
  std::string directory_;
  std::vector<int> ports_;
  std::vector<std::unique_ptr<e2e::Process>> processes_;
};

/// Waits up to 30 s until the servers answer writes of the protocol; nothing, and `complaint`, if they do
/// not.
std::unique_ptr<Servers> once_they_serve(std::unique_ptr<Programs> programs, const MakeProtocol& protocol,
                                         std::string& complaint);

}  // namespace nodedb::bench
