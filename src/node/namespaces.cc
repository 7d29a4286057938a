// SPDX-License-Identifier: Apache-2.0
#include "node/namespaces.h"

#include <utility>

#include "base/endian.h"

namespace nodedb::node {

namespace {

constexpr BytesView session_key_begin("\0session", 8);
static_assert(session_key_begin.front() == node_rows);

Bytes prefixed(char space, BytesView key) {
  Bytes stored;
  stored.reserve(key.size() + 1);
  stored.push_back(space);
  stored.append(key);
  return stored;
}

class MachineCursor : public Cursor {
 public:
  explicit MachineCursor(std::unique_ptr<Cursor> stored) : stored_(std::move(stored)) {}
  bool valid() const override { return stored_->valid() && stored_->key().starts_with(machine_rows); }
  void next() override { stored_->next(); }
  BytesView key() const override { return stored_->key().substr(1); }
  BytesView value() const override { return stored_->value(); }

 private:
  std::unique_ptr<Cursor> stored_;
};

}  // namespace

Bytes clock_key() {
  return prefixed(node_rows, "clock");
}

Bytes session_rows() {
  return Bytes(session_key_begin);
}

Bytes session_key(NodeId gateway) {
  Bytes key(session_key_begin);
  append_number<std::endian::big>(key, gateway.value);
  return key;
}

std::optional<NodeId> gateway_of(BytesView session_key) {
  if (!session_key.starts_with(session_key_begin) || session_key.size() != session_key_begin.size() + 4)
    return std::nullopt;
  return NodeId(number_at<std::endian::big, std::uint32_t>(session_key.data() + session_key_begin.size()));
}

const Bytes& MachineView::stored_key(BytesView key) const {
  return key_.assign(1, machine_rows).append(key);
}

std::optional<Bytes> MachineView::get(BytesView key) const {
  return stored_.get(stored_key(key));
}

std::optional<Bytes> MachineView::head(BytesView key, std::size_t bytes_max) const {
  return stored_.head(stored_key(key), bytes_max);
}

std::unique_ptr<Cursor> MachineView::seek(BytesView from) const {
  return std::make_unique<MachineCursor>(stored_.seek(prefixed(machine_rows, from)));
}

std::vector<Put> all_rows(const View& machine) {
  std::vector<Put> rows;
  for (auto row = machine.seek({}); row->valid(); row->next())
    rows.push_back(Put{Bytes(row->key()), Bytes(row->value())});
  return rows;
}

Write to_stored(Write write) {
  const auto store = [](Bytes& key) { key.insert(key.begin(), machine_rows); };
  if (auto* put = std::get_if<Put>(&write)) {
    store(put->key);
  } else if (auto* erase = std::get_if<Delete>(&write)) {
    store(erase->key);
  } else {
    auto& range = std::get<DeleteRange>(write);
    store(range.from);
    // The end of the machine's rows is the end of the group's: nothing is stored behind them.
    if (!range.to.empty()) store(range.to);
  }
  return write;
}

}  // namespace nodedb::node
