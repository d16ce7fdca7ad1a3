// What the threads of one run tell each other: the phase, when it began, and how far each is.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
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
  kLeave,    // DISCONNECT, close, end.
};

// When the bytes of a publisher's recent messages were taken by the kernel: written by its thread,
// read by those of the subscribers. A ring by sequence; a reader that is too late finds another
// message's time, so it is asked only within kRecent messages.
class SentTimes {
 public:
  static constexpr uint64_t kRecent = 1024;

  void Set(uint64_t sequence, int64_t ns) {
    // Relaxed: the message itself, through the kernel, orders the two.
    times_[sequence % kRecent].store(ns, std::memory_order_relaxed);
  }
  [[nodiscard]] int64_t Get(uint64_t sequence) const {
    return times_[sequence % kRecent].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<int64_t>, kRecent> times_{};
};

// One thread's progress, read by others while it runs. Relaxed throughout: numbers to look at.
struct Progress {
  std::atomic<uint64_t> connected{0};  // And subscribed, where the role says so.
  std::atomic<uint64_t> failed{0};
  std::atomic<uint64_t> offered{0};
  std::atomic<uint64_t> sent{0};
  std::atomic<uint64_t> acked{0};
  std::atomic<uint64_t> received{0};
  std::atomic<uint64_t> dropped{0};    // Connections that were ready and ended by a fault.
  std::atomic<uint64_t> refusals{0};   // Reason codes that say no.
  std::atomic<bool> exhausted{false};  // Nothing is due any more.
};

struct Shared {
  explicit Shared(const Plan& plan)
      : sent_times(plan.publishers), progress(plan.threads), board(plan.threads) {
    for (auto& times : sent_times) times = std::make_unique<SentTimes>();
    for (auto& one : progress) one = std::make_unique<Progress>();
  }

  // Release and acquire: whoever sees the phase sees when it began.
  std::atomic<Phase> phase{Phase::kConnect};
  std::atomic<int64_t> load_start_ns{0};           // The schedule's zero.
  std::atomic<int64_t> measure_start_ns{0};        // Messages due from here on count,
  std::atomic<int64_t> measure_end_ns{INT64_MAX};  // and until here.
  // Closed loop at QoS 0: messages on their way, of all threads.
  std::atomic<int64_t> on_their_way{0};

  std::vector<std::unique_ptr<SentTimes>> sent_times;  // By publisher.
  std::vector<std::unique_ptr<Progress>> progress;     // By thread.
  Series series;
  Board board;
};

}  // namespace ringmq::load
