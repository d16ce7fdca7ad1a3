// Counts what the whole program takes from the allocator. Link ringmq_counting_allocator into a
// test program of its own: it replaces operator new.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace ringmq::support {

// Calls of operator new so far, from all threads.
[[nodiscard]] uint64_t AllocationCount();

// What is allocated and not given back, in bytes that the allocator set aside for it.
[[nodiscard]] int64_t LiveBytes();

}  // namespace ringmq::support
