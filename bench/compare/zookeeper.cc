// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/zookeeper.h"

#include <deque>
#include <fstream>
#include <utility>

namespace nodedb::bench {

namespace {

/// Request types (ZooDefs.OpCode).
enum class Request : std::int32_t { create = 1, get_data = 4, set_data = 5, sync = 9 };

constexpr std::int32_t node_exists = -110;
constexpr std::int32_t session_ms = 10'000;
/// Java compiles what is hot only after a while: until then writes are less than half as fast.
constexpr double warm_s = 20;

template <class Number>
void append_number(std::string& out, Number number) {
  for (int shift = 8 * (static_cast<int>(sizeof number) - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(number >> shift));
}

void append_text(std::string& out, std::string_view text) {
  append_number(out, static_cast<std::int32_t>(text.size()));
  out += text;
}

/// Pre: four bytes are there.
std::int32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return static_cast<std::int32_t>(number);
}

std::string greeting() {
  std::string record;
  append_number(record, std::int32_t{0});  // protocol version
  append_number(record, std::int64_t{0});  // last transaction seen
  append_number(record, session_ms);
  append_number(record, std::int64_t{0});   // session: a new one
  append_text(record, std::string(16, 0));  // its password
  record.push_back(0);                      // not read-only
  return record;
}

/// An operation is all `requests`, in order, on the znode of the key.
class ZookeeperProtocol : public Protocol {
 public:
  ZookeeperProtocol(std::vector<Request> requests, std::size_t value_bytes)
      : requests_(std::move(requests)), value_(value_bytes, 'v') {
    append_text(unsent_, greeting());
  }

  bool ready() const override { return greeted_; }

  void begin(Operation, std::uint64_t key, std::int64_t began_ns) override {
    for (const Request request : requests_)
      append_text(unsent_, record_of(request, "/b" + std::to_string(key)));
    began_ns_.push_back(began_ns);
  }

  std::string take_unsent() override { return std::exchange(unsent_, {}); }

  std::optional<std::vector<Answer>> receive(std::string_view bytes) override {
    received_ += bytes;
    std::vector<Answer> answers;
    std::size_t done = 0;
    while (received_.size() - done >= 4) {
      const auto size = static_cast<std::size_t>(number_at(received_, done));
      if (received_.size() - done - 4 < size) break;
      if (!take(std::string_view(received_).substr(done + 4, size), answers)) return std::nullopt;
      done += 4 + size;
    }
    received_.erase(0, done);
    return answers;
  }

 private:
  std::string record_of(Request request, const std::string& path) {
    std::string record;
    append_number(record, ++sent_);
    append_number(record, static_cast<std::int32_t>(request));
    append_text(record, path);
    switch (request) {
      case Request::create:
        append_text(record, value_);
        append_number(record, std::int32_t{1});   // one entry of the access list
        append_number(record, std::int32_t{31});  // everything is allowed
        append_text(record, "world");
        append_text(record, "anyone");
        append_number(record, std::int32_t{0});  // persistent
        break;
      case Request::get_data:
        record.push_back(0);  // no watch
        break;
      case Request::set_data:
        append_text(record, value_);
        append_number(record, std::int32_t{-1});  // whatever its version
        break;
      case Request::sync:
        break;
    }
    return record;
  }

  /// One reply: of the greeting, or the request's number, a transaction, an error and what was asked for.
  bool take(std::string_view reply, std::vector<Answer>& answers) {
    if (!greeted_) {
      greeted_ = reply.size() >= 8 && number_at(reply, 4) > 0;  // the session's time-out; 0: none was made
      return greeted_;
    }
    if (reply.size() < 16 || number_at(reply, 0) != ++answered_ || began_ns_.empty()) return false;
    const std::int32_t error = number_at(reply, 12);
    fine_ = fine_ && (error == 0 || error == node_exists);
    if (static_cast<std::size_t>(answered_) % requests_.size() != 0) return true;
    answers.push_back({began_ns_.front(), std::exchange(fine_, true) ? "" : "REFUSED"});
    began_ns_.pop_front();
    return true;
  }

  std::vector<Request> requests_;
  std::string value_;
  std::string unsent_;
  std::string received_;
  bool greeted_ = false;
  std::int32_t sent_ = 0;
  std::int32_t answered_ = 0;
  std::deque<std::int64_t> began_ns_;  ///< of the operations under way
  bool fine_ = true;                   ///< so far, of the first of them
};

MakeProtocol speaking(std::vector<Request> requests, std::size_t value_bytes) {
  return [=] { return std::make_unique<ZookeeperProtocol>(requests, value_bytes); };
}

MakeProtocol protocol(const LoadOptions& options) {
  return options.operation == Operation::set ? speaking({Request::set_data}, options.value_bytes)
                                             : speaking({Request::sync, Request::get_data}, 0);
}

/// Writes a server's configuration file and its number beside its data, and tells the file's path.
std::string configure(const std::string& directory, int number, int port, const std::string& members) {
  std::ofstream(directory + "/myid") << number << "\n";
  const std::string path = directory + "/zoo.cfg";
  std::ofstream(path) << "tickTime=2000\ninitLimit=10\nsyncLimit=5\nforceSync=yes\nmaxClientCnxns=0\n"
                      << "admin.enableServer=false\ndataDir=" << directory << "\nclientPort=" << port
                      << "\nclientPortAddress=127.0.0.1\n"
                      << members;
  return path;
}

std::unique_ptr<Servers> start(const std::string& directory, std::string& complaint) {
  auto programs = std::make_unique<Programs>(directory);
  std::string members;
  for (int i = 1; i <= 3; ++i) {
    programs->serve_at(e2e::free_port());
    members += "server." + std::to_string(i) + "=127.0.0.1:" + std::to_string(e2e::free_port()) + ":" +
               std::to_string(e2e::free_port()) + "\n";
  }
  for (int i = 1; i <= 3; ++i) {
    const std::string name = "n" + std::to_string(i);
    const int port = programs->ports()[static_cast<std::size_t>(i - 1)];
    // As Debian's zkServer.sh does it, but errors go to stderr instead of nowhere.
    programs->run(name, {"java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp",
                         "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar",
                         "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                         configure(programs->directory_of(name), i, port, members)});
  }
  LoadOptions all;
  all.servers = load::loopback(programs->ports());
  auto servers = once_they_serve(std::move(programs), speaking({Request::create}, 0), complaint);
  if (servers && !run_load(filling(all), speaking({Request::create}, 0), complaint)) return nullptr;
  return servers;
}

}  // namespace

System zookeeper() {
  return {"zookeeper",
          "/usr/share/zookeeper/bin/zkServer.sh",
          "zookeeper",
          "setData, on the disks of a majority when it is answered; sync + getData, which is nearly "
          "linearizable: "
          "the leader answers a sync without asking a majority. No TLS.",
          start,
          protocol,
          warm_s};
}

}  // namespace nodedb::bench
