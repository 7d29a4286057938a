// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small files that hold keys, certificates and secrets. A new file is written whole and synced, never over an
// existing one; a secret is readable by its owner only, and one that others can read is refused.

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::tls {

inline constexpr mode_t secret_mode = 0600;
inline constexpr mode_t public_mode = 0644;
inline constexpr std::size_t file_bytes_max = 256 * 1024;

/// 32 bytes that only this node knows, e.g. the key of its stateless-reset tokens.
using Secret = std::array<std::uint8_t, 32>;

/// Errors: not_found, forbidden, too_large, disk_failed.
Result<Bytes> read_file(const std::string& path);
/// As read_file, and forbidden if group or others may read or write the file.
Result<Bytes> read_secret(const std::string& path);
/// Errors: conflict if it exists, forbidden, disk_full, disk_failed.
Result<void> write_new_file(const std::string& path, BytesView bytes, mode_t mode);
/// Makes the directory (0700) and its parents unless they exist.
Result<void> make_directory(const std::string& path);
/// The secret kept at `path`; makes a random one (0600) the first time. Errors: damaged, and those above.
Result<Secret> load_or_create_secret(const std::string& path);

}  // namespace nodedb::tls
