// So many a second and no more, from any thread: the budget that all shards of a broker share.
//
// The generic cell rate algorithm: one number says until when the budget is spent. It is spread
// over the second; at once goes what a tenth of a second allows, and one at least.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/check.h"
#include "base/time.h"

namespace ringmq::broker {

class RateLimit {
 public:
  // Whether one more may go now. Requires: `per_second` is 1 to 1,000,000,000, the same each time.
  [[nodiscard]] bool TryTake(uint32_t per_second, Instant now) {
    const int64_t interval_ns = IntervalNs(per_second);
    int64_t spent = spent_until_ns_.load(std::memory_order_relaxed);
    while (true) {  // Until nobody else took one meanwhile.
      const int64_t from_ns = std::max(spent, now.ns);
      if (from_ns - now.ns > ToleranceNs(interval_ns)) return false;
      if (spent_until_ns_.compare_exchange_weak(spent, from_ns + interval_ns,
                                                std::memory_order_relaxed)) {
        return true;
      }
    }
  }

  // When TryTake() may succeed again, if nobody else is quicker.
  [[nodiscard]] Instant NextAt(uint32_t per_second) const {
    const int64_t spent = spent_until_ns_.load(std::memory_order_relaxed);
    return Instant{spent - ToleranceNs(IntervalNs(per_second))};
  }

 private:
  static constexpr int64_t kBurstNs = 100'000'000;

  static int64_t IntervalNs(uint32_t per_second) {
    RMQ_CHECK(per_second > 0);
    RMQ_CHECK(per_second <= kSecond.ns);
    return kSecond.ns / per_second;
  }
  // How far ahead of the clock the budget may be spent.
  static int64_t ToleranceNs(int64_t interval_ns) {
    return std::max<int64_t>(0, kBurstNs - interval_ns);
  }

  std::atomic<int64_t> spent_until_ns_{0};
};

}  // namespace ringmq::broker
