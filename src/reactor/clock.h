// The one place of ringmq that reads a clock.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include "base/time.h"

namespace ringmq::reactor {

// CLOCK_MONOTONIC, which is also what the kernel measures its time-outs with.
inline Instant MonotonicNow() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return {now.tv_sec * kSecond.ns + now.tv_nsec};
}

}  // namespace ringmq::reactor
