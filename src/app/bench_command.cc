// SPDX-License-Identifier: Apache-2.0
#include "app/bench_command.h"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "app/interrupt.h"
#include "app/table.h"
#include "base/limits.h"
#include "base/units.h"
#include "load/keys.h"
#include "load/redis_protocol.h"

namespace nodedb::app {

namespace {

constexpr std::uint64_t clients_max = 10'000;
constexpr std::uint64_t outstanding_max = 1'000'000;
constexpr std::uint64_t keys_max = 1'000'000;
constexpr double rate_max = 10'000'000;

std::string ms(double us) {
  return fixed(us / 1e3, 2);
}

double per_second(const load::LoadResult& result) {
  return result.seconds > 0 ? static_cast<double>(result.operations) / result.seconds : 0;
}

/// Tells of a load that could not be made.
Exit not_made(const std::string& why) {
  return complain({Code::unreachable, why});
}

class Bench {
 public:
  Bench(const load::Access& access, load::LoadOptions options) : options_(std::move(options)) {
    options_.servers = access.servers;
    options_.trust = access.trust;
    protocol_ = load::redis_protocol(
        {.keys = load::keys_over(options_.vshards, "bench:" + run_name() + ":", options_.keys),
         .value_bytes = options_.value_bytes,
         .password = access.password});
  }

  /// So that reads find something. Interrupted: some of it.
  bool fill(std::string& complaint) {
    std::cerr << "writes " << options_.keys << " keys\n";
    return load::run_load(load::filling(options_), protocol_, complaint, ends()).has_value();
  }

  std::optional<load::LoadResult> run(std::string& complaint) {
    load::LoadWatch watch = ends();
    watch.progress = [](const load::LoadProgress& now) { std::cerr << progress_text(now); };
    return load::run_load(options_, protocol_, complaint, watch);
  }

  /// Every key, however long it takes while there are answers; a second interruption ends that, too.
  void clean() {
    load::LoadOptions all = load::filling(options_);
    all.operation = load::Operation::del;
    std::string complaint;
    const auto removed = load::run_load(all, protocol_, complaint);
    if (!removed || removed->errors > 0)
      std::cerr << "nodedb-cluster: some keys are left; they begin with bench: and can be found by "
                   "nodedb-cluster kv scan --prefix bench:\n";
  }

 private:
  static load::LoadWatch ends() {
    return {.progress = {}, .ended = [] { return Interrupt::came(); }};
  }

  load::LoadOptions options_;
  load::MakeProtocol protocol_;
};

}  // namespace

Result<load::LoadOptions> load_of(const BenchWords& words) {
  const auto in = [](const char* option, std::uint64_t value, std::uint64_t min,
                     std::uint64_t max) -> Result<void> {
    if (value >= min && value <= max) return {};
    return fail(Code::malformed,
                std::string(option) + ": must be from " + std::to_string(min) + " to " + std::to_string(max));
  };
  for (const Result<void>& fine :
       {in("--clients", words.clients, 1, clients_max), in("--pipeline", words.pipeline, 1, outstanding_max),
        in("--clients times --pipeline", words.clients * words.pipeline, 1, outstanding_max),
        in("--value-size", words.value_bytes, 0, limits::value_bytes_max), in("--reads", words.reads, 0, 100),
        in("--keys", words.keys, 1, keys_max), in("--vshards", words.vshards, 1, vshard_count)})
    if (!fine) return std::unexpected(fine.error());
  if (!(words.rate >= 0 && words.rate <= rate_max))
    return fail(Code::malformed, "--rate: must be from 0 to " + fixed(rate_max, 0) + " a second");
  const auto duration = parse_duration(words.duration);
  if (!duration) return fail(duration.error().code, "--duration: " + duration.error().detail);
  load::LoadOptions options;
  options.reads = static_cast<double>(words.reads) / 100;
  options.value_bytes = words.value_bytes;
  options.connections = words.clients;
  options.outstanding = words.clients * words.pipeline;
  options.vshards = static_cast<std::uint16_t>(words.vshards);
  options.keys = words.keys;
  options.rate = words.rate;
  options.seconds = static_cast<double>(*duration) / 1e9;
  return options;
}

Json bench_json(const BenchWords& words, const load::LoadResult& result) {
  Json asked = Json::object();
  asked.set("clients", words.clients)
      .set("pipeline", words.pipeline)
      .set("value_bytes", words.value_bytes)
      .set("reads_percent", words.reads)
      .set("keys", words.keys)
      .set("vshards", words.vshards)
      .set("rate", words.rate)
      .set("duration", words.duration);
  Json latency = Json::object();
  latency.set("p50", result.p50_us)
      .set("p90", result.p90_us)
      .set("p99", result.p99_us)
      .set("p99_9", result.p999_us)
      .set("max", result.max_us);
  Json codes = Json::object();
  for (const auto& [code, times] : result.codes) codes.set(code, times);
  Json body = Json::object();
  body.set("version", 1)
      .set("asked", std::move(asked))
      .set("seconds", result.seconds)
      .set("operations", result.operations)
      .set("operations_per_second", per_second(result))
      .set("latency_us", std::move(latency))
      .set("errors", result.errors)
      .set("errors_by_code", std::move(codes));
  return body;
}

std::string bench_text(const BenchWords& words, const load::LoadResult& result) {
  Table table({"OPS/S", "OPS", "P50-MS", "P90-MS", "P99-MS", "P99.9-MS", "MAX-MS", "ERRORS"});
  table.add({fixed(per_second(result), 0), std::to_string(result.operations), ms(result.p50_us),
             ms(result.p90_us), ms(result.p99_us), ms(result.p999_us), ms(result.max_us),
             std::to_string(result.errors)});
  std::string text = std::to_string(words.clients) + " clients, " +
                     (words.rate > 0 ? fixed(words.rate, 0) +
                                           " operations a second asked for, latency from when "
                                           "each was to begin"
                                     : std::to_string(words.pipeline) + " operations under way on each") +
                     "; " + std::to_string(words.reads) + " % reads, values of " +
                     std::to_string(words.value_bytes) + " bytes, " + std::to_string(words.keys) + " keys; " +
                     fixed(result.seconds, 1) + " s\n" + table.text();
  for (const auto& [code, times] : result.codes)
    text += "error " + code + ": " + std::to_string(times) + " times\n";
  return text;
}

std::string progress_text(const load::LoadProgress& progress) {
  const double since = std::max(progress.since, 1e-9);
  return fixed(progress.seconds, 0) + " s: " + fixed(static_cast<double>(progress.operations) / since, 0) +
         " operations/s, p99 " + ms(static_cast<double>(progress.p99_ns) / 1e3) + " ms, " +
         std::to_string(progress.errors) + " errors\n";
}

Exit run_bench(const RedisWords& redis, const BenchWords& words, Output output) {
  auto options = load_of(words);
  if (!options) return complain(options.error());
  const Interrupt interrupt;
  const auto reached = reach_redis(redis);
  if (!reached) return complain(reached.error());
  Bench bench(reached->access, std::move(*options));
  std::string complaint;
  std::optional<load::LoadResult> result;
  if (words.reads == 0 || bench.fill(complaint)) result = bench.run(complaint);
  if (result) show(bench_json(words, *result), output, bench_text(words, *result));
  if (!words.keep) bench.clean();
  if (!result) return not_made(complaint);
  if (result->operations > 0) return Exit::ok;
  return complain({Code::invalid_state, "not one operation was answered well"});
}

}  // namespace nodedb::app
