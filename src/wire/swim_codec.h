// SPDX-License-Identifier: Apache-2.0
#pragma once

// SWIM's messages and their bytes (docs/formats.md, "SWIM"). A message never takes more than what
// swim/rules.h says, so that it fits into its datagram.

#include "swim/types.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

void put_swim(Writer& out, const swim::Message& message);
swim::Message get_swim(Reader& in);

}  // namespace nodedb::wire
