// SPDX-License-Identifier: Apache-2.0
#include "tests/dashboard/browser.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "base/base64.h"
#include "tests/e2e/support/process.h"

namespace nodedb::e2e {

namespace {

using app::Json;

constexpr int answer_patience_ms = 30'000;
/// The protocol's own: what it reads, and what it writes.
constexpr int child_reads = 3, child_writes = 4;

std::pair<edge::FileHandle, edge::FileHandle> pipe_pair() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return {edge::FileHandle(ends[0]), edge::FileHandle(ends[1])};
}

/// In the child: never comes back.
[[noreturn]] void become_browser(int reads, int writes, const std::string& home) {
  ::setpgid(0, 0);
  // Out of the way of the numbers that they are to have.
  const int from = ::fcntl(reads, F_DUPFD, 10), to = ::fcntl(writes, F_DUPFD, 10);
  ::dup2(from, child_reads);
  ::dup2(to, child_writes);
  const int log = ::open((home + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  const std::string profile = "--user-data-dir=" + home + "/profile";
  ::execlp("chromium", "chromium", "--headless=new", "--remote-debugging-pipe", profile.c_str(),
           "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync",
           "--hide-scrollbars", "--force-color-profile=srgb", "about:blank", nullptr);
  ::_exit(127);
}

}  // namespace

Browser::Browser() : directory_("nodedb-browser") {
  auto [child_in, to] = pipe_pair();
  auto [from, child_out] = pipe_pair();
  pid_ = ::fork();
  if (pid_ == 0) become_browser(child_in.get(), child_out.get(), directory_.path());
  to_ = std::move(to);
  from_ = std::move(from);
  const Json page = call("Target.createTarget", Json::object().set("url", "about:blank"));
  session_ = call("Target.attachToTarget",
                  Json::object().set("targetId", page["targetId"].text()).set("flatten", true))["sessionId"]
                 .text();
  for (const char* domain : {"Page.enable", "Runtime.enable", "Log.enable", "Network.enable"}) call(domain);
}

/// With the processes that it has made.
Browser::~Browser() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Browser::open(const std::string& url) {
  const Json gone_to = call("Page.navigate", Json::object().set("url", url));
  return gone_to["errorText"].is_null() && eventually(20, "document.readyState === 'complete'");
}

Json Browser::evaluate(const std::string& expression) {
  const Json answer =
      call("Runtime.evaluate",
           Json::object().set("expression", expression).set("returnByValue", true).set("awaitPromise", true));
  EXPECT_TRUE(answer["exceptionDetails"].is_null()) << expression << "\n"
                                                    << answer["exceptionDetails"].dump();
  return answer["result"]["value"];
}

std::string Browser::text_of(const std::string& selector) {
  return evaluate("document.querySelector(" + app::json_string(selector) + ")?.innerText ?? ''").text();
}

bool Browser::eventually(int seconds, const std::string& expression) {
  return e2e::eventually(seconds, [&] { return evaluate("!!(" + expression + ")").boolean(); });
}

void Browser::press(const std::string& key, bool with_control) {
  Json parameters = Json::object();
  parameters.set("key", key).set("code", key == " " ? "Space" : key).set("modifiers", with_control ? 2 : 0);
  const std::array<std::pair<const char*, int>, 11> codes{{{"Tab", 9},
                                                           {"Enter", 13},
                                                           {" ", 32},
                                                           {"PageUp", 33},
                                                           {"PageDown", 34},
                                                           {"End", 35},
                                                           {"Home", 36},
                                                           {"ArrowLeft", 37},
                                                           {"ArrowUp", 38},
                                                           {"ArrowRight", 39},
                                                           {"ArrowDown", 40}}};
  for (const auto& [name, code] : codes)
    if (key == name) parameters.set("windowsVirtualKeyCode", code);
  if (key == "Enter" || key == " ") parameters.set("text", key == " " ? " " : "\r");
  Json up = parameters;
  call("Input.dispatchKeyEvent", parameters.set("type", "keyDown"));
  call("Input.dispatchKeyEvent", up.set("type", "keyUp"));
}

void Browser::look(const View& view) {
  Json metrics = Json::object();
  metrics.set("width", view.width)
      .set("height", view.height)
      .set("deviceScaleFactor", 1)
      .set("mobile", false);
  call("Emulation.setDeviceMetricsOverride", std::move(metrics));
  Json scheme = Json::object();
  scheme.set("name", "prefers-color-scheme").set("value", view.dark ? "dark" : "light");
  call("Emulation.setEmulatedMedia", Json::object().set("features", Json::array().push(std::move(scheme))));
  evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
}

void Browser::screenshot(const std::string& file) {
  const Json answer = call(
      "Page.captureScreenshot",
      Json::object().set("format", "png").set("captureBeyondViewport", true).set("optimizeForSpeed", false));
  const Result<Bytes> png = parse_base64(answer["data"].text());
  ASSERT_TRUE(png && png->starts_with("\x89PNG")) << answer.dump().substr(0, 200);
  std::ofstream(file, std::ios::binary) << *png;
}

std::vector<Json> Browser::accessible() {
  const Json tree = call("Accessibility.getFullAXTree");
  std::vector<Json> all;
  for (const Json& node : tree["nodes"].items()) {
    if (node["ignored"].boolean()) continue;
    Json one = Json::object();
    one.set("role", node["role"]["value"]).set("name", node["name"]["value"]);
    for (const Json& property : node["properties"].items())
      if (property["name"].text() == "focusable") one.set("focusable", property["value"]["value"]);
    all.push_back(std::move(one));
  }
  return all;
}

Json Browser::call(const std::string& method, Json parameters) {
  const std::int64_t id = ++last_id_;
  Json message = Json::object();
  message.set("id", id).set("method", method).set("params", std::move(parameters));
  if (!session_.empty()) message.set("sessionId", session_);
  send(message.dump());
  for (;;) {
    const Json answer = receive();
    if (answer.is_null()) return {};
    if (answer["id"].number() == id) {
      EXPECT_TRUE(answer["error"].is_null()) << method << ": " << answer["error"].dump();
      return answer["result"];
    }
    note(answer);
  }
}

void Browser::send(const std::string& message) {
  std::string_view left(message.c_str(), message.size() + 1);
  while (!left.empty()) {
    const ssize_t written = ::write(to_.get(), left.data(), left.size());
    ASSERT_GT(written, 0) << "the browser has gone: " << file_text(directory_.path() + "/log");
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

Json Browser::receive() {
  for (;;) {
    if (const std::size_t end = unread_.find('\0'); end != std::string::npos) {
      auto message = Json::parse(std::string_view(unread_).substr(0, end));
      unread_.erase(0, end + 1);
      EXPECT_TRUE(message) << message.error().detail;
      return message ? std::move(*message) : Json();
    }
    pollfd waits{from_.get(), POLLIN, 0};
    std::array<char, 65536> block{};
    const ssize_t bytes =
        ::poll(&waits, 1, answer_patience_ms) == 1 ? ::read(from_.get(), block.data(), block.size()) : -1;
    if (bytes <= 0) {
      ADD_FAILURE() << "the browser is silent: " << file_text(directory_.path() + "/log");
      return {};
    }
    unread_.append(block.data(), static_cast<std::size_t>(bytes));
  }
}

void Browser::note(const Json& event) {
  const std::string method = event["method"].text();
  const Json& about = event["params"];
  if (method == "Network.requestWillBeSent") urls_.push_back(about["request"]["url"].text());
  if (method == "Runtime.exceptionThrown") complaints_.push_back(about["exceptionDetails"].dump());
  if (method == "Log.entryAdded" && about["entry"]["level"].text() != "verbose")
    complaints_.push_back(about["entry"]["text"].text() + " " + about["entry"]["url"].text());
  if (method == "Runtime.consoleAPICalled" && about["type"].text() != "log")
    complaints_.push_back(about["args"].dump());
}

}  // namespace nodedb::e2e
