// SPDX-License-Identifier: Apache-2.0
// Handlers of commands over all vShards: DBSIZE, KEYS, FLUSHALL, FLUSHDB, SCAN and RANDOMKEY. None is atomic
// across vShards.

#include <algorithm>

#include "edge/resp/gateway.h"
#include "edge/resp/local.h"
#include "edge/resp/scatter.h"
#include "kv/errors.h"
#include "kv/internal.h"
#include "kv/numbers.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

/// SCAN: vShards in the order of their numbers, a wave of them at once. While they are sparse the waves grow,
/// so that a walk over few keys does not cost a thousand round trips; what lies behind the first vShard that
/// is not exhausted is left for the next call, because the cursor is one position.
class ScanJob final : public Job {
 public:
  struct Request {
    std::uint64_t position = 0;
    std::uint64_t count = 10;
    std::optional<Bytes> match;
    std::optional<Bytes> type;
    std::int64_t timeout_ns = 0;
  };

  explicit ScanJob(Request request) : request_(std::move(request)), position_(request_.position) {}

  Order::Claim claim() const override { return {.vshards = {}, .mode = Order::Mode::read, .wide = true}; }
  std::size_t held_bytes() const override { return 0; }
  Calls start() override { return wave(); }

  Calls answered(std::size_t part, Reply reply) override {
    pages_[part - first_part_] = std::move(reply);
    if (++answered_ < pages_.size()) return {};
    return take_pages() ? wave() : Calls{};
  }

  Reply result() override {
    if (error_.is_error()) return std::move(error_);
    return Reply::array({Reply::bulk(std::to_string(position_)), Reply::array(std::move(keys_))});
  }

 private:
  static constexpr std::size_t wave_max = 64;
  static constexpr std::size_t vshards_per_call_max = 256;
  static constexpr std::uint64_t rows_per_wave_max = 64 * 1024;
  static constexpr std::size_t reply_bytes_enough = 4 * 1024 * 1024;

  Calls wave() {
    Calls calls;
    std::uint64_t position = position_;
    while (calls.size() < width_) {
      const auto vshard = kv::vshard_of_position(position);
      if (!vshard) break;
      calls.push_back(
          {.vshard = *vshard, .write = false, .command = query(position), .timeout_ns = request_.timeout_ns});
      position = kv::first_position(std::uint32_t{vshard->value} + 1);
    }
    if (calls.empty()) position_ = 0;  // past the last: done, or the cursor was never ours
    first_part_ += pages_.size();
    pages_.assign(calls.size(), Reply());
    answered_ = 0;
    return calls;
  }

  Blob query(std::uint64_t position) const {
    kv::ScanQuery query{.position = position, .count = request_.count, .match = {}, .type = {}};
    if (request_.match) query.match = *request_.match;
    if (request_.type) query.type = *request_.type;
    return Blob(kv::scan_query(query));
  }

  /// True: go on with another wave.
  bool take_pages() {
    for (const Reply& reply : pages_) {
      auto page = kv::scan_page(reply);
      if (!page) {
        error_ = reply.is_error() ? reply : Reply::error(page.error());
        return false;
      }
      for (Bytes& key : page->keys) {
        kept_bytes_ += key.size();
        keys_.push_back(Reply::bulk(std::move(key)));
      }
      const auto vshard = kv::vshard_of_position(position_);
      if (page->next) {
        position_ = *page->next;
        return false;
      }
      position_ = kv::first_position(std::uint32_t{vshard->value} + 1);
      ++visited_;
    }
    if (!kv::vshard_of_position(position_)) {
      position_ = 0;
      return false;
    }
    if (keys_.size() >= request_.count || visited_ >= vshards_per_call_max) return false;
    if (kept_bytes_ > reply_bytes_enough) return false;
    // A large COUNT in many vShards at once would gather far more than was asked for.
    const std::uint64_t fitting = std::max<std::uint64_t>(rows_per_wave_max / request_.count, 1);
    width_ = std::min({width_ * 4, wave_max, static_cast<std::size_t>(fitting)});
    return true;
  }

  Request request_;
  std::uint64_t position_ = 0;
  std::size_t width_ = 1;
  std::size_t visited_ = 0;
  std::size_t first_part_ = 0;
  std::vector<Reply> pages_;
  std::size_t answered_ = 0;
  std::vector<Reply> keys_;
  std::size_t kept_bytes_ = 0;
  Reply error_;
};

/// RANDOMKEY: a vShard drawn by its share of the keys, then a key in it. A share can be of keys that are due
/// but not purged yet; then another vShard is drawn.
class RandomKeyJob final : public Job {
 public:
  RandomKeyJob(Rng rng, std::int64_t timeout_ns)
      : rng_(rng), timeout_ns_(timeout_ns), counts_(vshard_count, 0) {}

  Order::Claim claim() const override { return {.vshards = {}, .mode = Order::Mode::read, .wide = true}; }
  std::size_t held_bytes() const override { return 0; }
  Calls start() override { return calls_to_all(kv::dbsize_query(), false, timeout_ns_); }

  Calls answered(std::size_t part, Reply reply) override {
    ++answered_;
    if (reply.is_error()) {
      error_ = std::move(reply);
      return {};
    }
    if (part < vshard_count) {
      counts_[part] = static_cast<std::uint64_t>(std::max<std::int64_t>(reply.number, 0));
      return answered_ == vshard_count ? draw() : Calls{};
    }
    found_ = std::move(reply);
    return found_.kind == Reply::Kind::null ? draw() : Calls{};
  }

  Reply result() override { return error_.is_error() ? std::move(error_) : std::move(found_); }

 private:
  Calls draw() {
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts_) total += count;
    if (error_.is_error() || total == 0) return {};
    std::uint64_t left = rng_.below(total);
    std::size_t vshard = 0;
    while (left >= counts_[vshard]) left -= counts_[vshard++];
    counts_[vshard] = 0;  // asked once only, whatever comes
    return {{.vshard = VShardId(static_cast<std::uint16_t>(vshard)),
             .write = false,
             .command = Blob(kv::random_key_query(rng_.next())),
             .timeout_ns = timeout_ns_}};
  }

  Rng rng_;
  std::int64_t timeout_ns_ = 0;
  std::vector<std::uint64_t> counts_;
  std::size_t answered_ = 0;
  Reply found_;
  Reply error_;
};

/// The options behind a SCAN's cursor; the error line, or empty.
std::string_view read_options(const kv::Argv& argv, ScanJob::Request& request) {
  for (std::size_t i = 2; i < argv.size(); i += 2) {
    if (i + 1 == argv.size()) return kv::errors::syntax;
    const BytesView value = argv[i + 1];
    if (kv::same_word(argv[i], "COUNT")) {
      const auto count = kv::parse_integer(value);
      if (!count) return kv::errors::not_an_integer;
      if (*count < 1) return kv::errors::syntax;
      request.count = static_cast<std::uint64_t>(*count);
    } else if (kv::same_word(argv[i], "MATCH")) {
      request.match = Bytes(value);
    } else if (kv::same_word(argv[i], "TYPE")) {
      request.type = Bytes(value);
    } else {
      return kv::errors::syntax;
    }
  }
  return {};
}

}  // namespace

Outcome run_dbsize(Context& context, const kv::Argv&) {
  return sum_over_all(kv::dbsize_query(), context.gateway.options().call_timeout_ns);
}

Outcome run_keys(Context& context, const kv::Argv& argv) {
  return lists_over_all(kv::keys_query(argv[1]), context.gateway.options().call_timeout_ns);
}

Outcome run_scan(Context& context, const kv::Argv& argv) {
  ScanJob::Request request{.position = 0,
                           .count = 10,
                           .match = {},
                           .type = {},
                           .timeout_ns = context.gateway.options().call_timeout_ns};
  const auto cursor = kv::parse_unsigned(argv[1]);
  if (!cursor) return Reply::error("ERR invalid cursor");
  request.position = *cursor;
  if (const auto error = read_options(argv, request); !error.empty()) return Reply::error(error);
  return std::make_unique<ScanJob>(std::move(request));
}

Outcome run_randomkey(Context& context, const kv::Argv&) {
  return std::make_unique<RandomKeyJob>(context.gateway.rng().fork(),
                                        context.gateway.options().call_timeout_ns);
}

Outcome run_flush(Context& context, const kv::Argv& argv) {
  const bool how = argv.size() == 2 && (kv::same_word(argv[1], "SYNC") || kv::same_word(argv[1], "ASYNC"));
  if (argv.size() > 1 && !how) return Reply::error(kv::errors::syntax);
  return write_to_all(kv::flush_command(), context.gateway.options().call_timeout_ns);
}

}  // namespace nodedb::resp
