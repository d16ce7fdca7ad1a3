// A growable first-in first-out queue in one block of memory.
//
// Owns nothing while it has never held anything; grows by doubling and keeps its block, so that
// steady traffic allocates nothing. ShrinkIfEmpty() gives it back.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "base/check.h"

namespace ringmq::base {

template <typename T>
class RingQueue {
 public:
  RingQueue() = default;
  ~RingQueue() {
    clear();
    ShrinkIfEmpty();
  }
  RingQueue(RingQueue&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        head_(std::exchange(other.head_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  RingQueue& operator=(RingQueue&& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(capacity_, other.capacity_);
    std::swap(head_, other.head_);
    std::swap(size_, other.size_);
    return *this;
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }

  // Requires: index < size(); 0 is the front.
  [[nodiscard]] T& operator[](size_t index) {
    RMQ_CHECK(index < size_);
    return *Place(index);
  }
  [[nodiscard]] const T& operator[](size_t index) const {
    RMQ_CHECK(index < size_);
    return *const_cast<RingQueue*>(this)->Place(index);
  }
  [[nodiscard]] T& front() { return (*this)[0]; }
  [[nodiscard]] const T& front() const { return (*this)[0]; }
  [[nodiscard]] T& back() { return (*this)[size_ - 1]; }

  void push_back(T&& value) {
    if (size_ == capacity_) Grow();
    new (Place(size_)) T(std::move(value));
    ++size_;
  }
  void push_back(const T& value) { push_back(T(value)); }

  // Requires: !empty().
  void pop_front() {
    front().~T();
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
  }
  void pop_back() {
    back().~T();
    --size_;
  }
  void clear() {
    while (!empty()) pop_front();
  }
  void ShrinkIfEmpty() {
    if (!empty() || block_ == nullptr) return;
    ::operator delete (block_, std::align_val_t{alignof(T)});
    block_ = nullptr;
    capacity_ = head_ = 0;
  }

 private:
  [[nodiscard]] T* Place(size_t index) { return block_ + ((head_ + index) & (capacity_ - 1)); }

  void Grow() {
    const size_t capacity = capacity_ == 0 ? 8 : capacity_ * 2;
    T* const block =
        static_cast<T*>(::operator new (capacity * sizeof(T), std::align_val_t{alignof(T)}));
    for (size_t i = 0; i < size_; ++i) {
      T* const old = Place(i);
      new (block + i) T(std::move(*old));
      old->~T();
    }
    if (block_ != nullptr) ::operator delete (block_, std::align_val_t{alignof(T)});
    block_ = block;
    capacity_ = capacity;
    head_ = 0;
  }

  T* block_ = nullptr;
  size_t capacity_ = 0;  // A power of two, or zero.
  size_t head_ = 0;
  size_t size_ = 0;
};

}  // namespace ringmq::base
