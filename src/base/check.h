// Assertions for bugs of ours.
//
// RMQ_CHECK stays on in production: it guards what must hold for the broker's answers to be
// right, costs O(1), and ends the process when it fails, since a broker that goes on with a
// broken invariant loses messages silently. RMQ_DCHECK is for what is too dear to check always.
// Neither may look at anything that the network, a file, the kernel's return value or a plugin
// controls: those are handled, not asserted.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ringmq::base {

// Writes "file:line: check failed: condition" to standard error and aborts.
[[noreturn, gnu::cold, gnu::noinline]] void CheckFailed(const char* file, int line,
                                                        const char* condition);

}  // namespace ringmq::base

#define RMQ_CHECK(condition)                                       \
  do {                                                             \
    if (!(condition)) [[unlikely]] {                               \
      ::ringmq::base::CheckFailed(__FILE__, __LINE__, #condition); \
    }                                                              \
  } while (false)

// RMQ_DCHECK is on under the sanitizers, in the fuzzers, and wherever NDEBUG is not set. Not by
// NDEBUG alone: every preset sets that, because Debian's Abseil was built with it, and lays some of
// its types out in another way without.
#if defined(NDEBUG) && !defined(RINGMQ_SANITIZED)
#define RMQ_DEBUG_CHECKS 0
#define RMQ_DCHECK(condition) \
  do {                        \
    if (false) {              \
      (void)(condition);      \
    }                         \
  } while (false)
#else
#define RMQ_DEBUG_CHECKS 1
#define RMQ_DCHECK(condition) RMQ_CHECK(condition)
#endif
