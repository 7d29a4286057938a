// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/etcd.h"

#include <fcntl.h>
#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <map>

#include "base/rng.h"

namespace nodedb::bench {

namespace {

constexpr int start_patience_s = 20;

/// A protobuf field of bytes.
void append_field(std::string& out, int number, const std::string& value) {
  out.push_back(static_cast<char>(number << 3 | 2));
  std::size_t size = value.size();
  for (; size >= 0x80; size >>= 7) out.push_back(static_cast<char>(size | 0x80));
  out.push_back(static_cast<char>(size));
  out += value;
}

/// etcdserverpb.PutRequest or RangeRequest behind gRPC's prefix: not compressed, and the length.
std::string message_for(const LoadOptions& options, std::uint64_t key) {
  std::string message;
  append_field(message, 1, "b" + std::to_string(key));
  if (options.operation == Operation::set) append_field(message, 2, std::string(options.value_bytes, 'v'));
  std::string out(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(message.size() >> shift));
  return out + message;
}

nghttp2_nv header(const char* name, const std::string& value) {
  // Neither is written to.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name)),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), std::strlen(name), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

struct Call {
  std::int64_t began_ns = 0;
  std::string body;
  std::size_t sent = 0;
  bool fine = false;
};

class EtcdLoad;

struct Http2 {
  struct Close {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  EtcdLoad* load = nullptr;
  edge::FileHandle socket;
  std::unique_ptr<nghttp2_session, Close> session;
  std::map<std::int32_t, Call> calls;  ///< by stream
  std::string unsent;
};

class EtcdLoad {
 public:
  explicit EtcdLoad(const LoadOptions& options)
      : options_(options),
        path_(options.operation == Operation::set ? "/etcdserverpb.KV/Put" : "/etcdserverpb.KV/Range"),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        connections_(std::min(options.connections, options.outstanding)) {}

  bool connect(std::string& complaint) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Http2& one = connections_[i];
      const int port = options_.ports[i % options_.ports.size()];
      one.load = this;
      one.socket = connect_to(port);
      if (!one.socket.valid()) complaint = "cannot connect to port " + std::to_string(port);
      nghttp2_session* made = nullptr;
      nghttp2_session_client_new(&made, callbacks, &one);
      one.session.reset(made);
      nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, nullptr, 0);
      watch(epoll_, one.socket, i);
    }
    nghttp2_session_callbacks_del(callbacks);
    return complaint.empty();
  }

  std::optional<LoadResult> run(std::string& complaint) {
    const std::int64_t begin = now_ns();
    const std::int64_t end = begin + static_cast<std::int64_t>(options_.seconds * 1e9);
    for (std::size_t i = 0; i < options_.outstanding; ++i) start(connections_[i % connections_.size()]);
    std::array<epoll_event, 256> events;
    while (!lost_ && (options_.each_once ? latencies_ns_.size() < options_.keys : now_ns() < end)) {
      for (Http2& one : connections_) send(one);
      const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), 50);
      for (int i = 0; i < ready; ++i) receive(connections_[events[static_cast<std::size_t>(i)].data.u64]);
    }
    if (lost_) {
      complaint = "a connection to etcd was lost";
      return std::nullopt;
    }
    return summary_of(std::move(latencies_ns_), errors_, static_cast<double>(now_ns() - begin) / 1e9);
  }

 private:
  void start(Http2& connection) {
    if (options_.each_once && next_key_ == options_.keys) return;
    const std::uint64_t key = options_.each_once ? next_key_++ : rng_.below(options_.keys);
    static const std::string post = "POST", http = "http", grpc = "application/grpc", trailers = "trailers",
                             authority = "localhost";
    const std::array<nghttp2_nv, 6> headers{header(":method", post),      header(":scheme", http),
                                            header(":path", path_),       header(":authority", authority),
                                            header("content-type", grpc), header("te", trailers)};
    nghttp2_data_provider body{};
    body.read_callback = on_read;
    const std::int32_t stream = nghttp2_submit_request(connection.session.get(), nullptr, headers.data(),
                                                       headers.size(), &body, nullptr);
    if (stream < 0) {
      lost_ = true;
      return;
    }
    connection.calls.emplace(stream, Call{now_ns(), message_for(options_, key), 0, false});
  }

  static ssize_t on_read(nghttp2_session*, std::int32_t stream, std::uint8_t* out, std::size_t room,
                         std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Call& call = static_cast<Http2*>(user)->calls.at(stream);
    const std::size_t bytes = std::min(room, call.body.size() - call.sent);
    std::memcpy(out, call.body.data() + call.sent, bytes);
    call.sent += bytes;
    if (call.sent == call.body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(bytes);
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                       void* user) {
    const std::string_view text(reinterpret_cast<const char*>(name), name_size);
    auto& calls = static_cast<Http2*>(user)->calls;
    const auto call = calls.find(frame->hd.stream_id);
    if (text == "grpc-status" && call != calls.end()) call->second.fine = value_size == 1 && *value == '0';
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t, void* user) {
    Http2& connection = *static_cast<Http2*>(user);
    EtcdLoad& load = *connection.load;
    const auto call = connection.calls.find(stream);
    if (call == connection.calls.end()) return 0;
    load.latencies_ns_.push_back(now_ns() - call->second.began_ns);
    load.errors_ += call->second.fine ? 0 : 1;
    connection.calls.erase(call);
    load.start(connection);
    return 0;
  }

  void send(Http2& connection) {
    while (true) {
      const std::uint8_t* bytes = nullptr;
      const ssize_t count = nghttp2_session_mem_send(connection.session.get(), &bytes);
      if (count <= 0) break;
      connection.unsent.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
    }
    std::size_t done = 0;
    while (done < connection.unsent.size()) {
      const ssize_t sent = ::send(connection.socket.get(), connection.unsent.data() + done,
                                  connection.unsent.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) {
        lost_ = true;
        return;
      }
      done += static_cast<std::size_t>(sent);
    }
    connection.unsent.clear();
  }

  void receive(Http2& connection) {
    const ssize_t got = ::recv(connection.socket.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    lost_ =
        lost_ || got <= 0 ||
        nghttp2_session_mem_recv(connection.session.get(), buffer_.data(), static_cast<std::size_t>(got)) < 0;
  }

  LoadOptions options_;
  std::string path_;
  edge::FileHandle epoll_;
  std::vector<Http2> connections_;
  std::array<std::uint8_t, 256 * 1024> buffer_;
  Rng rng_{1};
  std::uint64_t next_key_ = 0;
  std::vector<std::int64_t> latencies_ns_;
  std::uint64_t errors_ = 0;
  bool lost_ = false;
};

std::string url(int port) {
  return "http://127.0.0.1:" + std::to_string(port);
}

}  // namespace

std::optional<LoadResult> run_etcd_load(const LoadOptions& options, std::string& complaint) {
  EtcdLoad load(options);
  if (!load.connect(complaint)) return std::nullopt;
  return load.run(complaint);
}

std::optional<Etcd> Etcd::start(const std::string& directory, std::string& complaint) {
  if (e2e::run({"/bin/sh", "-c", "command -v etcd"}).status != 0) {
    complaint = "etcd is not installed: apt-get install etcd-server";
    return std::nullopt;
  }
  Etcd etcd;
  std::vector<int> peers;
  std::string members;
  for (int i = 1; i <= 3; ++i) {
    etcd.ports_.push_back(e2e::free_port());
    peers.push_back(e2e::free_port());
    members += (members.empty() ? "n" : ",n") + std::to_string(i) + "=" + url(peers.back());
  }
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string name = "n" + std::to_string(i + 1);
    etcd.nodes_.push_back(
        std::make_unique<e2e::Process>(std::vector<std::string>{"/usr/bin/env",
                                                                "etcd",
                                                                "--name",
                                                                name,
                                                                "--data-dir",
                                                                directory + "/" + name,
                                                                "--listen-client-urls",
                                                                url(etcd.ports_[i]),
                                                                "--advertise-client-urls",
                                                                url(etcd.ports_[i]),
                                                                "--listen-peer-urls",
                                                                url(peers[i]),
                                                                "--initial-advertise-peer-urls",
                                                                url(peers[i]),
                                                                "--initial-cluster",
                                                                members,
                                                                "--initial-cluster-state",
                                                                "new",
                                                                "--log-level",
                                                                "error"},
                                       directory + "/" + name + ".log"));
  }
  LoadOptions probe;
  probe.ports = etcd.ports_;
  probe.outstanding = probe.connections = 3;
  probe.seconds = 0.2;
  const bool serves = e2e::eventually(start_patience_s, [&] {
    std::string ignored;
    const auto answered = run_etcd_load(probe, ignored);
    return answered && answered->operations > 0 && answered->errors == 0;
  });
  if (serves) return etcd;
  complaint = "etcd does not serve: " + etcd.nodes_.front()->log();
  return std::nullopt;
}

std::vector<pid_t> Etcd::pids() const {
  std::vector<pid_t> pids;
  for (const auto& node : nodes_) pids.push_back(node->pid());
  return pids;
}

}  // namespace nodedb::bench
