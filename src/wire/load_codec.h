// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of load_messages.h (docs/formats.md).

#include "wire/load_messages.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

void put_load_report(Writer& out, const LoadReport& report);
/// What cannot be read makes the reader refuse.
LoadReport get_load_report(Reader& in);

}  // namespace nodedb::wire
