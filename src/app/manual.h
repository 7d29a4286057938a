// SPDX-License-Identifier: Apache-2.0
#pragma once

// The command line's own description, for man and for shells, made from what the parser knows: it cannot say
// anything else than `--help`. Includes CLI11, as the files of words do.

#include <CLI/CLI.hpp>
#include <string>

namespace nodedb::app {

/// nodedb-cluster(1), for man(7).
std::string man_page(const CLI::App& app);
/// Completes commands and options.
std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);

}  // namespace nodedb::app
