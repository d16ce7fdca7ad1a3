// SPDX-License-Identifier: Apache-2.0
#include "transport/chunk_pool.h"

#include <new>

#include "base/check.h"

namespace ringmq::transport {

ChunkPool::~ChunkPool() { Trim(); }

void* ChunkPool::Take(uint8_t size_class, size_t size_bytes) {
  RMQ_CHECK(size_class <= kClassCount);
  if (size_class == kClassCount) return ::operator new(size_bytes);
  RMQ_CHECK(size_bytes <= SizeOf(size_class));
  lent_bytes_ += SizeOf(size_class);
  std::vector<void*>& free = free_[size_class];
  if (free.empty()) return ::operator new(SizeOf(size_class));
  void* const chunk = free.back();
  free.pop_back();
  kept_bytes_ -= SizeOf(size_class);
  return chunk;
}

void ChunkPool::Give(void* chunk, uint8_t size_class) {
  RMQ_CHECK(size_class <= kClassCount);
  if (size_class == kClassCount) {
    ::operator delete(chunk);
    return;
  }
  RMQ_CHECK(lent_bytes_ >= SizeOf(size_class));
  lent_bytes_ -= SizeOf(size_class);
  if (kept_bytes_ + SizeOf(size_class) > kKeptBytesMax) {
    ::operator delete(chunk);
    return;
  }
  kept_bytes_ += SizeOf(size_class);
  free_[size_class].push_back(chunk);
}

void ChunkPool::Trim() {
  for (std::vector<void*>& free : free_) {
    for (void* const chunk : free) ::operator delete(chunk);
    free = {};
  }
  kept_bytes_ = 0;
}

}  // namespace ringmq::transport
