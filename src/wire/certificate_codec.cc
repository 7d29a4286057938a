// SPDX-License-Identifier: Apache-2.0
#include "wire/certificate_codec.h"

#include "wire/error_codec.h"
#include "wire/join_codec.h"

namespace nodedb::wire {

void put_certificate_wanted(Writer& out, const CertificateWanted& wanted) {
  out.bytes(wanted.signing_request);
  out.varint(wanted.hosts.size());
  for (const std::string& host : wanted.hosts) out.bytes(host);
}

void put_certificate_given(Writer& out, const CertificateGiven& given) {
  out.boolean(given.certificate.has_value());
  if (given.certificate)
    out.bytes(*given.certificate);
  else
    put_error(out, given.certificate.error());
}

CertificateWanted get_certificate_wanted(Reader& in) {
  CertificateWanted wanted;
  wanted.signing_request = Bytes(in.bytes(signing_request_bytes_max));
  const std::size_t hosts = in.count(join_hosts_max, 1);
  for (std::size_t i = 0; i < hosts && in.ok(); ++i) wanted.hosts.push_back(in.text(host_bytes_max));
  return wanted;
}

CertificateGiven get_certificate_given(Reader& in) {
  if (in.boolean()) return {Bytes(in.bytes(certificate_bytes_max))};
  return {std::unexpected(get_error(in))};
}

}  // namespace nodedb::wire
