// SPDX-License-Identifier: Apache-2.0
#include "app/certificate_life.h"

#include <ctime>

#include "app/authorities_file.h"
#include "edge/base/clock.h"
#include "edge/base/log.h"

namespace nodedb::app {

CertificateLife::CertificateLife(asio::io_context& loop, Options options,
                                 std::function<void(node::Event)> to_core)
    : options_(std::move(options)),
      to_core_(std::move(to_core)),
      reload_(loop, options_.directory, options_.look_every_ns),
      signer_(options_.ca_key, options_.directory + "/ca.crt"),
      timer_(loop) {}

void CertificateLife::start(quic::Transport& transport, ClientPort* clients, Rng luck) {
  transport_ = &transport;
  renewal_.emplace(options_.directory, transport, signer_, luck);
  reload_.start(transport, clients);
  await_time();
}

void CertificateLife::stop() {
  reload_.stop();
  timer_.cancel();
}

void CertificateLife::admit(node::Trust trust) {
  transport_->forbid(trust.refused);
  trust_ = std::move(trust);
  tend();
}

void CertificateLife::await_time() {
  timer_.expires_after(std::chrono::nanoseconds(options_.tend_every_ns));
  timer_.async_wait([this](const std::error_code& failed) {
    if (failed) return;
    tend();
    await_time();
  });
}

void CertificateLife::tend() {
  signer_.refresh();
  if (!trust_ || !trust_->current) return;
  const auto rewritten = keep_authorities(options_.directory, transport_->credentials(), *trust_);
  if (!rewritten && rewritten.error().detail != last_trouble_) {
    last_trouble_ = rewritten.error().detail;
    log::error("ca.crt cannot be made what the cluster wants it to be",
               {{"error", log::text(rewritten.error())}});
  }
  if (rewritten.value_or(false)) use_new_files();
  if (renewal_->tend(*trust_, edge::monotonic_time().ns, std::time(nullptr))) use_new_files();
  tell_core();
}

void CertificateLife::use_new_files() {
  reload_.reload_and_tell();
  signer_.refresh();
}

void CertificateLife::tell_core() {
  const tls::Credentials& used = transport_->credentials();
  const node::CertificateInUse now = node::certificate_in_use(*trust_, used.issuer(), trusted_by(used));
  if (told_ == now) return;
  told_ = now;
  to_core_(now);
}

bool CertificateLife::received(const Uuid& peer, const wire::PeerMessage& message) {
  if (const auto* wanted = std::get_if<wire::CertificateWanted>(&message)) {
    answer(peer, *wanted);
    return true;
  }
  const auto* given = std::get_if<wire::CertificateGiven>(&message);
  if (given == nullptr) return false;
  if (trust_ && trust_->current && renewal_->given(*trust_, peer, *given, edge::monotonic_time().ns)) {
    use_new_files();
    tell_core();
  }
  return true;
}

Result<Bytes> CertificateLife::sign(BytesView signing_request, tls::NodeGrant grant) const {
  if (!trust_) return fail(Code::not_initialised, "this node does not know the members yet");
  return signer_.sign(*trust_, signing_request, std::move(grant));
}

void CertificateLife::answer(const Uuid& peer, const wire::CertificateWanted& wanted) {
  wire::CertificateGiven answer{fail(Code::forbidden, "it is no member")};
  const bool member = !trust_ || trust_->members.contains(peer);
  if (member) answer.certificate = sign(wanted.signing_request, {peer, {}, wanted.hosts, {}});
  const std::string who = "node " + peer.text();
  if (!member) to_core_(node::DoorNote{peer.text(), who + " asks for a certificate and is no member"});
  if (answer.certificate)
    to_core_(node::DoorNote{peer.text(), who + " is given a certificate of authority " +
                                             signer_.authority()->fingerprint().text()});
  transport_->send(peer, answer);
}

}  // namespace nodedb::app
