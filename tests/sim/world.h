// What every part of one simulation shares: the virtual clock, the random numbers, the faults that
// this run may suffer, the trace, and the running hash of all that happened.
//
// Everything random comes from one seeded generator and everything runs in one thread, so the same
// seed gives the same history; the hash proves it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"

namespace ringmq::sim {

// Chances in 1000. A swarm: each run draws its own, many of them zero, so that rare combinations
// are not drowned by everything happening at once.
struct Faults {
  uint32_t one_byte_read = 0;
  uint32_t short_read = 0;
  uint32_t short_send = 0;
  uint32_t delay = 0;  // A completion comes up to delay_max later.
  Duration delay_max = 2 * kMillisecond;
  uint32_t reorder = 0;
  uint32_t multishot_end = 0;
  uint32_t no_buffers = 0;
  uint32_t accept_failure = 0;
  uint32_t reset = 0;  // In 100,000: of each receive and send.
  uint32_t spurious_wake = 0;
  uint32_t cancel_race = 0;
  uint32_t small_batch = 0;
  uint32_t starve = 0;  // In 100,000: of each turn; the core sleeps for seconds.

  [[nodiscard]] static Faults Draw(base::Random& random);
};

class World {
 public:
  explicit World(uint64_t seed) : random(seed), seed_(seed) {}

  bool Chance(uint32_t in_thousand) { return in_thousand > 0 && random.Chance(in_thousand, 1000); }
  bool ChanceOf100k(uint32_t n) { return n > 0 && random.Chance(n, 100'000); }
  Duration UpTo(Duration most) {
    return {static_cast<int64_t>(random.Below(static_cast<uint64_t>(most.ns) + 1))};
  }

  // One line of history: goes into the hash, and into the trace's tail.
  void Note(std::string line);
  // The rules were broken: prints seed, time, trace and the command that repeats it, and aborts.
  [[noreturn]] void Fail(std::string_view what);
  void PrintTail() const;

  [[nodiscard]] uint64_t hash() const { return hash_; }
  [[nodiscard]] uint64_t step() const { return step_; }
  [[nodiscard]] uint64_t seed() const { return seed_; }
  // A moment in the order of all events: each call is later than the one before.
  uint64_t NextStep() { return ++step_; }

  Instant now = Instant{} + kSecond;
  base::Random random;
  Faults faults;
  bool trace_all = false;
  std::string repeat_command;

 private:
  static constexpr size_t kTailLines = 300;

  const uint64_t seed_;
  uint64_t hash_ = 0xcbf29ce484222325;
  uint64_t step_ = 0;
  std::deque<std::string> tail_;
};

}  // namespace ringmq::sim
