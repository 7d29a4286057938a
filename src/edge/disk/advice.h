// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace nodedb::edge {

/// What a person is to do about damage in `directory`, a part of a replica's data directory.
std::string damage_advice(const std::string& directory);

}  // namespace nodedb::edge
