// SPDX-License-Identifier: Apache-2.0
#pragma once

// ca.crt while the cluster exchanges its authority (docs/decisions/014): what it is to hold, and the one way
// in which it is rewritten. Blocking.

#include <set>
#include <string>

#include "base/error.h"
#include "edge/tls/credentials.h"
#include "meta/trust.h"
#include "node/trust.h"

namespace nodedb::app {

/// It is an authority's certificate, of this cluster, with this fingerprint. Errors: malformed,
/// wrong_cluster.
Result<void> check_authority(BytesView certificate, const Digest& fingerprint, const Uuid& cluster);

/// The fingerprints of the authorities that are trusted.
std::set<Digest> trusted_by(const tls::Credentials& used);
/// Rewrites DIRECTORY/ca.crt, durably, if group 0 wants it to hold something else than is `used` now: the
/// sole authority alone, or what there is, and those that were staged in either case. Whether it did. Errors:
/// those of check_authority; unauthenticated (our own certificate would not be trusted by it: it stays),
/// those of files.
Result<bool> keep_authorities(const std::string& directory, const tls::Credentials& used,
                              const node::Trust& trust);

/// Adds one to DIRECTORY/ca.crt unless it is there: for operators. Errors: those of files and certificates.
Result<void> add_authority(const std::string& directory, BytesView certificate);

}  // namespace nodedb::app
