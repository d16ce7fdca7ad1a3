// Timers without allocation: a hierarchical wheel of nodes that live in the objects they are for.
//
// Arm and Disarm are O(1). A timer never fires early, and at most one tick late. What fires is
// called back with its node and may arm or disarm any timer, itself included.
//
//   level 0: 64 slots of one tick; level 1: 64 slots of 64 ticks; ... six levels, 2^36 ticks;
//   what is due later waits in the last slot and is sorted in again when its turn comes.
//
// A node belongs to the object that embeds it and must be disarmed before it dies. One core.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/time.h"

namespace ringmq::base {

class TimerNode {
 public:
  TimerNode() = default;
  ~TimerNode() { RMQ_CHECK(!armed()); }
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;

  [[nodiscard]] bool armed() const { return next_ != nullptr; }

  // Whose timer this is, in words of the owner's own.
  uint64_t cookie = 0;

 private:
  friend class TimerWheel;
  TimerNode* next_ = nullptr;
  TimerNode* previous_ = nullptr;
  uint64_t due_tick_ = 0;
};

class TimerWheel {
 public:
  explicit TimerWheel(Instant start, Duration tick = 10 * kMillisecond);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Arms or re-arms. What is due in the past fires with the next Expire().
  void Arm(TimerNode& node, Instant due);
  void Disarm(TimerNode& node);

  // When to call Expire() next: never later than the earliest timer's tick. Max: no timer. Looks
  // at one bit a slot, so asking every turn is cheap.
  [[nodiscard]] Instant NextDeadline() const;

  // Calls fn(TimerNode&) for each timer that is due; it is disarmed by then.
  template <typename Fn>
  void Expire(Instant now, Fn fn) {
    const uint64_t target = FloorTick(now);
    while (current_tick_ <= target && size_ > 0) {
      Advance(target);
      TimerNode& list = slots_[0][current_tick_ % kSlots];
      // A callback may arm a timer for right now: it goes into the next tick's slot.
      TimerNode due;
      Splice(list, due);
      firing_ = true;
      while (due.next_ != &due) {
        TimerNode& node = *due.next_;
        Unlink(node);
        --size_;
        fn(node);
      }
      firing_ = false;
      due.next_ = due.previous_ = nullptr;
      if (current_tick_ == target) break;
      ++current_tick_;
      Cascade();
    }
    if (size_ == 0 && current_tick_ < target) current_tick_ = target;
  }

  [[nodiscard]] size_t size() const { return size_; }

 private:
  static constexpr uint32_t kSlotBits = 6;
  static constexpr uint32_t kSlots = 1u << kSlotBits;
  static constexpr uint32_t kLevels = 6;

  [[nodiscard]] uint64_t FloorTick(Instant now) const;
  [[nodiscard]] uint64_t CeilTick(Instant due) const;
  void Insert(TimerNode& node);
  void Advance(uint64_t target);
  void Cascade();
  [[nodiscard]] uint64_t NextBusyTick() const;
  [[nodiscard]] uint32_t NextBusySlot(uint32_t level, uint32_t first) const;
  static void Unlink(TimerNode& node);
  static void Splice(TimerNode& from, TimerNode& to);

  const Instant start_;
  const Duration tick_;
  uint64_t current_tick_ = 0;  // Everything before it has fired.
  size_t size_ = 0;
  bool firing_ = false;
  std::array<std::array<TimerNode, kSlots>, kLevels> slots_;  // Heads of circular lists.
  // A bit for each slot that may hold something; it outlives the last Disarm() until somebody
  // looks, because a node does not know its slot.
  mutable std::array<uint64_t, kLevels> maybe_busy_{};
};

}  // namespace ringmq::base
