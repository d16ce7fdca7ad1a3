// Counts what the whole program takes from the allocator. Link ringmq_counting_allocator into a
// test program of its own: it replaces operator new.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace ringmq::support {

// Calls of operator new so far, from all threads.
[[nodiscard]] uint64_t AllocationCount();

// The next `count` calls of operator new print their callers to standard error (addresses that
// addr2line reads); 0 ends it. For a test that expects none: its failure then names the culprit.
void TraceAllocations(int count);

// What is allocated and not given back, in bytes that the allocator set aside for it.
[[nodiscard]] int64_t LiveBytes();

}  // namespace ringmq::support
