// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/etcd.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>

namespace nodedb::bench {

namespace {

/// A protobuf field of bytes.
void append_field(std::string& out, int number, const std::string& value) {
  out.push_back(static_cast<char>(number << 3 | 2));
  std::size_t size = value.size();
  for (; size >= 0x80; size >>= 7) out.push_back(static_cast<char>(size | 0x80));
  out.push_back(static_cast<char>(size));
  out += value;
}

/// etcdserverpb.PutRequest or RangeRequest behind gRPC's prefix: not compressed, and the length.
std::string message_for(const LoadOptions& options, Operation operation, std::uint64_t key) {
  std::string message;
  append_field(message, 1, "b" + std::to_string(key));
  if (operation == Operation::set) append_field(message, 2, std::string(options.value_bytes, 'v'));
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

class EtcdProtocol : public Protocol {
 public:
  explicit EtcdProtocol(const LoadOptions& options) : options_(options) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session* made = nullptr;
    nghttp2_session_client_new(&made, callbacks, this);
    session_.reset(made);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, nullptr, 0);
  }

  void begin(Operation operation, std::uint64_t key, std::int64_t began_ns) override {
    static const std::string put = "/etcdserverpb.KV/Put", range = "/etcdserverpb.KV/Range", post = "POST",
                             http = "http", grpc = "application/grpc", trailers = "trailers",
                             authority = "localhost";
    const std::array<nghttp2_nv, 6> headers{header(":method", post),
                                            header(":scheme", http),
                                            header(":path", operation == Operation::set ? put : range),
                                            header(":authority", authority),
                                            header("content-type", grpc),
                                            header("te", trailers)};
    nghttp2_data_provider body{};
    body.read_callback = on_read;
    const std::int32_t stream =
        nghttp2_submit_request(session_.get(), nullptr, headers.data(), headers.size(), &body, nullptr);
    broken_ = broken_ || stream < 0;
    calls_.emplace(stream, Call{began_ns, message_for(options_, operation, key), 0, false});
  }

  std::string take_unsent() override {
    std::string unsent;
    const std::uint8_t* bytes = nullptr;
    while (true) {
      const ssize_t count = nghttp2_session_mem_send(session_.get(), &bytes);
      if (count <= 0) return unsent;
      unsent.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
    }
  }

  std::optional<std::vector<Answer>> receive(std::string_view bytes) override {
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
    if (nghttp2_session_mem_recv(session_.get(), begin, bytes.size()) < 0 || broken_) return std::nullopt;
    return std::exchange(answers_, {});
  }

 private:
  struct Call {
    std::int64_t began_ns = 0;
    std::string body;
    std::size_t sent = 0;
    bool fine = false;
  };
  struct Close {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  static EtcdProtocol& self(void* user) { return *static_cast<EtcdProtocol*>(user); }

  static ssize_t on_read(nghttp2_session*, std::int32_t stream, std::uint8_t* out, std::size_t room,
                         std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Call& call = self(user).calls_.at(stream);
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
    auto& calls = self(user).calls_;
    const auto call = calls.find(frame->hd.stream_id);
    if (text == "grpc-status" && call != calls.end()) call->second.fine = value_size == 1 && *value == '0';
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t, void* user) {
    auto& calls = self(user).calls_;
    const auto call = calls.find(stream);
    if (call == calls.end()) return 0;
    self(user).answers_.push_back({call->second.began_ns, call->second.fine ? "" : "REFUSED"});
    calls.erase(call);
    return 0;
  }

  LoadOptions options_;
  std::unique_ptr<nghttp2_session, Close> session_;
  std::map<std::int32_t, Call> calls_;  ///< by stream
  std::vector<Answer> answers_;
  bool broken_ = false;
};

MakeProtocol protocol(const LoadOptions& options) {
  return [options] { return std::make_unique<EtcdProtocol>(options); };
}

std::string url(int port) {
  return "http://127.0.0.1:" + std::to_string(port);
}

std::unique_ptr<Servers> start(const std::string& directory, std::string& complaint) {
  struct Member {
    std::string name, client, peer;
  };
  std::vector<Member> members;
  std::string cluster;
  auto programs = std::make_unique<Programs>(directory);
  for (const std::string name : {"n1", "n2", "n3"}) {
    const int port = e2e::free_port();
    programs->serve_at(port);
    members.push_back({name, url(port), url(e2e::free_port())});
    cluster += (cluster.empty() ? "" : ",") + name + "=" + members.back().peer;
  }
  for (const auto& [name, client, peer] : members) {
    programs->run(name, {"etcd", "--name=" + name, "--data-dir=" + programs->directory_of(name) + "/data",
                         "--listen-client-urls=" + client, "--advertise-client-urls=" + client,
                         "--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer,
                         "--initial-cluster=" + cluster, "--initial-cluster-state=new", "--log-level=error"});
  }
  return once_they_serve(std::move(programs), protocol({}), complaint);
}

}  // namespace

System etcd() {
  return {"etcd",
          "etcd",
          "etcd-server",
          "Put, on the disks of a majority when it is answered; Range, linearizable. One Raft group, no TLS.",
          start,
          protocol};
}

}  // namespace nodedb::bench
