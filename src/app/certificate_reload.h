// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keeps what a running node shows and trusts the same as what its certificates directory holds: looks when
// told to, and when the files have changed. What is there takes the old one's place as a whole or is
// refused with the reason, and the old one stays. Says so in time when a certificate ends. Net thread only.

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <map>
#include <string>

#include "app/client_port.h"
#include "base/error.h"
#include "base/time.h"
#include "edge/quic/transport.h"
#include "edge/tls/expiry.h"
#include "edge/tls/file_watch.h"

namespace nodedb::app {

class CertificateReload {
 public:
  static constexpr std::int64_t interval_ns = 5 * ns_per_s;

  /// To be made before the transport reads the directory, so that no change falls between.
  CertificateReload(asio::io_context& loop, std::string directory, std::int64_t look_every_ns = interval_ns);

  /// From now on. `clients` may be null; both outlive the calls of the loop until `stop`.
  void start(quic::Transport& transport, ClientPort* clients);
  void stop();
  /// At once, for who has rewritten the files.
  void reload_and_tell();
  /// Errors: those of Credentials::load, Transport::use_credentials and ClientPort::reload_certificate.
  Result<void> reload();

 private:
  void await_time();
  void warn_of_expiry();

  std::string directory_;
  std::int64_t look_every_ns_;
  tls::FileWatch watch_;
  asio::steady_timer timer_;
  quic::Transport* transport_ = nullptr;
  ClientPort* clients_ = nullptr;
  std::map<Digest, tls::Freshness> told_;  ///< of the certificates that are in use
};

}  // namespace nodedb::app
