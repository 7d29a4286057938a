// SPDX-License-Identifier: Apache-2.0
#include "app/key_desk.h"

#include <utility>

#include "base/base64.h"
#include "edge/base/clock.h"
#include "kv/internal.h"

namespace nodedb::app {

namespace {

/// A page of a scan is full then. It can be larger by what one vShard answers.
constexpr std::size_t page_keys = 1'000;
constexpr std::size_t page_bytes = 1024 * 1024;
/// Whoever asks wants to see that it goes on.
constexpr std::int64_t page_ns = ns_per_s;

Json body_of(const AskGet&, const kv::Reply& reply) {
  const bool there = reply.kind == kv::Reply::Kind::bulk;
  return Json::object().set("value", there ? Json(base64_text(reply.text)) : Json());
}
Json body_of(const AskPut&, const kv::Reply&) {
  return Json::object();
}
Json body_of(const AskDelete&, const kv::Reply& reply) {
  return Json::object().set("deleted", reply.number);
}

}  // namespace

void KeyDesk::ask(std::uint64_t id, KeyRequest request) {
  submit({.id = id, .request = std::move(request), .began = edge::monotonic_time()});
}

void KeyDesk::submit(Open open) {
  node::ClientRequest request = command_of(open.request);
  request.tag = tag_bit | ++last_;
  request.timeout_ns = timeout_ns_;
  request.arrived = edge::monotonic_time();
  open_.emplace(request.tag, std::move(open));
  desk_.submit(std::move(request));
}

void KeyDesk::completed(const node::ClientReply& reply) {
  auto found = open_.extract(reply.tag);
  CHECK(!found.empty());
  Open& open = found.mapped();
  const auto sound = sound_reply(reply.result);
  if (!sound) return answer_(open.id, std::unexpected(sound.error()));
  if (std::holds_alternative<AskScan>(open.request)) return go_on(std::move(open), *sound);
  if (const auto* get = std::get_if<AskGet>(&open.request)) return answer_(open.id, body_of(*get, *sound));
  if (const auto* put = std::get_if<AskPut>(&open.request)) return answer_(open.id, body_of(*put, *sound));
  answer_(open.id, body_of(std::get<AskDelete>(open.request), *sound));
}

void KeyDesk::go_on(Open open, const kv::Reply& reply) {
  auto page = kv::scan_page(reply);
  if (!page) return answer_(open.id, std::unexpected(page.error()));
  for (const Bytes& key : page->keys) {
    open.keys.push(Json(base64_text(key)));
    open.bytes += key.size();
  }
  open.found += page->keys.size();
  auto& scan = std::get<AskScan>(open.request);
  const auto vshard = kv::vshard_of_position(scan.from);
  scan.from = page->next ? *page->next : kv::first_position(std::uint32_t{vshard->value} + 1);
  const bool all = scan.from >= scan.end || !kv::vshard_of_position(scan.from);
  const bool full = open.found >= page_keys || open.bytes >= page_bytes;
  if (!all && !full && edge::monotonic_time() - open.began < page_ns) return submit(std::move(open));
  answer_(open.id,
          Json::object().set("keys", std::move(open.keys)).set("next", all ? std::uint64_t{0} : scan.from));
}

}  // namespace nodedb::app
