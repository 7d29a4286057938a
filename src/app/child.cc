// SPDX-License-Identifier: Apache-2.0
#include "app/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>

#include "edge/disk/files.h"

namespace nodedb::app {

namespace {

constexpr int cannot_start = 127;

/// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(pid_t parent, int log, char* const* words) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the line above.
  if (::getppid() != parent) ::_exit(cannot_start);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::execv(words[0], words);
  ::_exit(cannot_start);
}

}  // namespace

Result<pid_t> start_child(const std::vector<std::string>& line, const std::string& log) {
  edge::FileHandle file(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file.valid()) return std::unexpected(edge::system_error("open", log, errno));
  std::vector<char*> words;
  for (const std::string& word : line) words.push_back(const_cast<char*>(word.c_str()));  // execv's old type
  words.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(parent, file.get(), words.data());
  if (child < 0)
    return std::unexpected(Error{Code::unreachable, "cannot start another process: fork failed"});
  return child;
}

}  // namespace nodedb::app
