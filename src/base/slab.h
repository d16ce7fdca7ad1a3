// Objects with stable addresses, named by handles that notice when the object is gone.
//
// A Handle is a slot number and the slot's generation at the time: whoever holds one must be
// ready to hear "gone", and never mistakes a new object in the same slot for the old one.
//
// Slots live in chunks of about 64 KiB that are never moved. Cost per slot: the object and eight
// bytes. One core; not thread-safe.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/check.h"

namespace ringmq::base {

template <typename T>
struct Handle {
  uint32_t index = 0;
  uint32_t generation = 0;  // Zero: names nothing, ever.

  bool operator==(const Handle&) const = default;

  // As one opaque number; zero only for the handle that names nothing.
  [[nodiscard]] uint64_t Pack() const { return uint64_t{index} << 32 | generation; }
  [[nodiscard]] static Handle Unpack(uint64_t packed) {
    return {static_cast<uint32_t>(packed >> 32), static_cast<uint32_t>(packed)};
  }

  template <typename H>
  friend H AbslHashValue(H state, const Handle& handle) {
    return H::combine(std::move(state), handle.index, handle.generation);
  }
};

template <typename T>
class Slab {
 public:
  Slab() = default;
  ~Slab() { Clear(); }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  template <typename... Args>
  [[nodiscard]] Handle<T> Emplace(Args&&... args) {
    if (free_head_ == kNone) AddChunk();
    const uint32_t index = free_head_;
    Slot& slot = SlotAt(index);
    free_head_ = slot.next_free;
    new (slot.storage) T(std::forward<Args>(args)...);
    slot.next_free = kUsed;
    ++size_;
    return {index, slot.generation};
  }

  // Null when the object is gone.
  [[nodiscard]] T* Find(Handle<T> handle) {
    if (handle.generation == 0 || handle.index >= capacity()) return nullptr;
    Slot& slot = SlotAt(handle.index);
    if (slot.generation != handle.generation || slot.next_free != kUsed) return nullptr;
    return slot.object();
  }
  [[nodiscard]] const T* Find(Handle<T> handle) const {
    return const_cast<Slab*>(this)->Find(handle);
  }

  // Requires: the object is not gone.
  [[nodiscard]] T& Get(Handle<T> handle) {
    T* const object = Find(handle);
    RMQ_CHECK(object != nullptr);
    return *object;
  }
  [[nodiscard]] const T& Get(Handle<T> handle) const {
    return const_cast<Slab*>(this)->Get(handle);
  }

  // Requires: the object is not gone.
  void Erase(Handle<T> handle) {
    T& object = Get(handle);
    object.~T();
    Slot& slot = SlotAt(handle.index);
    // Wraps after four billion reuses of one slot; zero stays reserved.
    slot.generation = slot.generation == UINT32_MAX ? 1 : slot.generation + 1;
    slot.next_free = free_head_;
    free_head_ = handle.index;
    --size_;
  }

  // Calls fn(Handle, T&) for each; fn may erase the object that it was given.
  template <typename Fn>
  void ForEach(Fn fn) {
    for (uint32_t index = 0; index < capacity(); ++index) {
      const Handle<T> handle = HandleAt(index);
      if (handle.generation != 0) fn(handle, *SlotAt(index).object());
    }
  }

  // For walking in bounded steps: the handle of a slot, or one that names nothing if it is free.
  [[nodiscard]] Handle<T> HandleAt(uint32_t index) const {
    const Slot& slot = SlotAt(index);
    return slot.next_free == kUsed ? Handle<T>{index, slot.generation} : Handle<T>{};
  }

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] uint32_t capacity() const {
    return static_cast<uint32_t>(chunks_.size()) * kSlotsPerChunk;
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kUsed = UINT32_MAX - 1;

  struct Slot {
    alignas(T) std::byte storage[sizeof(T)];
    uint32_t generation;
    uint32_t next_free;

    [[nodiscard]] T* object() { return std::launder(reinterpret_cast<T*>(storage)); }
  };
  static constexpr uint32_t kSlotsPerChunk =
      static_cast<uint32_t>(std::max<size_t>(1, (64 << 10) / sizeof(Slot)));

  [[nodiscard]] Slot& SlotAt(uint32_t index) {
    return chunks_[index / kSlotsPerChunk][index % kSlotsPerChunk];
  }
  [[nodiscard]] const Slot& SlotAt(uint32_t index) const {
    return chunks_[index / kSlotsPerChunk][index % kSlotsPerChunk];
  }

  void AddChunk() {
    const uint32_t first = capacity();
    chunks_.push_back(std::unique_ptr<Slot[]>(new Slot[kSlotsPerChunk]));
    // Low numbers are handed out first, so that a small slab stays dense.
    for (uint32_t i = kSlotsPerChunk; i-- > 0;) {
      Slot& slot = chunks_.back()[i];
      slot.generation = 1;
      slot.next_free = free_head_;
      free_head_ = first + i;
    }
  }

  void Clear() {
    for (uint32_t index = 0; index < capacity(); ++index) {
      Slot& slot = SlotAt(index);
      if (slot.next_free == kUsed) slot.object()->~T();
    }
  }

  std::vector<std::unique_ptr<Slot[]>> chunks_;
  uint32_t free_head_ = kNone;
  size_t size_ = 0;
};

}  // namespace ringmq::base
