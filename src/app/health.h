// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether the cluster is well, as one node knows it, and if not: what is wrong, and the command that helps.
// What the dashboard says on top. Each problem carries the name of the alert that tells the same to whoever
// does not look (packaging/prometheus), so both lead to one paragraph of docs/operating.md. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/json.h"
#include "app/node_figures.h"

namespace nodedb::app {

enum class Gravity : std::uint8_t {
  note,     ///< somebody has wanted it so
  warning,  ///< clients notice nothing, but one more mishap may be one too many
  broken,   ///< clients notice it
};

struct Remedy {
  std::string when;     ///< "on its machine", "if it will never come back"
  std::string command;  ///< whole, to be pasted
};

struct Problem {
  Gravity gravity = Gravity::warning;
  std::string_view alert;  ///< in packaging/prometheus; empty: nobody is woken for it
  std::string text;        ///< a sentence
  std::vector<Remedy> remedies;
};

struct Health {
  std::string sentence;
  std::vector<Problem> problems;  ///< the gravest first
};

Health health_of(const NodeFigures& figures);
/// `{"state","sentence","problems":[{"gravity","alert","text","remedies":[{"when","command"}…]}…]}`; `state`
/// is `well`, or the gravest problem's gravity.
Json health_json(const Health& health);

}  // namespace nodedb::app
