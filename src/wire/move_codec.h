// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of move_messages.h (docs/formats.md). Trouble is kept by the reader.

#include "wire/move_messages.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

void put_move_order(Writer& out, const MoveOrder& message);
void put_move_report(Writer& out, const MoveReport& message);
MoveOrder get_move_order(Reader& in);
MoveReport get_move_report(Reader& in);

}  // namespace nodedb::wire
