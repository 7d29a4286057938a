// SPDX-License-Identifier: Apache-2.0
#pragma once

// The payloads of wire/certificate_messages.h (docs/formats.md).

#include "wire/certificate_messages.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

/// Pre: within the caps of wire/join_codec.h.
void put_certificate_wanted(Writer& out, const CertificateWanted& wanted);
void put_certificate_given(Writer& out, const CertificateGiven& given);
CertificateWanted get_certificate_wanted(Reader& in);
CertificateGiven get_certificate_given(Reader& in);

}  // namespace nodedb::wire
