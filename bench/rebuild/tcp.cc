// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "bench/rebuild/carrier.h"
#include "bench/support/figures.h"
#include "edge/disk/files.h"
#include "edge/tls/credentials.h"
#include "edge/tls/handles.h"

namespace nodedb::bench {
namespace {

constexpr std::size_t block_bytes = 256 * 1024;
constexpr std::size_t record_bytes = 16 * 1024;  // the most that TLS allows
/// What may wait in the kernel before a pulse: less would cost bulk its speed.
constexpr int unsent_bytes_max = 128 * 1024;

std::unexpected<Error> failure(const char* what) {
  return fail(Code::invalid_state, std::string(what) + ": " + std::system_category().message(errno));
}

/// Two connected TCP sockets.
struct Sockets {
  edge::FileHandle first;
  edge::FileHandle second;

  static Result<Sockets> connect() {
    const edge::FileHandle listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* address = reinterpret_cast<sockaddr*>(&at);
    if (::bind(listener.get(), address, size) != 0 || ::listen(listener.get(), 1) != 0 ||
        ::getsockname(listener.get(), address, &size) != 0)
      return failure("cannot listen");
    Sockets made{edge::FileHandle(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), {}};
    if (::connect(made.first.get(), address, size) != 0) return failure("cannot connect");
    made.second = edge::FileHandle(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!made.second.valid()) return failure("cannot accept");
    const int on = 1;
    for (const edge::FileHandle* one : {&made.first, &made.second}) {
      ::setsockopt(one->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ::setsockopt(one->get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes_max, sizeof unsent_bytes_max);
    }
    return made;
  }

  /// Whoever reads or writes finds it closed.
  void shut() {
    ::shutdown(first.get(), SHUT_RDWR);
    ::shutdown(second.get(), SHUT_RDWR);
  }
};

class Tcp final : public Carrier {
 public:
  Tcp(Sockets sockets, Tally& tally) : sockets_(std::move(sockets)) {
    sender_ = std::thread([this] {
      const Bytes block(block_bytes, 'b');
      while (::send(sockets_.first.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) continue;
    });
    receiver_ = std::thread([this, &tally] {
      Bytes block(block_bytes, '\0');
      for (;;) {
        const ssize_t got = ::recv(sockets_.second.get(), block.data(), block.size(), 0);
        if (got <= 0) return;
        tally.bulk_bytes += static_cast<std::uint64_t>(got);
      }
    });
  }
  ~Tcp() override {
    sockets_.shut();
    sender_.join();
    receiver_.join();
  }

 private:
  Sockets sockets_;
  std::thread sender_;
  std::thread receiver_;
};

/// One end's session; its thread may send while another receives.
Result<tls::SessionHandle> session_of(const tls::Credentials& credentials, unsigned side, int socket) {
  gnutls_session_t raw = nullptr;
  if (gnutls_init(&raw, side | GNUTLS_NO_TICKETS | GNUTLS_NO_SIGNAL) < 0)
    return fail(Code::invalid_state, "TLS session");
  tls::SessionHandle session(raw);
  gnutls_priority_set_direct(raw, "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM", nullptr);
  gnutls_credentials_set(raw, GNUTLS_CRD_CERTIFICATE, credentials.handle());
  gnutls_transport_set_int(raw, socket);
  return session;
}

bool shake_hands(const tls::SessionHandle& session) {
  int rv = gnutls_handshake(session.get());
  while (rv < 0 && gnutls_error_is_fatal(rv) == 0) rv = gnutls_handshake(session.get());
  return rv == 0;
}

/// A record is a message: a short one is a pulse.
class Tls final : public Carrier {
 public:
  static Carried start(const TwoNodes& nodes, Load load, Tally& tally) {
    auto credentials = tls::Credentials::load(nodes.certs(0), tls::Holder::node);
    if (!credentials) return std::unexpected(credentials.error());
    auto sockets = Sockets::connect();
    if (!sockets) return std::unexpected(sockets.error());
    std::unique_ptr<Tls> made(new Tls(std::move(*credentials), std::move(*sockets), load, tally));
    auto first = session_of(made->credentials_, GNUTLS_CLIENT, made->sockets_.first.get());
    auto second = session_of(made->credentials_, GNUTLS_SERVER, made->sockets_.second.get());
    if (!first || !second) return fail(Code::invalid_state, "TLS session");
    made->first_ = std::move(*first);
    made->second_ = std::move(*second);
    bool accepted = false;
    std::thread acceptor([&] { accepted = shake_hands(made->second_); });
    const bool dialled = shake_hands(made->first_);
    acceptor.join();
    if (!accepted || !dialled) return fail(Code::invalid_state, "no TLS handshake");
    made->threads_.emplace_back([at = made.get()] { at->send_bulk(); });
    made->threads_.emplace_back([at = made.get()] { at->serve(); });
    if (load.pulses) made->threads_.emplace_back([at = made.get()] { at->take_pulses(); });
    return made;
  }
  ~Tls() override {
    sockets_.shut();
    for (std::thread& one : threads_) one.join();
  }

 private:
  Tls(tls::Credentials credentials, Sockets sockets, Load load, Tally& tally)
      : credentials_(std::move(credentials)), sockets_(std::move(sockets)), load_(load), tally_(tally) {}

  void send_bulk() {
    const Bytes record(record_bytes, 'b');
    auto next = Clock::now();
    for (ssize_t sent = 1; sent > 0;) {
      const auto now = Clock::now();
      const bool pulse = load_.pulses && now >= next;
      if (pulse) {
        next = now + std::chrono::nanoseconds(pulse_ns);
        const std::lock_guard lock(mutex_);
        sent_.push_back(now);
      }
      sent = gnutls_record_send(first_.get(), record.data(), pulse ? message_bytes : record.size());
    }
  }

  void serve() {
    Bytes record(record_bytes, '\0');
    for (;;) {
      const ssize_t got = gnutls_record_recv(second_.get(), record.data(), record.size());
      if (got <= 0) return;
      if (got == static_cast<ssize_t>(message_bytes))
        gnutls_record_send(second_.get(), record.data(), message_bytes);
      else
        tally_.bulk_bytes += static_cast<std::uint64_t>(got);
    }
  }

  void take_pulses() {
    Bytes record(record_bytes, '\0');
    while (gnutls_record_recv(first_.get(), record.data(), record.size()) > 0) {
      const std::lock_guard lock(mutex_);
      tally_.pulses_ms.push_back(Span{sent_.front(), Clock::now()}.ms());
      sent_.pop_front();
    }
  }

  tls::Credentials credentials_;
  Sockets sockets_;
  Load load_;
  Tally& tally_;
  tls::SessionHandle first_;
  tls::SessionHandle second_;
  std::mutex mutex_;
  std::deque<Clock::time_point> sent_;  ///< pulses that have not come back
  std::vector<std::thread> threads_;
};

}  // namespace

Carried carry_tcp(const TwoNodes&, Load, Tally& tally) {
  auto sockets = Sockets::connect();
  if (!sockets) return std::unexpected(sockets.error());
  return std::make_unique<Tcp>(std::move(*sockets), tally);
}

Carried carry_tls(const TwoNodes& nodes, Load load, Tally& tally) {
  return Tls::start(nodes, load, tally);
}

}  // namespace nodedb::bench
