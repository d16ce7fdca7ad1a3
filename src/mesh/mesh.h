// Lanes between all pairs of cores, and the doorbell that wakes a core that sleeps.
//
// A core that works drains its lanes every turn, so telling it costs a store. Only one that sleeps
// in the kernel has to be woken, which costs some 25 us: Flush() does it once per turn and target.
//
// Why no wake-up is lost: a sender publishes its item, then looks at `asleep`; a sleeper sets
// `asleep`, then looks at its lanes; both put a sequentially consistent fence in between. Whichever
// fence comes second sees what the other side wrote before its own: either the sender sees
// `asleep` and rings, or the sleeper sees the item and does not sleep.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/core_set.h"
#include "mesh/lane.h"
#include "reactor/ring.h"

namespace ringmq::mesh {

using CoreId = uint16_t;

template <typename Parcel>
class Mesh {
 public:
  // Requires: 1 <= core_count <= kCoresMax; lane_capacity is a power of two.
  Mesh(size_t core_count, size_t lane_capacity) : count_(core_count), doors_(new Door[core_count]) {
    RMQ_CHECK(core_count >= 1 && core_count <= base::kCoresMax);
    for (size_t i = 0; i < count_ * count_; ++i) {
      // A core has no lane to itself.
      lanes_.push_back(i / count_ == i % count_ ? nullptr
                                                : std::make_unique<Lane<Parcel>>(lane_capacity));
    }
  }

  // Before the cores run. `ring` outlives the mesh's last Flush().
  void SetWaker(CoreId core, reactor::Ring* ring) { doors_[core].ring = ring; }

  // Called by core `from` only. False: the lane is full and the parcel is untouched.
  [[nodiscard]] bool TrySend(CoreId from, CoreId to, Parcel&& parcel) {
    if (!LaneOf(from, to).TryPush(std::move(parcel))) return false;
    doors_[from].told.Set(to);
    return true;
  }

  // Called by core `from` only: wakes those it sent something to that sleep.
  void Flush(CoreId from) {
    base::CoreSet& told = doors_[from].told;
    if (!told.Any()) return;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    told.ForEach([this](size_t to) {
      Door& door = doors_[to];
      // Whoever turns it off rings: one of several senders.
      if (door.asleep.load(std::memory_order_relaxed) &&
          door.asleep.exchange(false, std::memory_order_relaxed)) {
        RMQ_CHECK(door.ring != nullptr);
        door.ring->Wake();
      }
    });
    told = {};
  }

  // Called by core `to` only: fn(CoreId from, Parcel&&) for at most `max_per_lane` parcels of each
  // lane. Returns how many.
  template <typename Fn>
  size_t Drain(CoreId to, size_t max_per_lane, Fn fn) {
    size_t drained = 0;
    for (size_t from = 0; from < count_; ++from) {
      if (from == to) continue;
      drained +=
          LaneOf(static_cast<CoreId>(from), to).Drain(max_per_lane, [&fn, from](Parcel&& parcel) {
            fn(static_cast<CoreId>(from), std::move(parcel));
          });
    }
    return drained;
  }

  // Called by core `core` only. False: something has arrived, do not sleep.
  [[nodiscard]] bool PrepareSleep(CoreId core) {
    if (count_ == 1) return true;
    doors_[core].asleep.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (Empty(core)) return true;
    Awake(core);
    return false;
  }
  void Awake(CoreId core) {
    if (count_ > 1) doors_[core].asleep.store(false, std::memory_order_relaxed);
  }

  [[nodiscard]] bool Empty(CoreId to) const {
    for (size_t from = 0; from < count_; ++from) {
      if (from != to && !lanes_[from * count_ + to]->empty()) return false;
    }
    return true;
  }
  [[nodiscard]] size_t core_count() const { return count_; }

 private:
  struct alignas(kCacheLineBytes) Door {
    std::atomic<bool> asleep{false};
    reactor::Ring* ring = nullptr;                // Constant once the cores run.
    alignas(kCacheLineBytes) base::CoreSet told;  // The core's own: whom it sent something.
  };

  Lane<Parcel>& LaneOf(CoreId from, CoreId to) {
    RMQ_CHECK(from != to && from < count_ && to < count_);
    return *lanes_[from * count_ + to];
  }

  const size_t count_;
  std::vector<std::unique_ptr<Lane<Parcel>>> lanes_;  // [from * count + to]; built once.
  const std::unique_ptr<Door[]> doors_;
};

}  // namespace ringmq::mesh
