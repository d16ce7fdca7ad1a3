// SPDX-License-Identifier: Apache-2.0
#include "support/counting_allocator.h"

#include <execinfo.h>
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr int kMaxFrames = 32;

std::atomic<uint64_t> allocations{0};
std::atomic<int64_t> live_bytes{0};
std::atomic<int> traces_left{0};

// Who asks, to standard error. Takes nothing from the allocator itself once it ran.
void Trace() {
  std::array<void*, kMaxFrames> frames;
  backtrace_symbols_fd(frames.data(), backtrace(frames.data(), kMaxFrames), STDERR_FILENO);
}

int64_t SizeOf(void* memory) { return static_cast<int64_t>(malloc_usable_size(memory)); }

void* Take(size_t size_bytes, size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (traces_left.load(std::memory_order_relaxed) > 0 &&
      traces_left.fetch_sub(1, std::memory_order_relaxed) > 0) {
    Trace();
  }
  void* const memory =
      alignment <= alignof(std::max_align_t)
          ? std::malloc(size_bytes)
          : std::aligned_alloc(alignment, (size_bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) std::abort();
  live_bytes.fetch_add(SizeOf(memory), std::memory_order_relaxed);
  return memory;
}

void Give(void* memory) {
  live_bytes.fetch_sub(SizeOf(memory), std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

void* operator new(size_t size_bytes) { return Take(size_bytes, 1); }
void* operator new[](size_t size_bytes) { return Take(size_bytes, 1); }
void* operator new(size_t size_bytes, std::align_val_t alignment) {
  return Take(size_bytes, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept { Give(memory); }
void operator delete[](void* memory) noexcept { Give(memory); }
void operator delete(void* memory, size_t) noexcept { Give(memory); }
void operator delete[](void* memory, size_t) noexcept { Give(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { Give(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { Give(memory); }

namespace ringmq::support {

int64_t LiveBytes() { return live_bytes.load(std::memory_order_relaxed); }

void TraceAllocations(int count) { traces_left.store(count, std::memory_order_relaxed); }

uint64_t AllocationCount() { return allocations.load(std::memory_order_relaxed); }

}  // namespace ringmq::support
