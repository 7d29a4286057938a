// SPDX-License-Identifier: Apache-2.0
#pragma once

// The payload of wire/vitals_messages.h (docs/formats.md).

#include "wire/reader.h"
#include "wire/vitals_messages.h"
#include "wire/writer.h"

namespace nodedb::wire {

void put_vitals(Writer& out, const Vitals& vitals);
Vitals get_vitals(Reader& in);

}  // namespace nodedb::wire
