// SPDX-License-Identifier: Apache-2.0
// fuzz_corpus: every fuzzer over every file that we keep for it, once each, without libFuzzer. A file that
// once crashed a decoder goes into tests/fuzz/corpus/<name>/ and stays. To keep what sanitizers see exact,
// each input is a heap block of its own size. Fails if a fuzzer has no corpus.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

namespace {

struct Fuzzer {
  const char* name;
  int (*run)(const std::uint8_t* data, std::size_t size);
};

}  // namespace

#include "fuzzers.inc"

namespace {

std::vector<std::uint8_t> read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
  bytes.shrink_to_fit();
  return bytes;
}

std::size_t run_all(const Fuzzer& fuzzer, const std::filesystem::path& folder) {
  std::size_t count = 0;
  std::error_code missing;
  for (const auto& file : std::filesystem::directory_iterator(folder, missing)) {
    const auto bytes = read(file.path());
    // Said before the run: a crash leaves its cause as the last line.
    std::cerr << fuzzer.name << ": " << file.path().filename().string() << std::endl;
    for (std::size_t size : {bytes.size(), bytes.size() / 2, bytes.size() == 0 ? 0 : bytes.size() - 1}) {
      const std::vector<std::uint8_t> exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      fuzzer.run(exact.data(), exact.size());
    }
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_corpus FOLDER\n";
    return 2;
  }
  int status = 0;
  for (const Fuzzer& fuzzer : fuzzers) {
    const std::size_t count = run_all(fuzzer, std::filesystem::path(argv[1]) / fuzzer.name);
    std::cout << fuzzer.name << ": " << count << " inputs\n";
    if (count == 0) status = 1;
  }
  return status;
}
