// SPDX-License-Identifier: Apache-2.0
#include "load/check_crowd.h"

namespace nodedb::load {

CheckCrowd::CheckCrowd(CheckStage& stage, Rng& rng, std::uint64_t clients) : stage_(stage) {
  for (std::uint64_t i = 0; i < clients; ++i) clients_.emplace_back(stage, rng.fork());
  for (CheckClient& client : clients_) threads_.emplace_back([&client] { client.run(); });
}

void CheckCrowd::stop() {
  stage_.over = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

history::History CheckCrowd::take_history() {
  history::History all;
  for (CheckClient& client : clients_)
    for (history::Operation& operation : client.take_history()) all.push_back(std::move(operation));
  return all;
}

std::map<std::string, std::uint64_t> CheckCrowd::codes() const {
  std::map<std::string, std::uint64_t> all;
  for (const CheckClient& client : clients_)
    for (const auto& [code, times] : client.codes()) all[code] += times;
  return all;
}

}  // namespace nodedb::load
