// What the threads of one run tell each other: the phase, when it began, and how far each is.
//
// The threads may belong to several processes: all but the series and the board lies in memory that
// stays common when the process that made it forks. Their clock is that of the host.
//
// Phases are barriers: who leads goes on when every thread of every process has finished a step,
// and says when the next one begins, so that nobody is ahead by the time in which the others hear
// of it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "load/board.h"
#include "load/plan.h"
#include "load/series.h"

namespace ringmq::load {

enum class Phase : uint8_t {
  kConnect,  // Everybody connects and subscribes.
  kWarmup,   // Load, not measured.
  kMeasure,  // Load: what becomes due now counts.
  kDrain,    // No new load; what is on its way arrives.
  // The steps of other scripts than kTraffic.
  kAway,    // All but the publishers leave.
  kFill,    // Publishers send what is to be kept.
  kReturn,  // Those who are not there connect, and get it.
  kClear,   // It is removed.
  kCut,     // Clients with wills are cut, and the wills come.
  kLeave,   // DISCONNECT, close, end.
};

// When the bytes of a publisher's recent messages were taken by the kernel: written by its thread,
// read by those of the subscribers. A ring by sequence: each slot says which message it is of, so
// that a reader who is too late gets no time instead of another message's.
//
//   slot    time modulo 2^48 ns (78 hours):48   rounds of the ring, counted from one:16
class SentTimes {
 public:
  // Requires: a power of two, zero at first; they outlive it.
  explicit SentTimes(std::span<std::atomic<uint64_t>> slots)
      : round_shift_(std::countr_zero(slots.size())), mask_(slots.size() - 1), times_(slots) {}

  void Set(uint64_t sequence, int64_t ns) {
    // Relaxed: the message itself, through the kernel, orders the two.
    times_[sequence & mask_].store(static_cast<uint64_t>(ns) << kRoundBits | RoundOf(sequence),
                                   std::memory_order_relaxed);
  }
  // Requires: not 39 hours or more from `due_ns`, which is when the message was due. Nothing: not
  // known (any more).
  [[nodiscard]] std::optional<int64_t> Get(uint64_t sequence, int64_t due_ns) const {
    const uint64_t slot = times_[sequence & mask_].load(std::memory_order_relaxed);
    if ((slot ^ RoundOf(sequence)) << (64 - kRoundBits) != 0) return std::nullopt;
    const uint64_t late = slot - (static_cast<uint64_t>(due_ns) << kRoundBits);
    return due_ns + (static_cast<int64_t>(late) >> kRoundBits);
  }

 private:
  static constexpr int kRoundBits = 16;

  [[nodiscard]] uint64_t RoundOf(uint64_t sequence) const {
    return ((sequence >> round_shift_) + 1) & ((uint64_t{1} << kRoundBits) - 1);
  }

  const int round_shift_;
  const uint64_t mask_;
  std::span<std::atomic<uint64_t>> times_;
};

// The messages that a publisher has sent again: all of them lie between. Written by its thread.
struct Resent {
  std::atomic<uint64_t> begin{UINT64_MAX};
  std::atomic<uint64_t> end{0};

  void Add(uint64_t from, uint64_t to) {
    if (from < begin.load(std::memory_order_relaxed)) begin.store(from, std::memory_order_relaxed);
    if (to > end.load(std::memory_order_relaxed)) end.store(to, std::memory_order_relaxed);
  }
  [[nodiscard]] bool Covers(uint64_t sequence) const {
    return sequence >= begin.load(std::memory_order_relaxed) &&
           sequence < end.load(std::memory_order_relaxed);
  }
};

// One thread's progress, read by others while it runs. Relaxed throughout: numbers to look at.
struct alignas(64) Progress {
  std::atomic<uint64_t> connected{0};  // And subscribed, where the role says so.
  std::atomic<uint64_t> failed{0};
  std::atomic<uint64_t> offered{0};
  std::atomic<uint64_t> sent{0};
  std::atomic<uint64_t> acked{0};
  std::atomic<uint64_t> received{0};
  std::atomic<uint64_t> dropped{0};    // Connections that were ready and ended by a fault.
  std::atomic<uint64_t> timed_out{0};  // Of `failed`: did not connect in time.
  std::atomic<uint64_t> refusals{0};   // Reason codes that say no.
  std::atomic<uint64_t> reconnects{0};
  // What is not waited for, because a session has ended: acknowledgements of messages of ours,
  // deliveries to ours.
  std::atomic<uint64_t> given_up{0};
  std::atomic<uint64_t> unpromised{0};
  std::atomic<bool> exhausted{false};  // Nothing is due any more.
  // The last phase whose work, other than messages, this thread has done.
  std::atomic<Phase> finished{Phase::kConnect};
  std::atomic<bool> has_left{false};  // It publishes nothing any more, whatever comes.
};

// Of a counter that only the calling thread writes: cheaper than an atomic addition.
inline void Bump(std::atomic<uint64_t>& counter, uint64_t by = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

// What all threads of a run share, as it lies in the common memory.
struct Clockwork {
  // Release and acquire: whoever sees the phase sees when it began.
  std::atomic<Phase> phase{Phase::kConnect};
  // When the phase begins, if it is a step or that of connecting. Zero: not before everybody is
  // there.
  std::atomic<int64_t> step_start_ns{0};
  std::atomic<uint32_t> present{0};                // Threads that are.
  std::atomic<int64_t> load_start_ns{0};           // The schedule's zero.
  std::atomic<int64_t> measure_start_ns{0};        // Messages due from here on count,
  std::atomic<int64_t> measure_end_ns{INT64_MAX};  // and until here.
  std::atomic<bool> interrupted{false};
  std::atomic<uint64_t> kept_each{0};  // Messages that are kept for each.
  // Closed loop at QoS 0: messages on their way, of all threads.
  std::atomic<int64_t> on_their_way{0};
  std::atomic<uint32_t> returns{0};     // Connections that were made again.
  std::atomic<uint32_t> nudges{0};      // How often nothing moved for long.
  std::atomic<uint32_t> write_offs{0};  // Windows that were given up, in the measured phase.
  // A session has ended whose messages others may get or nobody: of a group, or of who answers.
  std::atomic<bool> is_unpromised{false};
  // Processes that have counted what arrived, where only the sum of all tells what is missing.
  std::atomic<uint32_t> counted{0};
  std::atomic<uint64_t> received{0};
};

// Zero-filled; pages cost nothing until they are touched.
class CommonMemory {
 public:
  explicit CommonMemory(size_t size_bytes);
  ~CommonMemory();
  CommonMemory(const CommonMemory&) = delete;
  CommonMemory& operator=(const CommonMemory&) = delete;

  // `count` of them, in a row. Requires: they still fit.
  template <typename T>
  [[nodiscard]] std::span<T> Take(size_t count) {
    T* const first = static_cast<T*>(TakeBytes(sizeof(T) * count, alignof(T)));
    std::uninitialized_value_construct_n(first, count);
    return {first, count};
  }
  // The same of numbers, which are zero without being touched.
  template <typename Number = uint64_t>
  [[nodiscard]] std::span<std::atomic<Number>> TakeZeros(size_t count) {
    using Zero = std::atomic<Number>;
    return {static_cast<Zero*>(TakeBytes(sizeof(Zero) * count, alignof(Zero))), count};
  }

 private:
  [[nodiscard]] void* TakeBytes(size_t size_bytes, size_t alignment);

  const size_t size_bytes_;
  size_t used_bytes_ = 0;
  std::byte* memory_ = nullptr;
};

struct Shared {
  explicit Shared(const Plan& plan);

 private:
  CommonMemory memory_;

 public:
  Clockwork& clockwork;
  std::span<Progress> progress;                // By thread.
  std::span<std::atomic<uint64_t>> published;  // By publisher, from the first message on.
  std::span<std::atomic<uint64_t>> given_up;   // By publisher: what it will not know the fate of.
  // By group: what its members saw, of the processes that have counted.
  std::span<std::atomic<uint64_t>> group_seen;
  std::span<Resent> resent;           // By publisher, if sessions are kept.
  std::vector<SentTimes> sent_times;  // By publisher.
  // When a client with a will was cut, by its number as a publisher; zero: it was not.
  std::span<std::atomic<int64_t>> cuts_ns;
  Series series;  // Of the threads of this process, as
  Board board;    // this.
};

}  // namespace ringmq::load
