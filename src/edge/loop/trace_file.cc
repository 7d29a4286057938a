// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/trace_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "edge/base/log.h"

namespace nodedb::edge {

Result<TraceFile> TraceFile::open(const std::string& path) {
  FileHandle file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file.valid()) return std::unexpected(system_error("open", path, errno));
  return TraceFile(std::move(file));
}

void TraceFile::write(NodeId self, std::span<const node::TraceEvent> events) {
  if (broken_) return;
  Bytes lines;
  for (const node::TraceEvent& event : events) lines += node::trace_line(self, event);
  BytesView left = lines;
  while (!left.empty()) {
    const ssize_t written = ::write(file_.get(), left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      broken_ = true;
      log::warn("the trace ends here: its file cannot be written", {{"reason", std::strerror(errno)}});
      return;
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace nodedb::edge
