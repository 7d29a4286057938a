// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a member gets its next certificate: it asks another that may hold the authority's key. Whom the
// certificate is for is not said: the connection has proved who asks. Both may be lost; the asker asks again.

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::wire {

struct CertificateWanted {
  Bytes signing_request;           ///< PKCS#10, DER
  std::vector<std::string> hosts;  ///< names and IP addresses that are to stand in it
  bool operator==(const CertificateWanted&) const = default;
};
struct CertificateGiven {
  Result<Bytes> certificate;  ///< DER, or why there is none
  bool operator==(const CertificateGiven&) const = default;
};

}  // namespace nodedb::wire
