// SPDX-License-Identifier: Apache-2.0
// Counts the instructions that a write costs, part by part (write_path.h), and compares them with the
// baseline beside this file. Starts itself again under callgrind.
//
//   instructions_bench [--paths 1,1024,1024-forwarded] [--burden PART] [--profile FILE]
//
// A path is named by the vShards that are written to. --burden makes a part 5 % slower, to show that it is
// noticed. --profile leaves a file for callgrind_annotate instead of comparing. With NODEDB_REWRITE set, the
// baseline is written anew: read the difference before you commit it.
//
// Exit codes: 0 all within tolerance, 1 not so, 2 it could not be told, 77 the baseline is of another
// platform.
#include <gnu/libc-version.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>

#include "base/check.h"
#include "bench/instructions/callgrind.h"
#include "bench/instructions/counts.h"
#include "bench/instructions/write_path.h"

namespace nodedb::bench {

namespace {

constexpr int exit_out_of_tolerance = 1;
constexpr int exit_trouble = 2;
constexpr int exit_skipped = 77;

constexpr double burden_percent = 5;

const std::map<std::string, WritePathOptions> known_paths{
    {"1", {.vshards = 1}}, {"1024", {}}, {"1024-forwarded", {.forwarded = true}}};
const std::string all_paths = "1,1024,1024-forwarded";

struct Options {
  std::string paths = all_paths;  ///< names with commas between them
  std::string burden;
  std::string profile;
  std::string inside;  ///< the folder that the run under callgrind leaves its files in; empty outside
};

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream text(list);
  for (std::string name; std::getline(text, name, ',');) names.push_back(name);
  return names;
}

std::optional<Options> options_of(int count, char** words) {
  Options options;
  const std::map<std::string, std::string*> places{{"--paths", &options.paths},
                                                   {"--burden", &options.burden},
                                                   {"--profile", &options.profile},
                                                   {"--inside", &options.inside}};
  for (int i = 1; i < count; i += 2) {
    const auto place = places.find(words[i]);
    if (place == places.end() || i + 1 == count) return std::nullopt;
    *place->second = words[i + 1];
  }
  for (const std::string& name : names_in(options.paths))
    if (!known_paths.contains(name)) return std::nullopt;
  return options;
}

/// What the counts depend on beside the sources.
std::string platform() {
  return std::string(NODEDB_COMPILED_WITH) + ", glibc " + gnu_get_libc_version();
}

std::string baseline_file() {
  return NODEDB_SOURCE_DIR "/bench/instructions/baseline.txt";
}
std::string dumps_in(const std::string& folder) {
  return folder + "/dump";
}
std::string counts_in(const std::string& folder) {
  return folder + "/counts";
}

/// As many instructions, about.
void idle(std::uint64_t instructions) {
  for (std::uint64_t left = instructions / 2; left > 0; --left) asm volatile("");
}

void add_burden(Meter& meter, const std::string& part) {
  for (const Counted& one : std::vector<Counted>(meter.parts())) {
    if (one.part != part) continue;
    const double more = static_cast<double>(one.instructions) * burden_percent / 100;
    meter.count(part, [more] { idle(static_cast<std::uint64_t>(more)); });
  }
}

/// Under callgrind: counts, and leaves the counts in a file.
int count_paths(const Options& options) {
  Counts counts{.platform = platform(), .parts = {}};
  Meter meter(dumps_in(options.inside), !options.profile.empty());
  for (const std::string& name : names_in(options.paths)) {
    WritePath path(known_paths.at(name));
    meter.begin();
    for (std::size_t i = 0; i < rounds_per_pulse; ++i) path.round(meter);
    add_burden(meter, options.burden);
    meter.end();
    for (const Counted& one : meter.take_parts())
      counts.parts.push_back({name, one.part, one.instructions / (rounds_per_pulse * writes_per_round)});
  }
  return write_counts(counts_in(options.inside), counts) ? 0 : exit_trouble;
}

bool rewrites(const Options& options) {
  return std::getenv("NODEDB_REWRITE") != nullptr && options.paths == all_paths && options.burden.empty();
}

int judge(const Counts& counted, const Counts& baseline) {
  std::cout << text(counted, baseline) << "instructions per write, on three nodes together\n";
  const std::vector<std::string> found = complaints(counted, baseline);
  for (const std::string& one : found) std::cout << one << "\n";
  if (found.empty()) return 0;
  std::cout << "If that is meant: NODEDB_REWRITE=1 build/release/instructions_bench (docs/testing.md)\n";
  return exit_out_of_tolerance;
}

/// Folder for one run, gone at its end.
struct Folder {
  Folder() { CHECK(::mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path = std::filesystem::temp_directory_path() / "instructions-XXXXXX";
};

int run(const Options& options, int count, char** words) {
  const bool compares = options.profile.empty();
  const auto baseline = read_counts(baseline_file());
  if (compares && !rewrites(options) && baseline && baseline->platform != platform()) {
    std::cout << "skipped: the baseline is of " << baseline->platform << ", this is " << platform() << "\n";
    return exit_skipped;
  }
  const Folder folder;
  std::vector<std::string> arguments(words + 1, words + count);
  arguments.insert(arguments.end(), {"--inside", folder.path});
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  if (!run_under_callgrind(self, arguments, dumps_in(folder.path))) {
    std::cerr << "instructions_bench: nothing was counted; is valgrind there? tools/deps installs it\n";
    return exit_trouble;
  }
  if (!compares) {
    std::filesystem::copy_file(dumps_in(folder.path), options.profile,
                               std::filesystem::copy_options::overwrite_existing);
    return 0;
  }
  const auto counted = read_counts(counts_in(folder.path));
  if (!counted || (!baseline && !rewrites(options))) {
    std::cerr << "instructions_bench: no " << (counted ? "baseline" : "counts") << " could be read\n";
    return exit_trouble;
  }
  if (rewrites(options)) return write_counts(baseline_file(), *counted) ? 0 : exit_trouble;
  return judge(*counted, *baseline);
}

}  // namespace

}  // namespace nodedb::bench

int main(int count, char** words) {
  const auto options = nodedb::bench::options_of(count, words);
  if (!options) {
    std::cerr
        << "usage: instructions_bench [--paths 1,1024,1024-forwarded] [--burden PART] [--profile FILE]\n";
    return nodedb::bench::exit_trouble;
  }
  return options->inside.empty() ? nodedb::bench::run(*options, count, words)
                                 : nodedb::bench::count_paths(*options);
}
