// SPDX-License-Identifier: Apache-2.0
#pragma once

// The payload of every frame between nodes. Decoding is strict: unknown kinds, flags and enum values, numbers
// not in their shortest form and bytes left over are refused, so what decodes encodes to the same bytes again
// (but for the genesis, which is MessagePack). Entry payloads, commands and chunks are slices of the frame's
// buffer, never copies; large ones go out without a copy, too.

#include <functional>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace nodedb::wire {

EncodedMessage encode(const PeerMessage& message);
/// As `encode`, with bundles cut between their messages into frames of about `payload_bytes` (more only where
/// a single message is larger), in order. Keeps frames below the cap however much a turn has to say, and what
/// one small entry kept in a log holds in memory small. False: `take` did not want one, nor get what follows.
bool encode_frames(const PeerMessage& message, std::size_t payload_bytes,
                   const std::function<bool(EncodedMessage)>& take);

/// Errors: malformed, too_large, incompatible (a kind of a later version).
Result<PeerMessage> decode(FrameKind kind, const Blob& payload);

/// The first frame on a stream.
EncodedMessage encode_stream_open(StreamClass stream);
/// Errors: malformed, incompatible.
Result<StreamClass> decode_stream_open(const Frame& frame);

}  // namespace nodedb::wire
