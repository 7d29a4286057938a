// SPDX-License-Identifier: Apache-2.0
#include "bench/instructions/callgrind.h"

#include <spawn.h>
#include <sys/wait.h>

namespace nodedb::bench {

namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

bool run_under_callgrind(const std::string& program, const std::vector<std::string>& arguments,
                         const std::string& dumps) {
  std::vector<std::string> words{"valgrind",
                                 "--quiet",
                                 "--tool=callgrind",
                                 "--instr-atstart=no",
                                 "--collect-atstart=no",
                                 "--callgrind-out-file=" + dumps,
                                 program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment{"PATH=/usr/bin:/bin", "LD_BIND_NOW=1",
                                       "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX_Fast_Unaligned_Load,-AVX2,-"
                                       "AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM,-SSSE3"};
  pid_t child = 0;
  if (::posix_spawnp(&child, "valgrind", nullptr, nullptr, pointers(words).data(),
                     pointers(environment).data()) != 0)
    return false;
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace nodedb::bench
