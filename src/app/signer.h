// SPDX-License-Identifier: Apache-2.0
#pragma once

// The authority's key, on a node that was given it (docs/decisions/015): kept the same as its file while the
// node runs, so that a roll-over needs no restart. A key that does not do is told once, and what was there
// before stays. Net thread only.

#include <optional>
#include <string>
#include <vector>

#include "edge/tls/file_watch.h"
#include "edge/tls/signing.h"
#include "node/trust.h"

namespace nodedb::app {

class Signer {
 public:
  /// No key file: it signs nothing.
  Signer(std::string key_file, std::string authorities_file);

  /// Looks whether there is another key, or another list of authorities that it may fit.
  void refresh();
  /// As long as group 0 says: the validity of `grant` is not looked at. Errors: not_found (it has no key),
  /// those of may_sign and tls::Authority::sign.
  Result<Bytes> sign(const node::Trust& trust, BytesView signing_request, tls::NodeGrant grant) const;
  /// Null: it has none.
  const tls::Authority* authority() const { return authority_ ? &*authority_ : nullptr; }

 private:
  void load();

  std::string key_file_;
  std::string authorities_file_;
  tls::FileWatch watch_;
  std::optional<tls::Authority> authority_;
};

}  // namespace nodedb::app
