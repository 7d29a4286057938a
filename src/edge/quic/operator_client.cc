// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/operator_client.h"

#include "base/limits.h"
#include "edge/quic/one_call.h"

namespace nodedb::quic {

Result<Bytes> call_operator(const std::string& address, const std::string& certs, Bytes request,
                            std::int64_t timeout_ns) {
  if (request.size() > limits::operator_request_bytes_max)
    return fail(Code::too_large, "the request is too large");
  auto credentials = tls::Credentials::load(certs, tls::Holder::client);
  if (!credentials) return std::unexpected(credentials.error());
  return call_once({.address = address,
                    .ask = wire::FrameKind::operator_request,
                    .answer = wire::FrameKind::operator_response,
                    .request = std::move(request),
                    .answer_bytes_max = limits::frame_bytes_max,
                    .timeout_ns = timeout_ns},
                   std::move(*credentials));
}

}  // namespace nodedb::quic
