// SPDX-License-Identifier: Apache-2.0
#pragma once

// Clients of the key-value machine. Each does one operation after another on a few contended keys, through
// whatever node it happens to talk to, and writes down what it did and saw. A client that does not get an
// answer in time writes `info` and goes on under a new number. Key names tell what they hold: r… registers,
// n… numbers, l… growing texts, w… what a witness looks at; x… are written with an expiry and not recorded,
// to keep clean-up busy.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "history/history.h"
#include "sim/crowd.h"

namespace nodedb::sim {

using history::History;
using history::Op;
using history::Operation;
using history::Status;

class Clients final : public Crowd {
 public:
  Clients(const Climate& climate, Schedule& schedule, Servers& servers, Oracle& oracle, Rng rng);

  void start() override;
  void stop() override { stopped_ = true; }
  /// Reads a key there in quick succession, while others write it elsewhere.
  void bear_witness(VShardId vshard, std::size_t node, std::int64_t for_ns) override;
  void answered(node::ClientReply reply) override;
  void broken(std::size_t node) override;

  /// Writes once to every vShard, and reads every key.
  void probe(const std::vector<std::size_t>& nodes) override;
  std::size_t probing() const override;
  std::string probe_text() const override;

  std::uint64_t answers() const override { return answers_; }
  /// Every key's history must be linearizable.
  void judge(Report& report) override;

 private:
  /// By completion; operations still open are `info`.
  History history() const;

  enum class Stage : std::uint8_t { idle, watch, look, act };
  /// All but those who do whatever they are drawn to do have a list, and end with it.
  enum class Kind : std::uint8_t { drawn, witness, probe };
  struct Client {
    std::uint64_t number = 0;  ///< as the history knows it
    std::size_t node = 0;
    Stage stage = Stage::idle;
    bool recorded = true;
    Kind kind = Kind::drawn;
    std::vector<Operation> list;
    std::uint64_t tag = 0;  ///< of the request that it waits for; 0: none
    std::uint64_t attempt = 0;
    Operation now;
    bool seen_present = false;
    Index seen_at;
  };

  VShardId vshard(const std::string& key) const;
  std::string next_key(char kind);
  void add_keys(char kind, std::size_t count);
  std::string fresh_key(char kind, VShardId vshard);
  /// Talks to another node from now on; who has a list stays.
  void wander(Client& client);
  std::size_t add_lister(Kind kind, std::size_t node, std::vector<Operation> list);
  void think(std::size_t c);
  void begin(std::size_t c);
  Operation draw(std::size_t c);
  void ask(std::size_t c);
  void finish(std::size_t c, Status status);
  void give_up(std::size_t c);
  void arrived(std::size_t c, const Result<Blob>& result);
  void took_reply(std::size_t c, BytesView bytes);
  void looked(std::size_t c, BytesView bytes);
  Bytes command(const Client& client) const;
  std::int64_t around(std::int64_t mean) { return mean / 2 + rng_.between(0, mean); }

  const Climate& climate_;
  Schedule& schedule_;
  Servers& servers_;
  Oracle& oracle_;
  Rng rng_;
  std::vector<Client> clients_;
  std::vector<std::string> keys_;
  std::uint64_t next_number_ = 0;
  std::uint64_t next_tag_ = 0;
  std::uint64_t next_value_ = 0;
  std::uint64_t next_name_ = 0;
  std::map<std::uint64_t, std::size_t> waiting_;  ///< tag → client
  History history_;
  std::uint64_t answers_ = 0;
  bool stopped_ = false;
};

}  // namespace nodedb::sim
