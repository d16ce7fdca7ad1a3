// A bounded queue from one thread to one other.
//
// The classic ring: the producer owns the tail, the consumer the head, each keeps a copy of the
// other's index and looks at the real one only when the copy says full or empty, so that in steady
// traffic a cache line moves once per batch and not once per item.
//
// What always holds: items come out in the order they went in; a full lane refuses and leaves the
// item with the caller.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/check.h"

namespace ringmq::mesh {

inline constexpr size_t kCacheLineBytes = 64;

template <typename T>
class Lane {
 public:
  // Requires: capacity is a power of two.
  explicit Lane(size_t capacity) : mask_(capacity - 1), items_(new T[capacity]) {
    RMQ_CHECK(std::has_single_bit(capacity));
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Producer only. False: full, and `item` is untouched.
  [[nodiscard]] bool TryPush(T&& item) {
    const size_t tail = tail_.load(std::memory_order_relaxed);  // Ours alone to write.
    if (tail - head_seen_ > mask_) {
      head_seen_ = head_.load(std::memory_order_acquire);  // The slot was emptied before.
      if (tail - head_seen_ > mask_) return false;
    }
    RMQ_CHECK(tail - head_seen_ <= mask_);
    items_[tail & mask_] = std::move(item);
    tail_.store(tail + 1, std::memory_order_release);  // Publishes the item.
    return true;
  }

  // Consumer only. Calls fn(T&&) for at most `max` items that are there now; returns how many.
  template <typename Fn>
  size_t Drain(size_t max, Fn fn) {
    const size_t head = head_.load(std::memory_order_relaxed);  // Ours alone to write.
    const size_t tail = tail_.load(std::memory_order_acquire);
    RMQ_CHECK(tail - head <= mask_ + 1);
    const size_t count = tail - head < max ? tail - head : max;
    for (size_t i = 0; i < count; ++i) {
      T item = std::move(items_[(head + i) & mask_]);
      // Freed one by one, so that a producer that waits gets going early.
      head_.store(head + i + 1, std::memory_order_release);
      fn(std::move(item));
    }
    return count;
  }

  // Exact for the consumer; a moment old for everybody else.
  [[nodiscard]] bool empty() const {
    return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_acquire);
  }
  [[nodiscard]] size_t capacity() const { return mask_ + 1; }

 private:
  // Constant after construction.
  const size_t mask_;
  const std::unique_ptr<T[]> items_;
  // Producer's.
  alignas(kCacheLineBytes) std::atomic<size_t> tail_{0};
  size_t head_seen_ = 0;
  // Consumer's.
  alignas(kCacheLineBytes) std::atomic<size_t> head_{0};
};

}  // namespace ringmq::mesh
