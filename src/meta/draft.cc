// SPDX-License-Identifier: Apache-2.0
#include "meta/draft.h"

namespace nodedb::meta {

std::map<Bytes, Bytes> Draft::rows(BytesView prefix) const {
  std::map<Bytes, Bytes> found;
  for (auto row = view_.seek(prefix); row->valid() && row->key().starts_with(prefix); row->next()) {
    found.emplace(row->key(), row->value());
  }
  for (const auto& [key, value] : writes_) {
    if (!key.starts_with(prefix)) continue;
    if (value) {
      found.insert_or_assign(key, *value);
    } else {
      found.erase(key);
    }
  }
  return found;
}

MigrationStateTable& Draft::migrations() {
  if (!migrations_) migrations_.emplace(bugs_).load_all(view_);
  return *migrations_;
}

void Draft::add(Batch writes) {
  for (Write& write : writes) {
    if (auto* put = std::get_if<Put>(&write)) {
      writes_.insert_or_assign(std::move(put->key), std::move(put->value));
    } else {
      writes_.insert_or_assign(std::get<Delete>(std::move(write)).key, std::nullopt);
    }
  }
}

Batch Draft::take() {
  Batch batch;
  for (auto& [key, value] : writes_) {
    if (value) {
      batch.push_back(Put{key, std::move(*value)});
    } else {
      batch.push_back(Delete{key});
    }
  }
  return batch;
}

}  // namespace nodedb::meta
