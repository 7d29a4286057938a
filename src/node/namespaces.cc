// SPDX-License-Identifier: Apache-2.0
#include "node/namespaces.h"

#include <utility>

namespace nodedb::node {

namespace {

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
  return prefixed(node_rows, "session");
}

Bytes session_key(NodeId gateway) {
  Bytes key = session_rows();
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(gateway.value >> shift));
  return key;
}

std::optional<NodeId> gateway_of(BytesView session_key) {
  const Bytes rows = session_rows();
  if (!session_key.starts_with(rows) || session_key.size() != rows.size() + 4) return std::nullopt;
  std::uint32_t gateway = 0;
  for (const char byte : session_key.substr(rows.size()))
    gateway = gateway << 8 | static_cast<unsigned char>(byte);
  return NodeId(gateway);
}

std::optional<Bytes> MachineView::get(BytesView key) const {
  return stored_.get(prefixed(machine_rows, key));
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
  if (auto* put = std::get_if<Put>(&write))
    return Put{prefixed(machine_rows, put->key), std::move(put->value)};
  if (const auto* erase = std::get_if<Delete>(&write)) return Delete{prefixed(machine_rows, erase->key)};
  const auto& range = std::get<DeleteRange>(write);
  // The end of the machine's rows is the end of the group's: nothing is stored behind them.
  return DeleteRange{prefixed(machine_rows, range.from),
                     range.to.empty() ? Bytes() : prefixed(machine_rows, range.to)};
}

}  // namespace nodedb::node
