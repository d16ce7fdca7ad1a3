// What liburing 2.3 (Debian 12) does not know of io_uring: constants of the kernel's ABI, checked
// against the running kernel by the feature bits before they are used.
//
// Never used on purpose: IORING_SETUP_NO_SQARRAY. liburing 2.3 fills and reads the SQ array; a
// ring without one would be corrupted.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <liburing.h>

namespace ringmq::reactor::compat {

// Kernel 6.10: receives and sends of several buffers in one completion.
inline constexpr unsigned kFeatureRecvSendBundle = 1u << 14;
// Kernel 6.12: wait for more completions, but not for long.
inline constexpr unsigned kFeatureMinTimeout = 1u << 15;
// Kernel 6.15: a waiting thread may ask not to be counted as waiting for a disk.
inline constexpr unsigned kFeatureNoIowait = 1u << 17;
inline constexpr unsigned kEnterNoIowait = 1u << 7;

// Kernel 6.9: busy polling of network queues.
inline constexpr unsigned kRegisterNapi = 27;
inline constexpr unsigned kUnregisterNapi = 28;

}  // namespace ringmq::reactor::compat
