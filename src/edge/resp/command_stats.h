// SPDX-License-Identifier: Apache-2.0
#pragma once

// How often each command was called and how that went, and which error codes were answered, since the start
// or the last CONFIG RESETSTAT: what INFO's commandstats and errorstats sections print. A command inside a
// transaction counts when EXEC runs it. Owned by the gateway, net thread.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace nodedb::resp {

class CommandStats {
 public:
  struct Count {
    std::uint64_t calls = 0;
    std::uint64_t rejected = 0;  ///< refused before it ran: arity, NOAUTH, not between MULTI and EXEC
    std::uint64_t failed = 0;    ///< ran, and answered an error
  };

  /// Pre, of all three: the name lives as long as the program, as those in the command tables do.
  void called(std::string_view command) { ++commands_[command].calls; }
  void rejected(std::string_view command) { ++commands_[command].rejected; }
  void failed(std::string_view command) { ++commands_[command].failed; }
  /// `text` is an error line; its first word is the code.
  void answered_error(BytesView text);

  const std::map<std::string_view, Count>& commands() const { return commands_; }
  const std::map<std::string, std::uint64_t, std::less<>>& errors() const { return errors_; }

 private:
  std::map<std::string_view, Count> commands_;
  std::map<std::string, std::uint64_t, std::less<>> errors_;
};

}  // namespace nodedb::resp
