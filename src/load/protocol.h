// SPDX-License-Identifier: Apache-2.0
#pragma once

// One client connection's side of a protocol, as bytes: what to send for an operation, and which operations
// the bytes that came have answered. No socket and no clock: run_load (load.h) has those, and drives one
// Protocol for each connection.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodedb::load {

enum class Operation : std::uint8_t { set, get, del };

class Protocol {
 public:
  struct Answer {
    std::int64_t began_ns = 0;  ///< as it was given to begin
    std::string error{};        ///< its code, if the server refused the operation; empty: it is done
  };

  Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;
  virtual ~Protocol() = default;

  /// Until then the two sides still greet each other, and no operation begins.
  virtual bool ready() const { return true; }
  /// Begins an operation on the key of that number.
  virtual void begin(Operation operation, std::uint64_t key, std::int64_t began_ns) = 0;
  /// What is to be sent now, for all that began since the last call.
  virtual std::string take_unsent() = 0;
  /// The operations that these bytes answer; nothing if they make no sense, or say that this client is not
  /// wanted: the connection is lost then.
  virtual std::optional<std::vector<Answer>> receive(std::string_view bytes) = 0;
};

/// Makes one for each connection.
using MakeProtocol = std::function<std::unique_ptr<Protocol>()>;

}  // namespace nodedb::load
