// Sizes of a ring, and the limits they come from.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace ringmq::reactor {

// Which threads may call Enter().
enum class RingThreads : uint8_t {
  kFirst,  // The one that made the ring: the kernel then saves locks and interrupts.
  kAny,    // One at a time. What a thread began may end with -ECANCELED when the thread ends.
};

// A power of two each.
struct UringOptions {
  uint32_t sq_entries = 1024;
  // Completions that may wait for us: a turn's sends and the receives that came meanwhile. What
  // does not fit is kept by the kernel in slower memory, not lost.
  uint32_t cq_entries = 8192;
  uint32_t buffer_count = 256;
  uint32_t buffer_size_bytes = 16 << 10;
  RingThreads threads = RingThreads::kFirst;
};

// What the kernel takes in one sendmsg (UIO_MAXIOV).
inline constexpr size_t kSlicesMax = 1024;

// The one token that callers may not use.
inline constexpr uint64_t kReservedToken = std::numeric_limits<uint64_t>::max();

}  // namespace ringmq::reactor
