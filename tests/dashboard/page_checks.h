// SPDX-License-Identifier: Apache-2.0
#pragma once

// What must hold of the page whatever it shows: expressions for Browser::evaluate.

#include <string>

namespace nodedb::e2e {

/// Texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3), a line each: `ratio text`.
extern const std::string low_contrast;
/// Elements that stick out of the page, or of their section, to the right.
extern const std::string sticking_out;
/// What has the focus: `id or role: text`.
extern const std::string focused;

}  // namespace nodedb::e2e
