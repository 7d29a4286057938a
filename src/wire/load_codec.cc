// SPDX-License-Identifier: Apache-2.0
#include "wire/load_codec.h"

namespace nodedb::wire {

namespace {

constexpr std::size_t load_bytes_min = 4;

}  // namespace

void put_load_report(Writer& out, const LoadReport& report) {
  out.varint(report.loads.size());
  for (const VShardLoad& load : report.loads) {
    out.varint(load.vshard.value);
    out.varint(load.bytes);
    out.varint(load.writes);
    out.varint(load.reads);
  }
}

LoadReport get_load_report(Reader& in) {
  LoadReport report;
  const std::size_t count = in.count(vshard_count, load_bytes_min);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::uint32_t vshard = in.varint32();
    if (vshard >= vshard_count) in.refuse(Code::malformed, "a load is of no vShard");
    VShardLoad load{VShardId(static_cast<std::uint16_t>(vshard))};
    load.bytes = in.varint();
    load.writes = in.varint();
    load.reads = in.varint();
    report.loads.push_back(load);
  }
  return report;
}

}  // namespace nodedb::wire
