// Wakes a thread that sleeps in the kernel, and costs no system call when it does not sleep.
//
//   owner: BeginSleep(); if it says true, sleep in the kernel with descriptor() watched;
//          EndSleep(); look at every queue that others push to.
//   waker: push to the queue; Notify().
//
// Why no wake-up is lost. All steps are read-modify-writes of one atomic, so they have one order.
// Either Notify() comes before the owner's EndSleep(), whose exchange then reads what Notify()
// released, so the owner sees the push when it looks at its queues; or it comes after, and then
// it finds either kAwake, leaves kNotified, and the next BeginSleep() refuses to sleep; or it
// finds kSleeping, and writes to the descriptor that the sleeper watches.
//
// A write to the descriptor may come late, after the owner has got up for another reason: then
// the next sleep ends at once, for nothing. That is the only cost.
//
// Notify() may be called from any thread and from a signal handler; the rest by the owner only.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace ringmq::reactor {

class WakeGate {
 public:
  // Takes over `event_fd`, a non-blocking eventfd.
  explicit WakeGate(int event_fd) : event_fd_(event_fd) {}
  ~WakeGate();
  WakeGate(const WakeGate&) = delete;
  WakeGate& operator=(const WakeGate&) = delete;

  [[nodiscard]] int descriptor() const { return event_fd_; }

  // False: somebody has called Notify() since the last EndSleep(), so do not sleep.
  [[nodiscard]] bool BeginSleep() {
    uint8_t expected = kAwake;
    if (state_.compare_exchange_strong(expected, kSleeping, std::memory_order_acq_rel)) return true;
    return expected == kSleeping;
  }

  // True: somebody has called Notify() since the last EndSleep().
  bool EndSleep() {
    const uint8_t next = always_signals_ ? kSleeping : kAwake;
    return state_.exchange(next, std::memory_order_acq_rel) == kNotified;
  }

  void Notify() {
    if (state_.exchange(kNotified, std::memory_order_acq_rel) == kSleeping) Signal();
  }

  // From the next EndSleep() on, the owner counts as asleep whenever it is not in the kernel: it
  // may be waiting in a poll loop that is not ours.
  void AlwaysSignal() { always_signals_ = true; }

  // Makes descriptor() readable.
  void Signal() const;
  // Makes descriptor() unreadable.
  void Drain() const;

 private:
  static constexpr uint8_t kAwake = 0;
  static constexpr uint8_t kSleeping = 1;
  static constexpr uint8_t kNotified = 2;

  const int event_fd_;
  bool always_signals_ = false;          // The owner's.
  std::atomic<uint8_t> state_ = kAwake;  // Shared; the order of its changes is the protocol.
};

}  // namespace ringmq::reactor
