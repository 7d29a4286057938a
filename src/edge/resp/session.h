// SPDX-License-Identifier: Apache-2.0
#pragma once

// One connection as the gateway sees it: who it is, which protocol it speaks, its transaction and watches,
// and its pipeline. A plain struct that the command handlers work on; owned by the gateway, net thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "edge/resp/pipeline.h"
#include "edge/resp/watches.h"

namespace nodedb::resp {

struct LocalCommand;

/// A command between MULTI and EXEC.
struct Queued {
  std::string_view name;                ///< from the command tables
  const LocalCommand* local = nullptr;  ///< null: a data command
  bool write = false;
  Bytes command;  ///< kv/argv.h
};

/// What MULTI has gathered.
struct Multi {
  bool active = false;
  bool broken = false;  ///< a command was refused: EXEC will abort
  std::vector<Queued> queue;
  std::size_t bytes = 0;
  std::optional<std::uint16_t> slot;  ///< of the data commands
};

enum class Speech : std::uint8_t { on, off, skip_next };

struct Session {
  Session(Outlet& outlet, SessionId number) : id(number), pipeline(outlet, number) {}

  SessionId id = 0;
  std::string peer;   ///< host:port
  std::string local;  ///< host:port
  Time opened;
  Time last_command;
  std::string_view last_command_name = "NULL";  ///< from the command tables
  std::string name;
  std::string library_name;
  std::string library_version;

  Protocol protocol = Protocol::resp2;
  Speech speech = Speech::on;
  bool authenticated = true;
  bool cluster_aware = false;  ///< it has shown that it follows MOVED
  bool read_only = false;      ///< READONLY: replicas may serve its reads
  TraceContext trace;          ///< CLIENT TRACEPARENT: of the commands from now on
  Multi multi;
  SharedWatches watches;  ///< null: none

  bool closing = false;  ///< nothing more is read; close once all answers are out
  bool killed = false;   ///< close at once
  Pipeline pipeline;
};

}  // namespace nodedb::resp
