// SPDX-License-Identifier: Apache-2.0
// Group 0's entries and rows, and an entry against a cluster of three. Whatever decodes survives a round
// trip; what the machine writes, the tables can read.

#include <map>

#include "meta/codec.h"
#include "meta/machine.h"
#include "meta/placement.h"
#include "meta/tables.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace nodedb;

class MapView : public View {
 public:
  explicit MapView(const std::vector<Put>& rows) {
    for (const Put& row : rows) rows_.emplace(row.key, row.value);
  }
  std::optional<Bytes> get(BytesView key) const override {
    const auto found = rows_.find(Bytes(key));
    return found == rows_.end() ? std::nullopt : std::optional(found->second);
  }
  std::unique_ptr<Cursor> seek(BytesView) const override { return nullptr; }

 private:
  std::map<Bytes, Bytes> rows_;
};

std::vector<Put> three_nodes() {
  meta::GenesisPlan plan;
  plan.vshards_placed = 4;
  plan.cluster.bytes[0] = 1;
  for (std::uint8_t i = 1; i <= 3; ++i) {
    Uuid uuid;
    uuid.bytes[0] = i;
    plan.founders.push_back({uuid, "host" + std::to_string(i) + ":1", ""});
  }
  return meta::rows_of(meta::make_genesis(plan).value());
}

template <class Decode>
void round_trip(BytesView bytes, Decode decode) {
  if (const auto shape = decode(bytes)) CHECK(decode(meta::encode(*shape)) == *shape);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView bytes = fuzz::view(data, size);
  round_trip(bytes, meta::decode_entry);
  round_trip(bytes, meta::decode_genesis);
  round_trip(bytes, meta::decode_cluster);
  round_trip(bytes, meta::decode_member);
  round_trip(bytes, meta::decode_placement);
  (void)meta::decode_result(bytes);

  static const std::vector<Put> rows = three_nodes();
  static const MapView view(rows);
  const auto output = meta::Machine().apply(view, {VShardId(), Index(2), {}, bytes});
  if (!output) return 0;
  meta::Tables tables;
  for (const Write& write : output->writes) CHECK(tables.absorb(write).has_value());
  return 0;
}
