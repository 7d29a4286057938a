// SPDX-License-Identifier: Apache-2.0
#include "app/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "app/output.h"
#include "base/time.h"

namespace nodedb::app {

namespace {

constexpr const char* other_screen = "\x1b[?1049h\x1b[?25l";
constexpr const char* own_screen = "\x1b[?25h\x1b[?1049l";

std::atomic<bool> signalled = false;

winsize size_now() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {24, 80, 0, 0};
  return size;
}

}  // namespace

bool Terminal::there() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

Terminal::Terminal() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, [](int) { signalled = true; });
  ::tcgetattr(STDIN_FILENO, &before_);
  termios keys = before_;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  print(other_screen);
}

Terminal::~Terminal() {
  print(own_screen);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

std::size_t Terminal::width() const {
  return size_now().ws_col;
}

std::size_t Terminal::height() const {
  return size_now().ws_row;
}

void Terminal::draw(const std::vector<std::string>& lines) {
  std::string text = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) text += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
  print(text + "\x1b[J");
}

bool Terminal::ended(std::int64_t wait_ns) {
  pollfd keys{STDIN_FILENO, POLLIN, 0};
  if (!signalled && ::poll(&keys, 1, static_cast<int>(wait_ns / ns_per_ms)) == 1) {
    char key = 0;
    if (::read(STDIN_FILENO, &key, 1) != 1 || key == 'q') return true;
  }
  return signalled;
}

}  // namespace nodedb::app
