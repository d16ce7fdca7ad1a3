// SPDX-License-Identifier: Apache-2.0
#include "base/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace ringmq::base {

TimerWheel::TimerWheel(Instant start, Duration tick) : start_(start), tick_(tick) {
  RMQ_CHECK(tick.ns > 0);
  for (auto& level : slots_) {
    for (TimerNode& head : level) head.next_ = head.previous_ = &head;
  }
}

TimerWheel::~TimerWheel() {
  for (auto& level : slots_) {
    for (TimerNode& head : level) {
      while (head.next_ != &head) Unlink(*head.next_);
      head.next_ = head.previous_ = nullptr;
    }
  }
}

uint64_t TimerWheel::FloorTick(Instant now) const {
  return now <= start_ ? 0 : static_cast<uint64_t>((now - start_).ns / tick_.ns);
}

uint64_t TimerWheel::CeilTick(Instant due) const {
  if (due <= start_) return 0;
  const int64_t ns = (due - start_).ns;
  return static_cast<uint64_t>(ns / tick_.ns + (ns % tick_.ns != 0 ? 1 : 0));
}

void TimerWheel::Arm(TimerNode& node, Instant due) {
  Disarm(node);
  // While this tick's timers fire, its slot has been emptied: what is due now waits for the next.
  node.due_tick_ = std::max(CeilTick(due), current_tick_ + (firing_ ? 1 : 0));
  Insert(node);
  ++size_;
}

void TimerWheel::Disarm(TimerNode& node) {
  if (!node.armed()) return;
  Unlink(node);
  RMQ_CHECK(size_ > 0);
  --size_;
}

void TimerWheel::Insert(TimerNode& node) {
  // The level is that of the highest bit in which due and current tick differ: then the slot is
  // reached by Cascade() exactly when all higher bits have become equal.
  const uint64_t difference = node.due_tick_ ^ current_tick_;
  uint32_t level = 0;
  while (level + 1 < kLevels && difference >> (kSlotBits * (level + 1)) != 0) ++level;
  uint64_t slot = node.due_tick_ >> (kSlotBits * level) & (kSlots - 1);
  if (level + 1 == kLevels && difference >> (kSlotBits * kLevels) != 0) {
    // Beyond the wheel: as far away as it goes, to be sorted in again.
    slot = ((current_tick_ >> (kSlotBits * level)) + kSlots - 1) & (kSlots - 1);
  }
  maybe_busy_[level] |= uint64_t{1} << slot;
  TimerNode& head = slots_[level][slot];
  node.previous_ = head.previous_;
  node.next_ = &head;
  head.previous_->next_ = &node;
  head.previous_ = &node;
}

void TimerWheel::Unlink(TimerNode& node) {
  node.previous_->next_ = node.next_;
  node.next_->previous_ = node.previous_;
  node.next_ = node.previous_ = nullptr;
}

void TimerWheel::Splice(TimerNode& from, TimerNode& to) {
  if (from.next_ == &from) {
    to.next_ = to.previous_ = &to;
    return;
  }
  to.next_ = from.next_;
  to.previous_ = from.previous_;
  to.next_->previous_ = &to;
  to.previous_->next_ = &to;
  from.next_ = from.previous_ = &from;
}

// The next tick at which something fires or has to be sorted down. Requires: size_ > 0.
uint64_t TimerWheel::NextBusyTick() const {
  uint64_t best = UINT64_MAX;
  for (uint32_t level = 0; level < kLevels; ++level) {
    const uint32_t shift = kSlotBits * level;
    // Above level 0, the current slot has been sorted down: if it holds something, that is a
    // whole round away.
    const uint64_t base = (current_tick_ >> shift) + (level == 0 ? 0 : 1);
    const uint32_t distance = NextBusySlot(level, static_cast<uint32_t>(base & (kSlots - 1)));
    if (distance < kSlots) best = std::min(best, (base + distance) << shift);
  }
  RMQ_CHECK(best != UINT64_MAX);
  return best;
}

// How many slots after `first` the next one is that holds something; kSlots if none does.
uint32_t TimerWheel::NextBusySlot(uint32_t level, uint32_t first) const {
  uint64_t& busy = maybe_busy_[level];
  while (busy != 0) {
    const auto distance =
        static_cast<uint32_t>(std::countr_zero(std::rotr(busy, static_cast<int>(first))));
    const uint32_t slot = (first + distance) & (kSlots - 1);
    const TimerNode& head = slots_[level][slot];
    if (head.next_ != &head) return distance;
    busy &= ~(uint64_t{1} << slot);
  }
  return kSlots;
}

Instant TimerWheel::NextDeadline() const {
  if (size_ == 0) return Instant::Max();
  return start_ + tick_ * static_cast<int64_t>(NextBusyTick());
}

// Skips ticks at which nothing happens.
void TimerWheel::Advance(uint64_t target) {
  const uint64_t next = std::min(NextBusyTick(), target);
  if (next <= current_tick_) return;
  current_tick_ = next;
  Cascade();
}

// At the first tick of a higher slot, its timers are sorted into the levels below.
void TimerWheel::Cascade() {
  for (uint32_t level = kLevels - 1; level > 0; --level) {
    const uint32_t shift = kSlotBits * level;
    if ((current_tick_ & ((uint64_t{1} << shift) - 1)) != 0) continue;
    TimerNode waiting;
    Splice(slots_[level][current_tick_ >> shift & (kSlots - 1)], waiting);
    while (waiting.next_ != &waiting) {
      TimerNode& node = *waiting.next_;
      Unlink(node);
      Insert(node);
    }
    waiting.next_ = waiting.previous_ = nullptr;
  }
}

}  // namespace ringmq::base
