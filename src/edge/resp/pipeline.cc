// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/pipeline.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace nodedb::resp {

namespace {

/// What a waiting request costs beside its bytes.
constexpr std::size_t request_overhead_bytes = 256;

kv::Reply reply_of(const Result<Blob>& answer, bool write) {
  if (!answer) return error_reply(answer.error(), write);
  auto reply = kv::decode_reply(answer->view());
  if (!reply) return error_reply(reply.error(), write);
  return std::move(*reply);
}

}  // namespace

Order::Claim Pipeline::claim(const Pending& pending) {
  if (const auto* job = std::get_if<std::unique_ptr<Job>>(&pending.work)) return (*job)->claim();
  return {.vshards = {&pending.vshard, 1},
          .mode = pending.write ? Order::Mode::write : Order::Mode::read,
          .wide = false};
}

void Pipeline::add(Outcome outcome, ReplyStyle style, const TraceContext& trace) {
  if (auto* reply = std::get_if<kv::Reply>(&outcome)) {
    if (reply->is_error()) outlet_.erred(style.command, *reply);
    if (style.silent) return;
    if (pending_.empty()) {
      render(output_, *reply, style.protocol);
      return;
    }
    Pending& pending = pending_.emplace_back();
    pending.style = style;
    pending.done = true;
    render(pending.rendered, *reply, style.protocol);
    pending.held_bytes = request_overhead_bytes + pending.rendered.size();
    held_bytes_ += pending.held_bytes;
    return;
  }
  Pending& pending = pending_.emplace_back();
  pending.style = style;
  if (auto* call = std::get_if<VShardCall>(&outcome)) {
    pending.vshard = call->vshard;
    pending.write = call->write;
    pending.held_bytes = request_overhead_bytes + call->command.size();
    call->trace = trace;
    pending.work = std::move(*call);
  } else {
    auto& job = std::get<std::unique_ptr<Job>>(outcome);
    pending.held_bytes = request_overhead_bytes + job->held_bytes();
    pending.trace = trace;
    pending.work = std::move(job);
  }
  held_bytes_ += pending.held_bytes;
  const std::uint64_t request = first_ + pending_.size() - 1;
  if (order_.enter(request, claim(pending))) start(request);
  start_ready();
}

void Pipeline::start(std::uint64_t request) {
  Pending& pending = at(request);
  if (auto* call = std::get_if<VShardCall>(&pending.work)) {
    ++pending.open_calls;
    outlet_.send({.session = session_, .request = request, .part = 0, .write = pending.write},
                 std::move(*call));
    return;
  }
  Job& job = *std::get<std::unique_ptr<Job>>(pending.work);
  Calls calls = job.start();
  if (calls.empty()) {
    finish(request, job.result());
  } else {
    send_all(request, std::move(calls));
  }
}

void Pipeline::send_all(std::uint64_t request, Calls calls) {
  Pending& pending = at(request);
  for (VShardCall& call : calls) {
    ++pending.open_calls;
    const bool write = call.write;
    call.trace = pending.trace;
    outlet_.send({.session = session_, .request = request, .part = pending.given_calls++, .write = write},
                 std::move(call));
  }
}

void Pipeline::answered(const Asker& asker, const Result<Blob>& answer) {
  CHECK(asker.request >= first_ && asker.request - first_ < pending_.size());
  Pending& pending = at(asker.request);
  CHECK(pending.open_calls != 0 && !pending.done);
  --pending.open_calls;
  const std::size_t bytes = answer ? answer->size() : 0;
  expected_reply_bytes_ = std::max(bytes, expected_reply_bytes_ - expected_reply_bytes_ / 8 + 8);
  window_ = std::min(window_ + 1, limits::requests_max);
  kv::Reply reply = reply_of(answer, asker.write);
  if (auto* job = std::get_if<std::unique_ptr<Job>>(&pending.work)) {
    held_bytes_ += bytes;
    pending.held_bytes += bytes;
    send_all(asker.request, (*job)->answered(asker.part, std::move(reply)));
    if (pending.open_calls == 0) finish(asker.request, (*job)->result());
  } else {
    finish(asker.request, reply);
  }
  start_ready();
}

void Pipeline::finish(std::uint64_t request, const kv::Reply& reply) {
  Pending& pending = at(request);
  order_.leave(claim(pending), ready_);
  if (reply.is_error()) outlet_.erred(pending.style.command, reply);
  pending.work = std::monostate();
  pending.done = true;
  held_bytes_ -= pending.held_bytes;
  pending.held_bytes = 0;
  if (request == first_) {
    if (!pending.style.silent) render(output_, reply, pending.style.protocol);
    pending_.pop_front();
    ++first_;
    flush_done();
    return;
  }
  if (!pending.style.silent) render(pending.rendered, reply, pending.style.protocol);
  pending.held_bytes = request_overhead_bytes + pending.rendered.size();
  held_bytes_ += pending.held_bytes;
}

/// Jobs that need no calls finish at once and may make more ready: a loop instead of a recursion, because a
/// pipeline can be a hundred thousand deep.
void Pipeline::start_ready() {
  if (starting_) return;
  starting_ = true;
  while (!ready_.empty()) {
    std::vector<std::uint64_t> batch;
    batch.swap(ready_);
    std::sort(batch.begin(), batch.end());
    for (const std::uint64_t request : batch) start(request);
  }
  starting_ = false;
}

void Pipeline::flush_done() {
  while (!pending_.empty() && pending_.front().done) {
    output_.append(pending_.front().rendered);
    held_bytes_ -= pending_.front().held_bytes;
    pending_.pop_front();
    ++first_;
  }
}

bool Pipeline::has_room(std::size_t bytes_max) const {
  if (pending_.empty()) return output_.size() < bytes_max;
  if (pending_.size() >= window_) return false;
  return held_bytes_ + output_.size() + called_up_bytes() < bytes_max;
}

}  // namespace nodedb::resp
