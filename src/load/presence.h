// Whether a thread of the load tool could run when it had something to do.
//
// Two ways to be kept from it, which no histogram of a closed loop shows:
//
//   waiting for a core    runnable, but others run: the kernel counts it (schedstat)
//   gone altogether       stopped, or the whole machine was: a turn of the loop took much longer
//                         than it was to sleep
//
// What a thread waits for a core while it is stopped is not counted twice: the greater counts.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace ringmq::load {

// A turn that took so much longer than it was to sleep was no work: the longest turns handle a
// thousand completions, in a millisecond or two.
inline constexpr int64_t kGapNsMin = 20'000'000;

// Of the time that a thread was watched: how long it was not there.
struct OffCore {
  int64_t watched_ns = 0;
  int64_t off_ns = 0;
  int64_t longest_ns = 0;  // Of the gaps; zero: none was that long.
  uint32_t thread = 0;

  [[nodiscard]] double share() const {
    return watched_ns <= 0 ? 0 : static_cast<double>(off_ns) / static_cast<double>(watched_ns);
  }
  // The worse of two threads.
  void Merge(const OffCore& other) {
    if (other.share() > share() || watched_ns == 0) *this = other;
  }
};

// Watches one thread, from its own turns. Begins anew after each End().
class Presence {
 public:
  [[nodiscard]] bool is_watching() const { return begin_ns_ > 0; }

  // `core_wait_ns` as the kernel counts it for this thread; nothing: it does not.
  void Begin(int64_t now_ns, std::optional<int64_t> core_wait_ns) {
    *this = {};
    begin_ns_ = now_ns;
    core_wait_ns_ = core_wait_ns;
  }
  // A turn begins at `now_ns`, after one that was to sleep until `woken_ns` at the latest.
  void OnTurn(int64_t now_ns, int64_t woken_ns) {
    if (!is_watching()) return;
    const int64_t gap_ns = now_ns - std::max(woken_ns, begin_ns_);
    if (gap_ns < kGapNsMin) return;
    gaps_ns_ += gap_ns;
    longest_ns_ = std::max(longest_ns_, gap_ns);
  }
  // So far.
  [[nodiscard]] OffCore Look(int64_t now_ns, std::optional<int64_t> core_wait_ns,
                             uint32_t thread) const {
    if (!is_watching()) return {};
    const int64_t waited_ns =
        core_wait_ns && core_wait_ns_ ? *core_wait_ns - *core_wait_ns_ : int64_t{0};
    return {.watched_ns = now_ns - begin_ns_,
            .off_ns = std::max(gaps_ns_, waited_ns),
            .longest_ns = longest_ns_,
            .thread = thread};
  }
  void End() { begin_ns_ = 0; }

 private:
  int64_t begin_ns_ = 0;  // Zero: not watching.
  std::optional<int64_t> core_wait_ns_;
  int64_t gaps_ns_ = 0;
  int64_t longest_ns_ = 0;
};

// How long the calling thread has waited for a core, since it exists; nothing: this kernel does not
// count it.
[[nodiscard]] std::optional<int64_t> CoreWaitNs();

}  // namespace ringmq::load
