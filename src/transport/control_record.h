// What the kernel's TLS has received that is no data, as whoever owns the socket sees it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace ringmq::transport {

// What a receive that failed with EIO has run into.
enum class ControlRecord : uint8_t {
  kNothing,  // Nothing there (yet): receive again.
  kData,     // It was data after all, now in the sink: receive again.
  kIgnored,  // A session ticket or a warning, which means nothing to us: receive again.
  kClosed,   // close_notify: the peer says goodbye. Say it too, and close.
  kFailed,   // `reason` says why: close.
};

struct ControlResult {
  ControlRecord record = ControlRecord::kNothing;
  std::string reason;  // One sentence for a log line; kFailed only.
};

}  // namespace ringmq::transport
