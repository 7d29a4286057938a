// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/digest.h"

#include <gnutls/crypto.h>

#include "base/check.h"

namespace nodedb::tls {

Digest sha256(BytesView bytes) {
  Digest digest;
  CHECK(gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes.data(), bytes.size(), digest.bytes.data()) == 0);
  return digest;
}

Digest sha256(const TokenSecret& secret) {
  return sha256(BytesView(reinterpret_cast<const char*>(secret.data()), secret.size()));
}

}  // namespace nodedb::tls
