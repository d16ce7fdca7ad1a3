// Memory for bytes that wait to be sent, in a few sizes, kept for reuse.
//
// A connection that has nothing to say owns none. After warm-up a shard's output allocates
// nothing: chunks go round between its connections. What is kept is bounded by
// kKeptBytesMax, and Trim() gives all of it back after a storm.
//
// One pool per core; not thread-safe.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringmq::transport {

class ChunkPool {
 public:
  // 512 B, 2 KiB, 8 KiB, 32 KiB, 128 KiB.
  static constexpr uint8_t kClassCount = 5;
  static constexpr size_t kKeptBytesMax = 16 << 20;

  ChunkPool() = default;
  ~ChunkPool();
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  static constexpr size_t SizeOf(uint8_t size_class) { return size_t{512} << (2 * size_class); }
  // The smallest class that holds `size_bytes`; kClassCount when none does.
  static constexpr uint8_t ClassFor(size_t size_bytes) {
    uint8_t size_class = 0;
    while (size_class < kClassCount && SizeOf(size_class) < size_bytes) ++size_class;
    return size_class;
  }

  // Memory of exactly SizeOf(size_class) bytes, or of `size_bytes` when the class is kClassCount.
  [[nodiscard]] void* Take(uint8_t size_class, size_t size_bytes);
  void Give(void* chunk, uint8_t size_class);
  // Returns everything that is kept to the allocator.
  void Trim();

  [[nodiscard]] size_t lent_bytes() const { return lent_bytes_; }
  [[nodiscard]] size_t kept_bytes() const { return kept_bytes_; }

 private:
  std::array<std::vector<void*>, kClassCount> free_;
  size_t lent_bytes_ = 0;  // Classes only: an oversized chunk is the allocator's business.
  size_t kept_bytes_ = 0;
};

}  // namespace ringmq::transport
