// SPDX-License-Identifier: Apache-2.0
// The program's operator new: free lists by size. An allocation costs the same few instructions wherever it
// lies and whatever was freed before, about what a good malloc's fast path costs, so that counts depend on
// neither the C library's malloc nor the state of the heap. Nothing is ever given back to the system.
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "bench/instructions/meter.h"

namespace nodedb::bench {

namespace {

constexpr std::size_t header_bytes = 16;  // the size's class; keeps what follows aligned
constexpr std::size_t chunk_bytes = 1 << 20;

struct Free {
  Free* next;
};

std::uint64_t allocated = 0;
Free* free_lists[64];
char* chunk = nullptr;
std::size_t chunk_left = 0;

char* carve(std::size_t bytes) {
  if (bytes > chunk_left) {
    chunk_left = bytes > chunk_bytes ? bytes : chunk_bytes;
    chunk = static_cast<char*>(std::malloc(chunk_left));
    if (chunk == nullptr) std::abort();
  }
  char* carved = chunk;
  chunk += bytes;
  chunk_left -= bytes;
  return carved;
}

void* take(std::size_t bytes) {
  ++allocated;
  const auto size_class = static_cast<std::size_t>(std::bit_width((bytes + header_bytes - 1) | 31));
  Free*& list = free_lists[size_class];
  if (list != nullptr) {
    void* taken = list;
    list = list->next;
    return taken;
  }
  char* block = carve(std::size_t{1} << size_class);
  *reinterpret_cast<std::size_t*>(block) = size_class;
  return block + header_bytes;
}

void give_back(void* gone) {
  if (gone == nullptr) return;
  const std::size_t size_class = *reinterpret_cast<std::size_t*>(static_cast<char*>(gone) - header_bytes);
  auto* block = static_cast<Free*>(gone);
  block->next = free_lists[size_class];
  free_lists[size_class] = block;
}

}  // namespace

std::uint64_t allocations() {
  return allocated;
}

}  // namespace nodedb::bench

void* operator new(std::size_t bytes) {
  return nodedb::bench::take(bytes);
}
void operator delete(void* gone) noexcept {
  nodedb::bench::give_back(gone);
}
void operator delete(void* gone, std::size_t) noexcept {
  nodedb::bench::give_back(gone);
}
