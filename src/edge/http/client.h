// SPDX-License-Identifier: Apache-2.0
#pragma once

// One connection of the HTTP port, and where its request stands. Private to edge/http; the port's thread.
//
//   reading ──▶ answering ──▶ reading …      the answer was there at once
//      ├──▶ asking ──▶ answering             it is being made elsewhere: the connection is suspended
//      └──▶ listening                        to events, until it ends

#include <cstdint>
#include <optional>
#include <string>

#include "edge/http/server.h"

struct MHD_Connection;

namespace nodedb::http {

struct Client {
  enum class Phase : std::uint8_t { reading, asking, answering, listening };

  MHD_Connection* connection = nullptr;
  int socket = -1;  ///< the library's
  Phase phase = Phase::reading;
  Time since;  ///< in this phase; of `listening`: since something was sent last
  RequestId id = 0;
  Request request;
  std::optional<Answer> answer;  ///< asking: it has come
  bool suspended = false;
  bool over = false;   ///< its socket is shut: the library is about to find out
  std::string unread;  ///< listening: not handed to the library yet
};

}  // namespace nodedb::http
