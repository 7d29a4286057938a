// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of a snapshot's transfer (docs/formats.md). Trouble is kept by the reader.

#include "wire/messages.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

void put_snapshot_offer(Writer& out, const SnapshotOffer& offer);
void put_snapshot_credit(Writer& out, const SnapshotCredit& credit);
void put_snapshot_chunk(Writer& out, const SnapshotChunk& chunk);
SnapshotOffer get_snapshot_offer(Reader& in);
SnapshotCredit get_snapshot_credit(Reader& in);
SnapshotChunk get_snapshot_chunk(Reader& in);

}  // namespace nodedb::wire
