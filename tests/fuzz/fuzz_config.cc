// SPDX-License-Identifier: Apache-2.0
// The configuration file, from bytes to a validated Config; and the units and JSON text on the way.
#include "app/config.h"
#include "app/config_sources.h"
#include "app/json.h"
#include "base/units.h"
#include "tests/fuzz/fuzz.h"

extern "C" int NODEDB_FUZZER(config)(const std::uint8_t* data, std::size_t size) {
  using namespace nodedb::app;
  const nodedb::BytesView text = nodedb::fuzz::view(data, size);
  if (const auto settings = settings_of_toml(text, "fuzz")) {
    const Configured made = configure(*settings);
    const auto complaints = made.config.validate();
    // Reading is a function: the same bytes make the same complaints.
    CHECK(configure(*settings).complaints == made.complaints);
    CHECK(made.config.validate() == complaints);
  }
  if (const auto ns = nodedb::parse_duration(text)) {
    CHECK(nodedb::parse_duration(nodedb::duration_text(*ns)) == *ns);
  }
  if (const auto bytes = nodedb::parse_size(text)) CHECK(*bytes <= std::uint64_t{1} << 63);
  static_cast<void>(nodedb::parse_host_port(text));
  if (const auto json = Json::parse(text)) {
    const auto again = Json::parse(json->dump());
    CHECK(again && again->dump() == json->dump());
  }
  return 0;
}
