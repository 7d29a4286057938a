// SPDX-License-Identifier: Apache-2.0
#pragma once

// What both ends of a connection agree on beyond QUIC itself: the ALPN names and the application error codes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodedb::quic {

/// "nodedb/<version>"; both ends offer all that they speak and the highest common one is used.
struct VersionRange {
  std::uint8_t lowest = 1;
  std::uint8_t highest = 1;
};
/// Highest first.
inline std::vector<std::string> alpn_names(VersionRange range) {
  std::vector<std::string> names;
  for (int v = range.highest; v >= range.lowest; --v) names.push_back("nodedb/" + std::to_string(v));
  return names;
}

/// The door for machines that have no certificate yet (docs/formats.md). Only there a client shows none.
inline constexpr std::string_view join_alpn = "nodedb-join/1";
/// The largest DATAGRAM frame that a node takes. With packet header, tag and an acknowledgement it fits into
/// the smallest packet that every path carries.
inline constexpr std::size_t datagram_frame_bytes_max = 1100;

/// Application error codes of CONNECTION_CLOSE. Numbers are for ever.
enum class CloseCode : std::uint64_t {
  done = 0,       ///< going away in good order
  bad_frame = 1,  ///< bytes that are no valid frame, or a frame that has no place there
  duplicate = 2,  ///< another connection between the two nodes is kept
  replaced = 3,   ///< the peer came back with a new connection
  removed = 4,    ///< the node was removed from the cluster for ever
  busy = 5,       ///< too much at once
  forbidden = 6,  ///< the certificate's role does not allow this
  internal = 7,
  twin = 8,       ///< another live process has the same identity
  untrusted = 9,  ///< the certificate is of an authority that is no longer trusted, or has expired
};

inline std::string_view name(CloseCode code) {
  switch (code) {
    case CloseCode::done:
      return "done";
    case CloseCode::bad_frame:
      return "bad frame";
    case CloseCode::duplicate:
      return "duplicate connection";
    case CloseCode::replaced:
      return "replaced by a newer connection";
    case CloseCode::removed:
      return "removed from the cluster for ever";
    case CloseCode::busy:
      return "busy";
    case CloseCode::forbidden:
      return "forbidden";
    case CloseCode::internal:
      return "internal";
    case CloseCode::twin:
      return "another live process has the same identity";
    case CloseCode::untrusted:
      return "the certificate is no longer trusted";
  }
  return "unknown";
}

}  // namespace nodedb::quic
