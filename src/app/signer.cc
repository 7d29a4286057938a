// SPDX-License-Identifier: Apache-2.0
#include "app/signer.h"

#include <ctime>

#include "base/time.h"
#include "edge/base/log.h"

namespace nodedb::app {

namespace {

constexpr std::int64_t clocks_differ_s = 3600;

/// As tls::valid_for_days, for a life that may be shorter than a day.
tls::Validity valid_for(std::int64_t life_ns) {
  const std::int64_t now_s = std::time(nullptr);
  const std::int64_t life_s = life_ns / ns_per_s;
  return {now_s - std::min(clocks_differ_s, life_s / 4), now_s + life_s};
}

}  // namespace

Signer::Signer(std::string key_file, std::string authorities_file)
    : key_file_(std::move(key_file)),
      authorities_file_(std::move(authorities_file)),
      watch_({key_file_, authorities_file_}) {
  if (!key_file_.empty()) load();
}

void Signer::refresh() {
  if (!key_file_.empty() && watch_.changed()) load();
}

void Signer::load() {
  auto loaded = tls::Authority::load(key_file_, authorities_file_);
  if (!loaded) {
    log::error("the authority's key is not used", {{"error", log::text(loaded.error())}});
    return;
  }
  if (!authority_ || authority_->fingerprint() != loaded->fingerprint())
    log::info("this node signs certificates", {{"authority", loaded->fingerprint().text()}});
  authority_.emplace(std::move(*loaded));
}

Result<Bytes> Signer::sign(const node::Trust& trust, BytesView signing_request, tls::NodeGrant grant) const {
  if (!authority_) return fail(Code::not_found, "it does not have the authority's key");
  if (auto wanted = node::may_sign(trust, authority_->fingerprint()); !wanted)
    return std::unexpected(wanted.error());
  grant.validity = valid_for(trust.certificate_lifetime_ns);
  return authority_->sign(signing_request, grant);
}

}  // namespace nodedb::app
