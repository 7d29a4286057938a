// SPDX-License-Identifier: Apache-2.0
#include "app/certificate_reload.h"

#include <ctime>

#include "edge/base/log.h"

namespace nodedb::app {

namespace {

std::int64_t seconds_since_epoch() {
  return std::time(nullptr);
}

}  // namespace

CertificateReload::CertificateReload(asio::io_context& loop, std::string directory,
                                     std::int64_t look_every_ns)
    : directory_(std::move(directory)),
      look_every_ns_(look_every_ns),
      watch_({directory_ + "/ca.crt", directory_ + "/node.crt", directory_ + "/node.key"}),
      timer_(loop) {}

void CertificateReload::start(quic::Transport& transport, ClientPort* clients) {
  transport_ = &transport;
  clients_ = clients;
  warn_of_expiry();
  await_time();
}

void CertificateReload::stop() {
  timer_.cancel();
}

Result<void> CertificateReload::reload() {
  auto credentials = tls::Credentials::load(directory_, tls::Holder::node);
  if (!credentials) return std::unexpected(credentials.error());
  if (auto used = transport_->use_credentials(std::move(*credentials)); !used) return used;
  if (clients_ != nullptr) return clients_->reload_certificate();
  return {};
}

void CertificateReload::reload_and_tell() {
  static_cast<void>(watch_.changed());  // what is there now is looked at now
  if (const auto reloaded = reload(); !reloaded) {
    log::error("the new certificate is refused; the old one stays", {{"error", log::text(reloaded.error())}});
    return;
  }
  const auto& own = transport_->credentials().own();
  log::info("certificates reloaded", {{"sha256", own.fingerprint.text()},
                                      {"valid_until_s", own.validity.until_s},
                                      {"authorities", transport_->credentials().authorities().size()}});
  warn_of_expiry();
}

void CertificateReload::warn_of_expiry() {
  const std::int64_t now_s = seconds_since_epoch();
  std::map<Digest, tls::Freshness> seen;
  const auto look_at = [&](const char* whose, const tls::CertificateFacts& facts) {
    const auto now = tls::freshness(facts.validity, now_s);
    seen[facts.fingerprint] = now;
    const auto before = told_.find(facts.fingerprint);
    if (before != told_.end() && before->second == now) return;
    if (now != tls::Freshness::late && now != tls::Freshness::expired) return;
    log::warn(
        now == tls::Freshness::late ? "a certificate ends soon" : "a certificate has ended",
        {{"whose", whose}, {"sha256", facts.fingerprint.text()}, {"valid_until_s", facts.validity.until_s}});
  };
  const auto& credentials = transport_->credentials();
  look_at("this node's", credentials.own());
  for (const auto& authority : credentials.authorities()) look_at("an authority's", authority);
  told_ = std::move(seen);
}

void CertificateReload::await_time() {
  timer_.expires_after(std::chrono::nanoseconds(look_every_ns_));
  timer_.async_wait([this](const std::error_code& failed) {
    if (failed) return;
    if (watch_.changed()) reload_and_tell();
    warn_of_expiry();
    await_time();
  });
}

}  // namespace nodedb::app
