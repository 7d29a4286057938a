// SPDX-License-Identifier: Apache-2.0
#include "tests/alerts/prometheus.h"

#include <cstdlib>
#include <fstream>

#include "tests/edge/http/http_client.h"

namespace nodedb::e2e {

namespace {

using app::Json;

constexpr int answer_patience_ms = 5'000;

std::string percent(const std::string& text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      out += c;
      continue;
    }
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

}  // namespace

Prometheus::Prometheus(const Cluster& cluster, const std::string& directory) : port_(free_port()) {
  std::string targets;
  for (const Cluster::Node& node : cluster.nodes())
    targets += (targets.empty() ? "" : ", ") + ("'127.0.0.1:" + std::to_string(node.http_port) + "'");
  const std::string config = directory + "/prometheus.yml";
  std::ofstream(config) << "global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 2s}\n"
                        << "rule_files: [" << NODEDB_SOURCE_DIR
                        << "/packaging/prometheus/nodedb-cluster.rules.yml]\n"
                        << "scrape_configs: [{job_name: nodedb-cluster, static_configs: [{targets: ["
                        << targets << "]}]}]\n";
  process_ = std::make_unique<Process>(
      std::vector<std::string>{"/usr/bin/prometheus", "--config.file=" + config,
                               "--storage.tsdb.path=" + directory + "/prometheus",
                               "--web.listen-address=127.0.0.1:" + std::to_string(port_)},
      directory + "/prometheus.log");
}

bool Prometheus::wait_ready(int seconds) const {
  return eventually(
      seconds, [&] { return http::http_get(static_cast<std::uint16_t>(port_), "/-/ready").status == 200; });
}

/// HTTP/1.0: the answer ends with the connection, whatever its length.
Json Prometheus::ask(const std::string& target) const {
  http::HttpClient client(static_cast<std::uint16_t>(port_), answer_patience_ms);
  if (!client.connected() || !client.send("GET " + target + " HTTP/1.0\r\n\r\n")) return {};
  const std::string answer = client.read_until("no such text");
  const std::size_t head = answer.find("\r\n\r\n");
  if (head == std::string::npos) return {};
  auto body = Json::parse(answer.substr(head + 4));
  return body ? std::move(*body) : Json();
}

std::set<std::string> Prometheus::firing() const {
  std::set<std::string> names;
  const Json answer = ask("/api/v1/alerts");
  for (const Json& alert : answer["data"]["alerts"].items()) {
    if (alert["state"].text() != "firing") continue;
    const std::string member = alert["labels"]["member"].text();
    names.insert(alert["labels"]["alertname"].text() + (member.empty() ? "" : "{member=\"" + member + "\"}"));
  }
  return names;
}

std::optional<double> Prometheus::value(const std::string& query) const {
  const Json answer = ask("/api/v1/query?query=" + percent(query));
  const Json::Array& rows = answer["data"]["result"].items();
  if (rows.empty()) return std::nullopt;
  return std::strtod(rows.front()["value"].items().at(1).text().c_str(), nullptr);
}

}  // namespace nodedb::e2e
