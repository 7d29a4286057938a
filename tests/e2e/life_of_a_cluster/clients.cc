// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/life_of_a_cluster/clients.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "base/slot.h"
#include "edge/base/clock.h"
#include "tests/e2e/support/cluster.h"

namespace nodedb::e2e {

namespace {

constexpr int patience_ms = 15'000;
constexpr int reconnect_pause_ms = 5;
/// Few enough to be read back in a moment, many enough to lie in every vShard.
constexpr std::int64_t keys_of_one = 4'000;

/// As the nodes' logs have times and vShards.
std::string describe(const char* what, const std::string& key, std::int64_t took_us) {
  using namespace std::chrono;
  const auto begun = floor<milliseconds>(system_clock::now() - microseconds(took_us));
  const auto second = floor<seconds>(begun);
  const std::time_t seconds_since_epoch = system_clock::to_time_t(second);
  std::tm utc{};
  ::gmtime_r(&seconds_since_epoch, &utc);
  char text[64];
  std::snprintf(text, sizeof text, " (vShard %u) at %02d:%02d:%02d.%03d", vshard_of_slot(slot_of(key)).value,
                utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>((begun - second).count()));
  return what + key + text;
}

}  // namespace

void Doors::set(std::vector<int> ports) {
  const std::lock_guard lock(mutex_);
  ports_ = std::move(ports);
}

int Doors::port(std::size_t turn) const {
  const std::lock_guard lock(mutex_);
  return ports_[turn % ports_.size()];
}

struct Clients::Client {
  std::size_t number = 0;
  std::size_t turn = 0;
  std::unique_ptr<Redis> connection;
  std::vector<std::int64_t> written = std::vector<std::int64_t>(keys_of_one, -1);  ///< acknowledged, by key
  std::mutex mutex;
  Fares fares;

  std::string key(std::int64_t i) const { return "life:" + std::to_string(number) + ":" + std::to_string(i); }
};

Clients::Clients(const Doors& doors, std::size_t count) : doors_(doors) {
  for (std::size_t i = 0; i < count; ++i) {
    clients_.push_back(std::make_unique<Client>());
    clients_.back()->number = clients_.back()->turn = i;
  }
  for (const auto& client : clients_) threads_.emplace_back([this, one = client.get()] { work(*one); });
}

Clients::~Clients() {
  ending_ = true;
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

/// At the next node if the connection ends, until there is an answer.
Answer Clients::ask(Client& client, const std::vector<std::string>& words) {
  while (true) {
    if (!client.connection || !client.connection->connected())
      client.connection = std::make_unique<Redis>(doors_.port(client.turn), patience_ms);
    Answer answer = client.connection->connected() ? client.connection->command(words) : Answer{};
    if (answer.kind != Answer::Kind::lost || ending_) return answer;
    client.connection.reset();
    ++client.turn;
    sleep_ms(reconnect_pause_ms);
  }
}

void Clients::work(Client& client) {
  for (std::int64_t n = 0; !ending_; ++n) {
    const std::int64_t at = n % keys_of_one;
    const Time begun = edge::monotonic_time();
    const bool reads = n % 4 == 3 && client.written[static_cast<std::size_t>(at)] >= 0;
    const std::string value = std::to_string(reads ? client.written[static_cast<std::size_t>(at)] : n);
    const Answer answer =
        reads ? ask(client, {"GET", client.key(at)}) : ask(client, {"SET", client.key(at), value});
    if (ending_ && answer.kind == Answer::Kind::lost) return;
    const bool good = answer.is(reads ? value : std::string("OK"));
    if (good && !reads) client.written[static_cast<std::size_t>(at)] = n;
    const std::lock_guard lock(client.mutex);
    ++client.fares.operations;
    const std::int64_t took_us = (edge::monotonic_time() - begun) / 1'000;
    if (took_us > client.fares.longest_us) {
      client.fares.longest_us = took_us;
      client.fares.longest = describe(reads ? "GET " : "SET ", client.key(at), took_us);
    }
    if (good) continue;
    if (client.fares.failed++ == 0) client.fares.first_error = answer.describe();
  }
}

Fares Clients::take() {
  Fares all;
  for (const auto& client : clients_) {
    const std::lock_guard lock(client->mutex);
    const Fares one = std::exchange(client->fares, {});
    all.operations += one.operations;
    all.failed += one.failed;
    if (one.longest_us > all.longest_us) {
      all.longest_us = one.longest_us;
      all.longest = one.longest;
    }
    if (all.first_error.empty()) all.first_error = one.first_error;
  }
  return all;
}

Clients::Audit Clients::stop() {
  ending_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  ending_ = false;
  Audit audit;
  for (const auto& client : clients_) {
    client->connection.reset();
    for (std::int64_t i = 0; i < keys_of_one; ++i) {
      const std::int64_t wanted = client->written[static_cast<std::size_t>(i)];
      if (wanted < 0) continue;
      ++audit.written;
      if (!ask(*client, {"GET", client->key(i)}).is(std::to_string(wanted))) ++audit.lost;
    }
  }
  return audit;
}

}  // namespace nodedb::e2e
