// When each message is due. The schedule knows nothing of what happens to the messages: it is
// never moved by a slow target or a late loop, which is what makes response times honest.
//
// The messages of a run are numbered from zero. With `parts` threads, thread `part` has the
// numbers part, part + parts, part + 2 * parts, ... So the threads together send exactly the whole
// schedule, evenly interleaved, with no more rounding than one thread alone.
//
//   kConstant   number n is due at start + n / rate
//   kBurst      all of one burst at once: start + (n - n % burst) / rate
//   kPoisson    the gaps are random (exponential); each part draws its own at rate / parts, which
//               together is a Poisson process of the whole rate
//
// With a profile the rate changes over time: n / rate becomes the time at which the profile has n
// messages, and a random process remains one, of that rate.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/random.h"
#include "measure/rate_profile.h"

namespace ringmq::measure {

enum class Arrival : uint8_t { kConstant, kPoisson, kBurst };

struct ScheduleOptions {
  double rate_per_s = 1;                 // Of the whole run, all parts together.
  const RateProfile* profile = nullptr;  // Instead, from start_ns on; outlives the schedule.
  Arrival arrival = Arrival::kConstant;
  uint32_t burst = 1;  // kBurst only: messages per burst.
  uint64_t seed = 1;   // kPoisson only.
  int64_t start_ns = 0;
  uint32_t part = 0;
  uint32_t parts = 1;
};

class Schedule {
 public:
  // Requires: rate_per_s > 0, burst > 0, part < parts.
  explicit Schedule(const ScheduleOptions& options);

  // The options of one thread out of `parts`. Requires: `total` is not itself a share.
  [[nodiscard]] static ScheduleOptions Share(const ScheduleOptions& total, uint32_t part,
                                             uint32_t parts);

  // How many of `total_messages` one part sends. The shares add up to the total.
  [[nodiscard]] static uint64_t ShareOfCount(uint64_t total_messages, uint32_t part,
                                             uint32_t parts);

  [[nodiscard]] int64_t next_due() const { return next_due_ns_; }
  void Advance();

  // How many messages this part has passed: the place of next_due() among its own.
  [[nodiscard]] uint64_t index() const { return index_; }

 private:
  int64_t DueOf(double messages) const;
  void Compute();

  ScheduleOptions options_;
  double period_ns_;  // Of the whole run: 1 s / rate.
  uint64_t index_ = 0;
  double drawn_ = 0;  // kPoisson: the sum of the gaps so far, in messages of the whole run.
  int64_t next_due_ns_ = 0;
  base::Random random_;
};

}  // namespace ringmq::measure
