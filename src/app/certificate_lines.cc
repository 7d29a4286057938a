// SPDX-License-Identifier: Apache-2.0
#include "app/certificate_lines.h"

#include <ctime>

#include "edge/tls/expiry.h"

namespace nodedb::app {

namespace {

Json line(const char* whose, const tls::CertificateFacts& facts, std::int64_t now_s) {
  Json one = Json::object();
  one.set("whose", whose)
      .set("sha256", facts.fingerprint.text())
      .set("from_s", facts.validity.from_s)
      .set("until_s", facts.validity.until_s)
      .set("freshness", std::string(tls::name(tls::freshness(facts.validity, now_s))));
  return one;
}

std::string day_of(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

Json certificates_json(const tls::Credentials& used, std::int64_t now_s) {
  Json list = Json::array();
  Json own = line("node", used.own(), now_s);
  own.set("issuer", used.issuer().text());
  list.push(std::move(own));
  for (const tls::CertificateFacts& authority : used.authorities())
    list.push(line("authority", authority, now_s));
  return list;
}

std::vector<std::string> endings_of(const Json& status) {
  std::vector<std::string> lines;
  const std::string node = "node " + std::to_string(status["id"].number());
  for (const Json& one : status["certificates"].items()) {
    if (one["freshness"].text() == tls::name(tls::Freshness::fresh)) continue;
    const bool own = one["whose"].text() == "node";
    const bool over = one["freshness"].text() == tls::name(tls::Freshness::expired);
    lines.push_back(
        (own ? node + "'s certificate" : "authority " + one["sha256"].text().substr(0, 16) + " on " + node) +
        (over ? " ended at " : " ends at ") + day_of(one["until_s"].number()));
  }
  return lines;
}

}  // namespace nodedb::app
