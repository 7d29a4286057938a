// SPDX-License-Identifier: Apache-2.0
// What a person sees who opens a page and waits for it to say something: a real Chromium shows the page, and
// the text on it goes to stdout. Exit 1 if it has not said that in time, or has complained. Usage:
// dashboard_look URL SECONDS TEXT
#include <gtest/gtest.h>

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

#include "tests/dashboard/browser.h"

namespace {

int look_at(const std::string& url, int seconds, const std::string& text) {
  nodedb::e2e::Browser browser;
  browser.look({});
  const bool said =
      browser.open(url) &&
      browser.eventually(seconds, "document.body.innerText.includes(" + nodedb::app::json_string(text) + ")");
  std::puts(browser.text_of("body").c_str());
  for (const std::string& complaint : browser.complaints()) std::fprintf(stderr, "%s\n", complaint.c_str());
  const bool failed = testing::Test::HasFailure() || !browser.complaints().empty();
  return said && !failed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  // The browser's own checks are those of GoogleTest.
  testing::InitGoogleTest(&argc, argv);
  int seconds = 0;
  if (argc == 4) {
    const std::string_view word = argv[2];
    std::from_chars(word.data(), word.data() + word.size(), seconds);
  }
  if (seconds <= 0) {
    std::fputs("usage: dashboard_look URL SECONDS TEXT\n", stderr);
    return 2;
  }
  return look_at(argv[1], seconds, argv[3]);
}
