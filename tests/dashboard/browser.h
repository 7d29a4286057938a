// SPDX-License-Identifier: Apache-2.0
#pragma once

// A real Chromium without a screen and one page in it, driven by its DevTools protocol over a pair of pipes
// (JSON messages, each ended by a zero byte). It keeps what the page has complained of and whom it has asked.
// All of it ends with the object. One thread.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/json.h"
#include "edge/disk/files.h"
#include "tests/e2e/support/cluster.h"

namespace nodedb::e2e {

struct View {
  int width = 1280;
  int height = 800;
  bool dark = false;
};

class Browser {
 public:
  Browser();
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  bool open(const std::string& url);
  /// Null if it throws; a promise is waited for.
  app::Json evaluate(const std::string& expression);
  std::string text_of(const std::string& selector);
  /// Asks until the expression is true, or the time is over.
  bool eventually(int seconds, const std::string& expression);
  /// Down and up again: `Tab`, `Enter`, `ArrowDown`…
  void press(const std::string& key, bool with_control = false);
  void look(const View& view);
  /// The whole page.
  void screenshot(const std::string& file);
  /// Each element as assistive technology sees it: role, name, focusable.
  std::vector<app::Json> accessible();

  /// Errors, warnings and exceptions of the page.
  const std::vector<std::string>& complaints() const { return complaints_; }
  void forget_complaints() { complaints_.clear(); }
  const std::vector<std::string>& urls() const { return urls_; }

 private:
  app::Json call(const std::string& method, app::Json parameters = app::Json::object());
  void send(const std::string& message);
  app::Json receive();
  void note(const app::Json& event);

  TemporaryDirectory directory_;
  pid_t pid_ = 0;
  edge::FileHandle to_;
  edge::FileHandle from_;
  std::string unread_;
  std::int64_t last_id_ = 0;
  std::string session_;
  std::vector<std::string> complaints_;
  std::vector<std::string> urls_;
};

}  // namespace nodedb::e2e
