// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything about certificates that goes on while a node runs: files that change (certificate_reload.h),
// what group 0 says of members and authorities, renewal (certificate_renewal.h), and signing for others
// (signer.h). Net thread only.

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>

#include "app/certificate_reload.h"
#include "app/certificate_renewal.h"
#include "app/signer.h"
#include "node/event.h"
#include "node/trust.h"

namespace nodedb::app {

class CertificateLife {
 public:
  static constexpr std::int64_t interval_ns = 1 * ns_per_s;

  struct Options {
    std::string directory;  ///< with ca.crt, node.crt, node.key
    std::string ca_key;     ///< empty: this node signs nothing
    std::int64_t look_every_ns = CertificateReload::interval_ns;
    std::int64_t tend_every_ns = interval_ns;
  };
  /// To be made before the transport reads the directory. `to_core` may drop notes.
  CertificateLife(asio::io_context& loop, Options options, std::function<void(node::Event)> to_core);

  /// From now on. `clients` may be null; both outlive the calls of the loop until `stop`.
  void start(quic::Transport& transport, ClientPort* clients, Rng luck);
  void stop();
  /// At once, for who has rewritten the files.
  void reload_and_tell() { reload_.reload_and_tell(); }

  /// Group 0 says so from now on.
  void admit(node::Trust trust);
  /// Whether it was a message about certificates, which nobody else is to see.
  bool received(const Uuid& peer, const wire::PeerMessage& message);
  /// Of whom this node signs; null: of nobody.
  const tls::Authority* authority() const { return signer_.authority(); }
  /// For a machine that group 0 lets in. Errors: not_initialised, and those of Signer::sign.
  Result<Bytes> sign(BytesView signing_request, tls::NodeGrant grant) const;

 private:
  void await_time();
  void tend();
  void use_new_files();
  void tell_core();
  void answer(const Uuid& peer, const wire::CertificateWanted& wanted);

  Options options_;
  std::function<void(node::Event)> to_core_;
  CertificateReload reload_;
  Signer signer_;
  asio::steady_timer timer_;
  quic::Transport* transport_ = nullptr;
  std::optional<CertificateRenewal> renewal_;
  std::optional<node::Trust> trust_;  ///< nothing before the cluster is formed
  std::optional<node::CertificateInUse> told_;
  std::string last_trouble_;  ///< with ca.crt: each is told once
};

}  // namespace nodedb::app
