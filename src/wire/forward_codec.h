// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of forwarded requests and their replies (docs/formats.md). Trouble is kept by the reader.

#include <span>

#include "wire/messages.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

void put_forward_bundle(Writer& out, std::span<const Forward> requests,
                        std::span<const ForwardReply> replies);
ForwardBundle get_forward_bundle(Reader& in);

void put_reply(Writer& out, const ForwardReply& reply);
ForwardReply get_reply(Reader& in);

/// What one takes in a frame, about.
std::size_t forward_bytes(const Forward& forward, Counted counted);
std::size_t reply_bytes(const ForwardReply& reply, Counted counted);

}  // namespace nodedb::wire
